"""A small repository of somebody else's, the plan to adopt it, and commands that only pretend."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from devkit.adoption.model import NewFile, Plan, PlannedTeam
from devkit.core.processes import Completed
from testing.repositories import Repository

REGISTRY = """\
# Our locations.
load_from:
  - python_file: sales/repo.py   # the shop
  - python_module:
      module_name: marketing.definitions
      location_name: our marketing
"""
MARKETING = '[project]\nname = "marketing"\nversion = "1"\n'
PYTHONS = ("teams/repo_py/.venv-repo_py/bin/python", "marketing/.venv-our_marketing/bin/python")


def foreign(root: Path) -> Repository:
    """Two locations, one with a project of its own; the last line of .gitignore has no end."""
    repository = Repository(root)
    for name, text in {
        "workspace.yaml": REGISTRY,
        "sales/repo.py": "import dagster as dg\n\ndefs = dg.Definitions()\n",
        "marketing/pyproject.toml": MARKETING,
        "marketing/definitions.py": "import dagster as dg\n\ndefs = dg.Definitions()\n",
        ".gitignore": "data/",
        "README.md": "# A shop\n",
    }.items():
        repository.write(name, text)
    repository.init()
    return repository


def plan(root: Path, prefix: str = "") -> Plan:
    """What the reader of such a repository plans."""
    sales, marketing = PYTHONS
    return Plan(
        root,
        prefix,
        "workspace.yaml",
        teams=(
            PlannedTeam(
                "repo.py", "repo_py", "file", "sales/repo.py", None,
                {"python_file": {"relative_path": "sales/repo.py", "executable_path": sales}},
                "teams/repo_py", project_is_new=True, working_directory=".", import_root=".",
                sources=("sales/repo.py",), pyproject='[project]\nname = "sales"\nversion = "0"\n',
                pins=("dagster==1.9.0", "rich==10.0"),
                smoke_test=NewFile("teams/repo_py/tests/test_loads.py", "def test(): pass\n"),
            ),
            PlannedTeam(
                "our marketing", "our_marketing", "module", "marketing.definitions", None,
                {"python_module": {"module_name": "marketing.definitions",
                                   "location_name": "our marketing",
                                   "executable_path": marketing}},
                "marketing", project_is_new=False, working_directory=".", import_root=".",
                sources=("marketing",), variables=("TOKEN",),
                additions={"tool": {"dagteam": {"sources": ["marketing"]}}},
            ),
        ),
        notes=("README.md:1: says how it was",),
    )  # fmt: skip


@dataclass
class Pretended:
    """Commands of the kit that write a lock, as the real ones, and end as a test wants."""

    fails: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, root: Path, arguments: Sequence[str]) -> Completed:
        """Pretend to run a command."""
        command = " ".join(arguments)
        self.asked.append(command)
        if command == "lock" and (root / "teams").is_dir():
            lock = root / "teams/repo_py/local_requirements.txt"
            lock.write_text("# inputs: sha256:0\ndagster==1.9.0\n", encoding="utf-8")
        if printed := self.fails.get(command):
            return Completed(1, printed, "")
        names = ("repo_py      ", "our_marketing")
        return Completed(0, "".join(f"ok      {name}  fine  1.0 s\n" for name in names), "")


def with_no_teams(made: Plan) -> Plan:
    """A plan without anything to adopt: a new platform."""
    return replace(made, source_file="", teams=(), registry="load_from: []\n", notes=())
