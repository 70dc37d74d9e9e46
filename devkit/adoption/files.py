"""Every file that an adoption writes, as values: the kit's, and those of registry and projects."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from devkit.adoption import hooks, registry
from devkit.adoption.model import Obstacle, Plan, PlannedTeam, below
from devkit.core import git, toml
from devkit.core.errors import DevkitError
from devkit.kit import blocks, record
from devkit.kit.contents import WORKFLOW, Source
from devkit.kit.record import Record, digest

REGISTRY = "workspace.yaml"
IGNORE = ".gitignore"
PROJECT = "pyproject.toml"
# What the kit and its tools leave behind, none of it to be committed.
IGNORED = (
    ".venv-*/", ".venv-*.lock", "/.dagteam/", "/.dagster_home/", "/dist/", ".*.new", ".env",
    "__pycache__/", ".pytest_cache/", "*.egg-info/",
)  # fmt: skip


@dataclass(frozen=True)
class Files:
    """The files of the first two commits, by path relative to the root, and their record."""

    kit: Mapping[str, bytes]
    projects: Mapping[str, bytes]
    record: Record
    notes: tuple[str, ...] = ()

    @property
    def commit(self) -> dict[str, bytes]:
        """The files of the second commit, with the record."""
        return {**self.projects, record.NAME: self.record.text.encode()}


def of_plan(plan: Plan, source: Source, before: str, *, ci: bool = False) -> Files:
    """The files that make a plan true.

    Raises:
        DevkitError: if a file that is there can't be read or added to.
    """
    kit = {name: text for name, text in source.contents().items() if name != WORKFLOW or ci}
    new = {file.path: file.text for file in _new_files(plan)}
    start = Record(
        source.version,
        source.commit,
        before,
        answers=plan.answers,
        runs_in={team.location: team.runs_in for team in plan.teams if team.runs_in != "."},
    )
    unread = ci and plan.git_prefix
    notes = (
        (f"{WORKFLOW}: GitHub reads only the one at Git's top: move it there",) if unread else ()
    )
    files = Files(kit, {name: text.encode() for name, text in new.items()}, start, notes)
    for step in (_with_registry, _with_additions, _with_ignored, _with_hooks):
        files = step(files, plan)
    written = {name: digest(files.projects[name]) for name in new}
    return replace(
        files,
        record=replace(
            files.record,
            files={name: digest(content) for name, content in kit.items()},
            written={**written, **files.record.written},
        ),
    )


def in_the_way(plan: Plan, files: Files) -> Iterator[Obstacle]:
    """What already is where a new file has to be."""
    changed = {*files.record.blocks, *files.record.appended, files.record.registry}
    tops = {"tasks.py", "devkit"}
    for name in (*sorted(tops), *sorted({*files.kit, *files.projects})):
        if name in changed or (name not in tops and name.partition("/")[0] in tops):
            continue
        if (plan.root / name).exists():
            yield Obstacle(
                name,
                0,
                f"{name} exists, and the kit has to be there",
                "no such file or folder",
                f"rename it: `git mv {name} NAME`",
            )
    for name in git.ask("ls-files", "--", "dist", root=plan.root).stdout.splitlines()[:1]:
        yield Obstacle(
            name,
            0,
            "dist/ is in Git, and `invoke build` writes it anew",
            "no tracked file in dist/",
            "rename the folder: `git mv dist NAME`",
        )


def ignored(plan: Plan) -> list[str]:
    """The lines for .gitignore, relative to the root."""
    found = list(IGNORED)
    for team in plan.teams:
        for fields in team.entry.values():
            python = PurePosixPath(str(fields.get("executable_path", "")))
            environment = python.parent.parent
            if environment.name == ".venv":
                found += [f"/{environment.as_posix()}/", f"/{environment.as_posix()}.lock"]
    return list(dict.fromkeys(found))


def _new_files(plan: Plan) -> Iterator[Any]:
    yield from plan.new_files
    for team in plan.teams:
        yield from team.new_files


def _with_registry(files: Files, plan: Plan) -> Files:
    """With the registry: its text as planned, or the one that is there, edited in place."""
    there = _text(plan.root / REGISTRY)
    if plan.registry is not None:
        new, notes = plan.registry, files.notes
    elif there is None:
        return files
    else:
        edited = registry.edited(there, plan.teams)
        new = registry.rewritten(there, plan.teams) if edited is None else edited
        lost = "workspace.yaml was written anew, without its comments: it could not be edited"
        notes = (*files.notes, lost) if edited is None else files.notes
    return replace(
        files,
        projects={**files.projects, REGISTRY: _bytes(new)},
        record=replace(
            files.record,
            registry=REGISTRY,
            original=there,
            written={**files.record.written, REGISTRY: digest(_bytes(new))},
        ),
        notes=notes,
    )


def _with_additions(files: Files, plan: Plan) -> Files:
    """With the tables that existing projects get, as text after theirs."""
    projects, appended = dict(files.projects), dict(files.record.appended)
    for path, tables in _additions(plan.teams).items():
        before = _text(plan.root / path)
        if before is None:
            raise DevkitError(f"{path} not found", fix="run `adopt` again: it has just been there")
        added = _toml(tables)
        added = ("\n" if before.endswith("\n") else "\n\n") + added if before else added
        toml.parse(before + added, plan.root / path)
        projects[path] = _bytes(before + added)
        appended[path] = added
    return replace(files, projects=projects, record=replace(files.record, appended=appended))


def _additions(teams: Iterable[PlannedTeam]) -> dict[str, dict[str, Any]]:
    """What is added to each existing pyproject.toml: of all teams that share it."""
    found: dict[str, dict[str, Any]] = {}
    for team in teams:
        if team.additions:
            tables = found.setdefault(below(team.project, PROJECT), {})
            _merge(tables, team.additions)
    return found


def _merge(into: dict[str, Any], tables: Mapping[str, Any]) -> None:
    for key, value in tables.items():
        if isinstance(value, Mapping):
            _merge(into.setdefault(key, {}), value)
        else:
            into[key] = value


def _with_ignored(files: Files, plan: Plan) -> Files:
    return _with_block(files, IGNORE, blocks.put(_text(plan.root / IGNORE) or "", ignored(plan)))


def _with_hooks(files: Files, plan: Plan) -> Files:
    """With the Git hooks: as a new configuration, or added to theirs, at the top or in the root."""
    prefix = plan.git_prefix or ""
    top = "../" * prefix.count("/") + hooks.CONFIG
    at_top = bool(prefix) and (plan.root / top).is_file()
    path = top if at_top else hooks.CONFIG
    there = _text(plan.root / path)
    if there is None:
        text = hooks.new_config()
        return replace(
            files,
            projects={**files.projects, path: text.encode()},
            record=replace(
                files.record,
                hooks=hooks.OURS,
                written={**files.record.written, path: digest(text.encode())},
            ),
        )
    changed = hooks.with_ours(there, prefix if at_top else "")
    if changed is None:
        note = f"{path} could not be added to: copy the hooks of devkit/kit/hooks.yaml into it"
        return replace(files, notes=(*files.notes, note))
    theirs = replace(files, record=replace(files.record, hooks=hooks.THEIRS))
    return _with_block(theirs, path, changed)


def _with_block(files: Files, path: str, text: str) -> Files:
    block = blocks.block_in(text) or ""
    return replace(
        files,
        projects={**files.projects, path: _bytes(text)},
        record=replace(files.record, blocks={**files.record.blocks, path: digest(_bytes(block))}),
    )


def _toml(tables: Mapping[str, Any]) -> str:
    import tomli_w

    return tomli_w.dumps(tables)


def _text(file: Path) -> str | None:
    """A file's text, from which its bytes can be had again; None if there is no file."""
    return file.read_bytes().decode("utf-8", "surrogateescape") if file.is_file() else None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
