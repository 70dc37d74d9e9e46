"""What deployed code names by a relative path, and a build lacks."""

from pathlib import Path

from devkit.generated import named_files
from devkit.registry.team import Team

CODE = """\
'''Reads data/orders.csv.'''
from pathlib import Path

ORDERS = "data/orders.csv"
AGAIN = Path("data/orders.csv")
SQL = Path("sql") / "all.sql"
OWN = "tea/names.txt"
KEY = ["data", "sql", "orders"]
ELSEWHERE = ("/data/orders.csv", "../data/orders.csv", "s3://data/orders.csv", "no/such", ".")
SETTINGS = "settings.toml"
"""


def test_files_and_folders_of_the_repository_are_named_once(tmp_path: Path) -> None:
    for name, text in {
        "code/tea/reads.py": CODE,
        "code/tea/broken.py": "def f(:",
        "code/tea/names.txt": "",
        "data/orders.csv": "",
        "sql/all.sql": "",
        "settings.toml": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    tracked = {path for path in tmp_path.rglob("*") if path.is_file()}
    team = Team(
        "tea", "tea.reads", tmp_path / "code", tmp_path / "code/.venv/bin/python", line=2,
        working_directory=tmp_path, root=tmp_path,
    )  # fmt: skip
    code = tmp_path / "code"
    shipped = {path.relative_to(code): path for path in tracked if path.is_relative_to(code)}
    assert dict(named_files.missing(team, shipped, tracked)) == {
        "data/orders.csv": "code/tea/reads.py:4",
        "sql": "code/tea/reads.py:6",
        "settings.toml": "code/tea/reads.py:10",
    }
    shipped |= {Path("data/orders.csv"): tmp_path, Path("sql/all.sql"): tmp_path}
    assert [*dict(named_files.missing(team, shipped, tracked))] == ["settings.toml"]
