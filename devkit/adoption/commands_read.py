"""Reads Dagster's command line where it stands: what `dagster api grpc -m shop.jobs` loads."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

# Programs and subcommands that load code, and the options that say which.
STARTS = re.compile(
    r"\bdagster\s+(?:api\s+grpc|code-server\s+start|dev)(?![\w-])"
    r"|\bdagster-(?:webserver|daemon\s+run)(?![\w-])|\bdagit(?![\w-])"
)
OPTIONS = {
    "-m": "module", "--module-name": "module", "-f": "file", "--python-file": "file",
    "--package-name": "package", "-a": "attribute", "--attribute": "attribute",
    "-d": "directory", "--working-directory": "directory", "--location-name": "name",
    "-w": "workspace", "--workspace": "workspace",
}  # fmt: skip
SERVERS = ("api grpc", "code-server start")
JSON_COMMAND = re.compile(r"^\s*(?:CMD|ENTRYPOINT)\s*(\[.*\])\s*$")


@dataclass(frozen=True)
class Command:
    """What a command loads: pairs of kind and value, and the options beside them."""

    targets: tuple[tuple[str, str], ...]
    is_server: bool
    attribute: str | None = None
    directory: str | None = None
    name: str | None = None
    workspace: str | None = None


def in_text(text: str) -> Iterator[tuple[int, Command]]:
    """The commands in a Dockerfile, Makefile or script, with the line of each.

    A line that ends in a backslash goes on in the next one; comments do not count.
    """
    joined_lines = re.sub(r"\\[ \t]*\n", lambda _: "\0", text)
    number = 1
    for line in joined_lines.split("\n"):
        if not line.lstrip().startswith("#"):
            found = parse(words_of(line.replace("\0", " ")))
            if found:
                yield number, found
        number += 1 + line.count("\0")


def reading_a_registry(text: str, registry: str) -> Iterator[int]:
    """The lines of a Dockerfile with a command that reads a registry, named or by default."""
    for number, line in enumerate(text.splitlines(), start=1):
        words = words_of(line)
        start = STARTS.search(" ".join(words))
        if start and not line.lstrip().startswith("#"):
            found = parse(words)
            is_named = any(word.rpartition("/")[2] == registry for word in words)
            is_default = not found and not any(name in start[0] for name in SERVERS)
            if is_named or is_default:
                yield number


def words_of(command: object) -> list[str]:
    """The words of a command: a list, a shell's line, or a line of a Dockerfile in either form."""
    if isinstance(command, list):
        words = [str(word) for word in command]
        script = words[-1] if len(words) == 3 and words[1] in ("-c", "-lc") else None  # noqa: PLR2004
        return words_of(script) if script else words
    text = str(command)
    in_json = JSON_COMMAND.match(text)
    if in_json:
        try:
            return words_of(json.loads(in_json[1]))
        except ValueError:
            return []
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


def parse(words: list[str]) -> Command | None:
    """The command in some words; None if none of Dagster's is there, or it names nothing."""
    text = " ".join(words)
    start = STARTS.search(text)
    if not start:
        return None
    rest = text[start.end() :].split()
    targets: list[tuple[str, str]] = []
    other: dict[str, str] = {}
    while rest:
        option, _, value = rest.pop(0).partition("=")
        if option in ("&&", ";", "|", "||", "&"):
            break
        if option in OPTIONS and (value or rest):
            meaning = OPTIONS[option]
            value = (value or rest.pop(0)).strip("\"'")
            if meaning in ("module", "file", "package"):
                targets.append((meaning, value))
            else:
                other[meaning] = value
    if not targets and "workspace" not in other:
        return None
    return Command(
        targets=tuple(targets),
        is_server=any(name in re.sub(r"\s+", " ", start[0]) for name in SERVERS),
        attribute=other.get("attribute"),
        directory=other.get("directory"),
        name=other.get("name"),
        workspace=other.get("workspace"),
    )
