"""Checks of DAGSTER_HOME: ownership, preparation, configuration, and the databases' schemas."""

import contextlib
import os
import re
import shlex
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from devkit.dev import dagster_cli, home
from devkit.doctor.findings import (
    Context,
    Finding,
    Rule,
    Severity,
    may_write,
    nearest_existing,
    quoted,
)
from devkit.environments import installed, venvs

ELSEWHERE = "set DAGSTER_HOME to another folder, or unset it"

RELATIVE = Rule(
    "home-relative",
    what="the variable DAGSTER_HOME is a relative path",
    why="this kit resolves it, but Dagster's own commands refuse it",
    fix="`export DAGSTER_HOME=ABSOLUTE`, or unset it",
    severity=Severity.WARNING,
)
UNUSABLE = Rule(
    "home-unusable",
    what="DAGSTER_HOME, or a database in it, is not writable by this user, or is not a folder",
    why="neither `invoke dev` nor a run can start",
    fix=f"`sudo chown -R USER DAGSTER_HOME`, or {ELSEWHERE}",
)
FOREIGN = Rule(
    "home-foreign",
    what="DAGSTER_HOME belongs to another user",
    why="the other user may not be able to write to this user's files",
    fix=ELSEWHERE,
    severity=Severity.WARNING,
)
NOT_READY = Rule(
    "home-not-ready",
    what="DAGSTER_HOME is not prepared for this orchestrator",
    why="processes that open a new one at the same time crash while they migrate its databases",
    fix="`invoke setup`",
    safe=True,
)
OWN = Rule(
    "home-own-configuration",
    what="dagster.yaml in DAGSTER_HOME is not the repository's",
    why="it is used as it is, so changes to the repository's file have no effect",
    fix="unless it is intended: `rm DAGSTER_HOME/dagster.yaml`, then `invoke setup`",
    severity=Severity.WARNING,
)
OLD = Rule(
    "home-old",
    what="a database in DAGSTER_HOME has the schema of an older Dagster than the orchestrator's",
    why="pages of the UI, runs and ticks may fail",
    fix="stop `invoke dev`, then `DAGSTER_HOME=FOLDER .venv-dagit/bin/dagster instance migrate`",
)
NEW = Rule(
    "home-new",
    what="a database in DAGSTER_HOME has a schema that the orchestrator's Dagster does not know",
    why="an older Dagster may not understand what a newer one has written",
    fix=f"`invoke lock --team orchestrator --upgrade`, or {ELSEWHERE}",
)
BROKEN = Rule(
    "home-broken",
    what="a database in DAGSTER_HOME can't be read",
    why="nothing can run; the cause may be a full disk or a network file system",
    fix="move DAGSTER_HOME away, then `invoke setup`: runs are lost, tables stored elsewhere are "
    "not",
)

# The databases of Dagster's SQLite storage; each run's own database has the same schema.
DATABASES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
SCRIPTS = "dagster/_core/storage/alembic/versions"
REVISION = re.compile(r'^(?P<which>down_revision|revision)\b[^=\n]*=\s*"(?P<id>\w+)"', re.MULTILINE)


def folder(context: Context) -> Iterator[Finding]:
    """`home-relative`, `-unusable`, `-foreign`, `-own-configuration`, `-not-ready`."""
    named = context.environ.get("DAGSTER_HOME", "")
    if named and not Path(named).expanduser().is_absolute():
        yield RELATIVE.finding(
            f"DAGSTER_HOME is {named!r}, a relative path",
            fix=f"`export DAGSTER_HOME={quoted(context.home)}`",
        )
    if reason := unusable(context.home):
        yield UNUSABLE.finding(
            f"DAGSTER_HOME {context.home}: {reason}",
            fix=f'`sudo chown -R "$(id -u)" {quoted(context.home)}`, or {ELSEWHERE}',
        )
        return
    if context.home.exists():
        if (owner := context.home.stat().st_uid) != os.geteuid():
            yield FOREIGN.finding(
                f"DAGSTER_HOME {context.home} belongs to the user with id {owner}"
            )
        if home.own_configuration(context.home):
            yield OWN.finding(f"{context.home / 'dagster.yaml'} is not the repository's")
    if not home.is_ready(context.home):
        built = venvs.stale(venvs.orchestrator_environment()) is None
        yield NOT_READY.finding(
            f"DAGSTER_HOME {context.home} is not prepared",
            repair=partial(home.prepare, context.home) if built else None,
        )


def unusable(where: Path) -> str | None:
    """Why this user can't work in a DAGSTER_HOME; None if nothing prevents it."""
    existing = nearest_existing(where)
    if not existing.is_dir():
        return f"{existing} is not a folder"
    files = (where / name for name in DATABASES)
    for path in (existing, home.state_folder(where), *files):
        if os.path.lexists(path) and not may_write(path):
            return f"{path} is not writable by this user"
    return None


def schema(context: Context) -> Iterator[Finding]:
    """`home-old`, `home-new`, `home-broken`: the SQLite databases of the repository's dagster.yaml.

    With another dagster.yaml, the databases may be elsewhere, or these may be unused.
    """
    if home.own_configuration(context.home) or not context.home.is_dir() or unusable(context.home):
        return
    known, head = revisions(venvs.orchestrator_environment().path)
    for name in DATABASES:
        file = context.home / name
        if not file.exists():
            continue
        try:
            found = revision_of(file)
        except sqlite3.Error as error:
            yield BROKEN.finding(
                f"{file} can't be read: {error}",
                fix=f"`mv {quoted(context.home, Path(f'{context.home}.broken'))}`, "
                "then `invoke setup`: runs are lost, tables stored elsewhere are not",
            )
            continue
        if head and found != head:
            if found in known:
                command = shlex.join(dagster_cli.migrate())
                yield OLD.finding(
                    f"{file} has the schema {found}; the orchestrator's Dagster has {head}",
                    fix=f"stop `invoke dev`, then `DAGSTER_HOME={quoted(context.home)} {command}`",
                )
            else:
                yield NEW.finding(
                    f"{file} has the schema {found}, which the orchestrator's Dagster does not know"
                )


def revision_of(file: Path) -> str:
    """The schema of a SQLite database: its alembic revision.

    Raises:
        sqlite3.Error: if it can't be read, or has no revision.
    """
    with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as opened:
        row = opened.execute("select version_num from alembic_version").fetchone()
        if row is None:
            raise sqlite3.DatabaseError("it has no alembic revision")
        found: str = row[0]
        return found


def revisions(environment: Path) -> tuple[set[str], str | None]:
    """The schemas that an environment's Dagster knows, and the newest of them.

    Read from alembic's scripts, without starting Python. If there are none: an empty set and None.
    """
    known: set[str] = set()
    before: set[str] = set()
    for packages in installed.site_packages(environment):
        for script in (packages / SCRIPTS).glob("*.py"):
            for found in REVISION.finditer(script.read_text(encoding="utf-8")):
                (known if found["which"] == "revision" else before).add(found["id"])
    heads = known - before
    return known, heads.pop() if len(heads) == 1 else None
