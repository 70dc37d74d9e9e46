"""Follows a page of the documentation, word for word, in a copy of the repository."""

import os
import subprocess
from pathlib import Path

from testing.markdown import SHELLS, Block, Page
from testing.sandbox import GIT_SETTINGS
from testing.support import Checkout, base_python, run

SAVE_AS = "file: "


def follow(page: Page, copy: Checkout, programs: Path, marking: str = "") -> None:
    """Save the page's files, and run the blocks of commands with this marking in the copy's root.

    `programs` is an empty folder; python3 and invoke are linked in it. The PATH consists of it and
    the system's folders.
    """
    (programs / "python3").symlink_to(base_python())
    (programs / "invoke").symlink_to(copy.root / ".venv-tools/bin/invoke")
    path = os.pathsep.join([str(programs), "/usr/bin", "/bin"])
    for block in page.blocks:
        if block.marking.startswith(SAVE_AS):
            file = copy.root / block.marking.removeprefix(SAVE_AS)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.language in SHELLS and block.marking == marking:
            done = run_block(block, copy, path)
            assert done.returncode == 0, f"{page.name}:{block.line}\n{done.stdout}{done.stderr}"


def run_block(block: Block, copy: Checkout, path: str) -> subprocess.CompletedProcess[str]:
    """Run a block in a shell that exits at the first command that fails."""
    env = {**GIT_SETTINGS, "PATH": path}
    return run(["bash", "-euo", "pipefail", "-c", block.text], copy.root, env)
