"""Helpers that most tests use: programs to run, copies of the repository, tiny packages."""

import base64
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from devkit.core.environ import clean_environment
from devkit.core.paths import ROOT, TOOLS_LOCK
from devkit.environments.venvs import Environment
from testing.sandbox import link_tools

# An upper bound for waits: no test asserts how long one took.
PATIENCE_SECONDS = 60.0
UNPRIVILEGED_USER = 65534  # an id that owns no files

# A package index that refuses connections, with no cache and no other source of packages.
NO_NETWORK = {
    "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
    "UV_NO_CACHE": "1",
    "UV_NO_CONFIG": "1",
    "UV_HTTP_RETRIES": "0",
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_NO_CACHE_DIR": "1",
    "PIP_FIND_LINKS": "",
    "PIP_RETRIES": "1",
}


def run(
    argv: Sequence[str | Path],
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; `env` is added to this process's variables."""
    return subprocess.run(
        [str(part) for part in argv],
        cwd=cwd,
        env=_environment(env),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=5 * PATIENCE_SECONDS,
        check=False,
    )


@contextmanager
def started(
    argv: Sequence[str | Path], cwd: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Start a program in its own group, as a terminal does; kill what still runs at the end."""
    with subprocess.Popen(
        [str(part) for part in argv],
        cwd=cwd,
        env=_environment(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
        preexec_fn=_with_default_signals,
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def output_until_end(process: subprocess.Popen[str]) -> str:
    """Wait until a started program has ended; returns all that it printed."""
    return process.communicate(timeout=PATIENCE_SECONDS)[0]


def devkit_script(code: str) -> list[str]:
    """The command that runs code with this repository's devkit on its path."""
    return [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"]


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait until the condition holds; `what` completes "waited ... until"."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"timed out after {PATIENCE_SECONDS:.0f} s, waiting until {what}")
        time.sleep(0.02)


def runs(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def written(file: Path) -> bool:
    """Whether the file exists and ends with a whole line."""
    return file.exists() and file.read_text(encoding="utf-8").endswith("\n")


def base_python() -> str:
    """The Python of this machine that the tools' environment was created with."""
    found: str = getattr(sys, "_base_executable", sys.executable)
    return found


def find_python(*versions: str) -> Path:
    """An interpreter of one of these versions; skips the test if this machine has none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for version in versions:
        candidates: list[Path] = []
        with suppress(PermissionError):  # another user's pyenv
            candidates += sorted(pyenv.glob(f"versions/{version}.*/bin/python"))
        if on_path := shutil.which(f"python{version}"):
            candidates.append(Path(on_path))
        for candidate in candidates:
            asked = run(
                [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], ROOT
            )
            if asked.stdout.strip() == version:
                return candidate
    pytest.skip(f"this machine has no Python {' or '.join(versions)}")


def wheel(folder: Path, name: str, version: str = "1.0", extra_bytes: int = 0) -> str:
    """Create a tiny package; returns the lines of a lock that install it from its folder alone."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n".encode(),
        f"{name}_data.bin": os.urandom(extra_bytes),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},sha256={_record(text)},{len(text)}\n" for file, text in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"--no-index\n--find-links {folder}\n{name}=={version} \\\n    --hash=sha256:{digest}\n"


def environment(folder: Path, lock: str = "", name: str = "project") -> Environment:
    """The environment of a tiny project with a lock: quick to build, with the real uv."""
    folder.mkdir(exist_ok=True)
    project = '[project]\nname = "project"\nrequires-python = ">=3.11"\n'
    (folder / "pyproject.toml").write_text(project, encoding="utf-8")
    (folder / "lock.txt").write_text(lock, encoding="utf-8")
    return Environment(name, folder / f".venv-{name}", folder / "lock.txt", (folder,))


@contextmanager
def as_another_user() -> Iterator[None]:
    """Give up root's rights for a while: root may write anywhere."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(UNPRIVILEGED_USER)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a disk of 1 MB on this folder; skips the test where that is not allowed."""
    if run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], folder.parent).returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield
    finally:
        run(["umount", "--lazy", folder], folder.parent)


@dataclass(frozen=True)
class Checkout:
    """A copy of this repository that a test may change."""

    root: Path

    @property
    def tools_lock(self) -> Path:
        """The lock of the kit's own tools."""
        return self.root / TOOLS_LOCK.relative_to(ROOT)

    def tasks(
        self, *arguments: str, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run `python3 tasks.py ...` in it."""
        return run([base_python(), "tasks.py", *arguments], self.root, env, stdin)

    def devkit(self, code: str) -> subprocess.CompletedProcess[str]:
        """Run code that imports the copy's devkit, in its tools' environment."""
        return run([self.root / ".venv-tools/bin/python", "-c", code], self.root)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that occurs exactly once in a file."""
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def empty_locks(self) -> None:
        """Empty every lock but the tools', so that environments are built at once."""
        for lock in self.root.glob("*/*requirements.txt"):
            if lock != self.tools_lock:
                lock.write_text("# empty\n", encoding="utf-8")


def copy_repository(target: Path) -> Checkout:
    """Copy the files that Git does not ignore into a new repository of one commit."""
    listed = run(["git", "ls-files", "-co", "--exclude-standard", "-z"], ROOT)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    author = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    for arguments in (["init", "-q"], ["add", "-A"], [*author, "commit", "-q", "-m", "copy"]):
        assert run(["git", *arguments], target).returncode == 0
    return Checkout(target)


def borrow_tools(checkout: Checkout) -> None:
    """Link this repository's tools into a copy instead of building them."""
    link_tools(checkout.root)


def _with_default_signals() -> None:
    """A script's background job would pass on an ignored Ctrl-C, and `nohup` an ignored SIGHUP."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    """The variables of this process without DAGSTER_HOME and those that Git sets for a hook."""
    inherited = clean_environment().items()
    kept = {name: text for name, text in inherited if not name.startswith(("GIT_", "DAGSTER_HOME"))}
    return {**kept, **(extra or {})}


def _record(text: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text).digest()).decode().rstrip("=")
