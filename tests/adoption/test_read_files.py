"""Files that a location reads are found by their names in its code, if they are outside of it."""

from pathlib import Path

from devkit.adoption import planning
from devkit.adoption.questions import Answers
from testing import foreign

READS = (
    "import os\nfrom pathlib import Path\n"
    'HOME = Path("/app/rules") if os.path.exists("/app/rules") else Path("rules")\n'
    'text = open("settings/all.yaml")\nother = ("docs", "library", "gone", "plans")\n'
)


def inputs_of(root: Path, **files: str) -> tuple[str, ...]:
    base = {
        "workspace.yaml": "load_from:\n  - python_module: one.jobs\n  - python_module: two.jobs\n",
        "pyproject.toml": foreign.project("all", "dagster"),
        "one/__init__.py": "",
        "two/__init__.py": "",
        "one/jobs.py": foreign.definitions("a"),
        "two/jobs.py": foreign.definitions("b"),
        "rules/deep/down.yaml": "",
        "settings/all.yaml": "",
        "settings/more.yaml": "",
        "docs/index.md": "",
        "library/code.py": "",
        "plans/a.sql": "",
    }
    root = foreign.commit(foreign.write(root, {**base, **files}))
    return planning.plan(root, Answers({})).teams[0].inputs


def test_folders_and_files_by_their_paths(tmp_path: Path) -> None:
    found = inputs_of(tmp_path, **{"one/read.py": READS})
    assert found == ("plans", "rules", "settings/all.yaml")


def test_paths_that_are_put_together(tmp_path: Path) -> None:
    text = (
        "import os\nfrom pathlib import Path\n"
        "def read(name):\n    home = 'plans'\n    os.walk(home + '/deep/')\n"
        "BASE = Path('rules')\ntext = (BASE / 'deep' / 'down.yaml').read_text()\n"
        "more = open(os.path.join('settings', 'more.yaml'))\n"
        "unknown = (BASE / name / 'down.yaml', 1 / 2, Path() / 'rules')\n"
    )
    found = inputs_of(
        tmp_path,
        **{"one/read.py": text, "plans/deep/b.sql": "", "plans/x.py": "", "rules/x.py": ""},
    )
    assert found == ("plans/deep", "rules/deep/down.yaml", "settings")


def test_a_path_from_the_root_into_the_folder_that_code_is_imported_from(tmp_path: Path) -> None:
    entry = "  - python_package:\n      package_name: {}\n      working_directory: code/\n"
    found = inputs_of(
        tmp_path,
        **{
            "workspace.yaml": "load_from:\n" + entry.format("three") + entry.format("four"),
            "code/three/__init__.py": foreign.definitions("c", "open('code/scripts/a.sql')\n"),
            "code/four/__init__.py": foreign.definitions("d"),
            "code/scripts/a.sql": "",
        },
    )
    assert found == ("code/scripts/a.sql",)


def test_a_word_is_no_path_where_no_files_are_read(tmp_path: Path) -> None:
    assert inputs_of(tmp_path, **{"one/read.py": 'kinds = ("rules", "plans")\n'}) == ()


def test_libraries_read_files_too_and_their_own_are_theirs(tmp_path: Path) -> None:
    found = inputs_of(
        tmp_path,
        **{
            "one/jobs.py": "from shared.reading import HOME\n",
            "shared/reading.py": 'import os\nHOME = os.listdir("rules")\nopen("shared/x.sql")\n',
            "shared/x.sql": "",
        },
    )
    assert found == ("rules",)


def test_components_name_files_from_their_project(tmp_path: Path) -> None:
    root = foreign.dg_workspace(tmp_path)
    (project,) = [one.project for one in planning.plan(root, Answers({})).teams][:1]
    (team,) = [one for one in planning.plan(root, Answers({})).teams if one.project == project]
    text = (
        'a: "{{ project_root }}/inside"\nb: "{{ context.project_root }}/../outside"\n'
        "c: '{{ project_root }}/../gone'\n"
    )
    above = Path(project).parent
    foreign.write(
        root,
        {
            f"{team.sources[0]}/defs/part/defs.yaml": text,
            f"{project}/inside/a.sql": "",
            f"{above}/outside/b.sql": "",
        },
    )
    (team,) = [one for one in planning.plan(root, Answers({})).teams if one.project == project]
    assert team.inputs == ((above / "outside").as_posix(),)
