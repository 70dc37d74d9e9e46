"""What the tests of deployments share: a copy that is built, environments outside of it."""

from pathlib import Path

from devkit.core.paths import TOOLS
from testing.support import Checkout, borrow_tools, copy_repository, run


def built_checkout(folder: Path) -> Checkout:
    """A copy of this repository with its `dist`, as `invoke build` makes it."""
    copy = copy_repository(folder)
    borrow_tools(copy)
    done = copy.tasks("build")
    assert done.returncode == 0, done.stdout + done.stderr
    return copy


def environment(folder: Path, *requirements: str | Path) -> Path:
    """The Python of a new environment with these packages: uv's arguments, `-r FILE` among them."""
    uv, python = TOOLS / "bin" / "uv", folder / "bin" / "python"
    for arguments in (
        ["venv", "--quiet", "--no-project", folder],
        ["pip", "install", "--quiet", "--python", python, *requirements],
    ):
        done = run([uv, *arguments], folder.parent)
        assert done.returncode == 0, done.stderr
    return python
