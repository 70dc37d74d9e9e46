"""The configuration of pre-commit for a root that is below the top of its repository.

pre-commit runs every hook at the top, while the entries and patterns in the root's configuration
are for the root. So Git's hook goes by another one, in `.dagteam/`, that is made from it: its
entries are run in the root, with paths relative to it, and its patterns are below the root.
"""

import re
import shlex
from pathlib import Path
from typing import Any

import yaml

from devkit.core import files
from devkit.core.errors import DevkitError
from devkit.core.paths import STATE, TOOLS

FILE = ".pre-commit-config.yaml"
MADE = f"{STATE.name}/pre-commit.yaml"
# The languages, by their old and new names, whose entries are programs of the machine.
PROGRAMS = {"system", "unsupported"}
SCRIPTS = {"script", "unsupported_script"}
# What anchors a pattern at the start, unlike a `^` that is escaped or in a class of characters.
ANCHOR = re.compile(r"\^|\\A|(\\.|\[\^?\]?(?:\\.|[^\]\\])*\])", re.DOTALL)
FLAGS = re.compile(r"((?:\(\?[a-zA-Z]+\))?)(.*)", re.DOTALL)

# On a branch without the root's configuration, there is nothing to run.
GUARD = ("sh", "-c", '[ ! -e "$0" ] || exec "$@"')


def below(text: str, prefix: str, root: Path) -> str:
    """The configuration for the top, made from that of the root.

    `prefix` is the root's path from the top, with `/` at its end. `pre-commit hazmat cd`, of the
    root's tools, runs the entries in the root.

    Raises:
        DevkitError: if the root's configuration is none of pre-commit's.
    """
    try:
        document = yaml.safe_load(text)
        flags, chosen = FLAGS.findall(document.get("files", ""))[0]
        inside = rf"{flags}\A(?={re.escape(prefix)})[\s\S]*(?:{_anchored(chosen, prefix)})"
        _place(document, ("exclude",), prefix)
        for repository in document["repos"]:
            for hook in repository["hooks"]:
                _place(hook, ("files", "exclude"), prefix)
                if repository["repo"] == "local" and hook["language"] in PROGRAMS | SCRIPTS:
                    hook["entry"] = _entry(hook, prefix, root)
                    hook["language"] = "system"
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise DevkitError(
            f"{prefix}{FILE} can't be read",
            expected="a configuration of pre-commit",
            found=" ".join(str(error).split()) or type(error).__name__,
            fix="correct it: `pre-commit validate-config` names the fault",
        ) from None
    head = f"# Made by `invoke setup` from {prefix}{FILE}, for the top of the repository.\n"
    body = yaml.safe_dump({**document, "files": inside}, sort_keys=False, allow_unicode=True)
    return head + body


def made(root: Path, prefix: str) -> str:
    """The configuration for the top, of the root's as it is now.

    Raises:
        DevkitError: as `below`.
    """
    return below(files.read_text(root / FILE), prefix, root)


def is_fresh(root: Path, prefix: str) -> bool:
    """Whether the configuration for the top has been written, as it is now."""
    path = root / MADE
    return path.exists() and files.read_text(path) == made(root, prefix)


def write(root: Path, prefix: str) -> None:
    """Write the configuration for the top."""
    text = made(root, prefix)
    (root / MADE).parent.mkdir(exist_ok=True)
    files.replace_text(root / MADE, text)


def _place(options: dict[str, Any], names: tuple[str, ...], prefix: str) -> None:
    for name in names:
        if name in options:
            options[name] = _anchored(options[name], prefix)


def _anchored(pattern: str, prefix: str) -> str:
    """A pattern for paths in the root, as one for their paths from the top."""
    here = rf"(?<=\A{re.escape(prefix)})"
    return ANCHOR.sub(lambda found: found[1] or here, pattern)


def _entry(hook: dict[str, Any], prefix: str, root: Path) -> str:
    words: list[str] = [*shlex.split(hook["entry"]), *hook.pop("args", [])]
    program, *arguments = words
    if "/" in program or hook["language"] in SCRIPTS:
        program = str(root / program)
    python = str(root / TOOLS.name / "bin" / "python")
    tool = [python, "-P", "-m", "pre_commit", "hazmat", "cd", prefix.rstrip("/")]
    return shlex.join([*GUARD, prefix + FILE, *tool, program, *arguments, "--"])
