"""Drives a headless Chromium through WebDriver (https://www.w3.org/TR/webdriver2/)."""

import base64
import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from testing.platform import free_port, until

PATIENCE_SECONDS = 60.0
SETTLED_SECONDS = 10.0
# No requests but the page's, and no sandbox, which a container does not allow.
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-quic",
    "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip


class Browser:
    """One window of the browser."""

    def __init__(self, session: str) -> None:
        """`session` is the URL of the WebDriver session."""
        self._session = session

    def open(self, url: str, width: int, height: int) -> None:
        """Open a page in a window with this inner size, in pixels."""
        self._post("/window/rect", {"width": width, "height": height})
        self._post("/url", {"url": url})
        inside = self.run("return [window.innerWidth, window.innerHeight]")
        size = {"width": 2 * width - inside[0], "height": 2 * height - inside[1]}
        self._post("/window/rect", size)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run JavaScript, the body of a function; returns its result."""
        return self._post("/execute/sync", {"script": script, "args": arguments})

    def wait_for(self, *texts: str) -> None:
        """Wait until the page shows these texts."""
        script = "return arguments[0].every(text => document.body.innerText.includes(text))"
        until(lambda: self.run(script, texts), PATIENCE_SECONDS, f"the page shows {texts}")

    def click(self, text: str) -> None:
        """Click the element with exactly this text."""
        script = """
        const found = [...document.querySelectorAll('a, button, [role=button]')]
            .find(element => element.innerText.trim() === arguments[0]);
        if (found) found.click();
        return Boolean(found);
        """
        until(lambda: self.run(script, text), PATIENCE_SECONDS, f"the page has {text!r} to click")

    def picture(self, file: Path) -> None:
        """Save a PNG of the window when it no longer changes, or after SETTLED_SECONDS."""
        before = b""
        deadline = time.monotonic() + SETTLED_SECONDS
        while (now := base64.b64decode(self._get("/screenshot"))) != before:
            if time.monotonic() > deadline:
                break
            before = now
            time.sleep(1)
        file.write_bytes(now)

    def close(self) -> None:
        """Close the browser."""
        _ask(self._session, "DELETE")

    def _get(self, path: str) -> Any:
        return _ask(self._session + path, "GET")

    def _post(self, path: str, body: Any) -> Any:
        return _ask(self._session + path, "POST", body)


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Run a browser with a new profile in `folder`."""
    driver = shutil.which("chromedriver")
    if driver is None:
        sys.exit(
            "The pictures need Chromium and its driver: on Debian `sudo apt install "
            "chromium chromium-driver`."
        )
    port = free_port()
    options = {"args": [*OPTIONS, f"--user-data-dir={folder / 'profile'}"]}
    wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
    with subprocess.Popen(
        [driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: _ask(f"{url}/status", "GET")["ready"], 20, "chromedriver answers")
            session = _ask(f"{url}/session", "POST", wanted)["sessionId"]
            window = Browser(f"{url}/session/{session}")
            try:
                yield window
            finally:
                window.close()
        finally:
            process.terminate()


def _ask(url: str, method: str, body: Any = None) -> Any:
    data = None if method != "POST" else json.dumps(body).encode()
    request = urllib.request.Request(url, data, method=method)  # noqa: S310 (the URL is our own)
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
        return json.load(answer)["value"]
