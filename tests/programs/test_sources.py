"""Source files of a team: where names are defined, and what is imported."""

from pathlib import Path

import pytest

from devkit.programs.sources import Sources


def write(folder: Path, **files: str | bytes) -> Sources:
    """Write files, named with `__` for `/` and without `.py`; returns what is found in them."""
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path = path if path.suffix else path.with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return Sources([str(folder)], str(folder))


def at(sources: Sources, key: str, *, made: bool = True) -> tuple[object, object] | None:
    found = sources.place(key, made=made)
    return (found["file"], found["line"]) if found else None


@pytest.mark.parametrize(
    ("code", "key", "line"),
    [
        ("\n@dg.asset\ndef tea(): ...\n", "tea", 3),
        ("@dg.asset(\n    key_prefix='hot',\n)\ndef tea(): ...\n", "hot/tea", 4),
        ("@dg.asset(name='tea')\ndef factory(): ...\n", "tea", 1),
        ("@dg.asset(\n    key=['hot', 'tea'])\ndef factory(): ...\n", "hot/tea", 2),
        (
            "@dg.multi_asset(\n    specs=[\n        dg.AssetSpec('tea')])\ndef two(): ...\n",
            "tea",
            3,
        ),
        ("@dg.multi_asset(outs={\n    'tea': AssetOut()})\ndef two(): ...\n", "tea", 2),
        ("KEY = dg.AssetKey(['hot', 'tea'])\n", "hot/tea", 1),
        ("NAMES = [\n    'tea',\n    'milk']\n", "tea", 2),
        ("async def tea(): ...\n", "tea", 1),
        ("if True:\n    def factory():\n        def tea(): ...\n", "tea", 3),
        ("class tea: ...\n", "tea", 1),
        ("@dg.asset_sensor(asset_key=dg.AssetKey('tea'))\ndef on_tea(): ...\n", "on_tea", 2),
        ("# tea\n'''about tea'''\ntea = 1\nf'tea'\n", "tea", 4),
    ],
)
def test_where_something_is_defined(tmp_path: Path, code: str, key: str, line: int) -> None:
    assert at(write(tmp_path, code=code), key) == ("code.py", line)


@pytest.mark.parametrize(
    ("code", "key", "line"),
    [
        ("tea = dg.AssetSpec('tea')\n", "tea", 1),
        ("x = 'tea'\ntea = dg.AssetSpec(\n    key=['hot', 'tea'])\n", "hot/tea", 3),
        ("x = ['tea']\nf('tea')\ntea = dg.SourceAsset('tea')\n", "tea", 3),
        ("def tea(): ...\n\ndeps = ['tea']\n", "tea", 3),
        ("@dg.observable_source_asset\ndef tea(): ...\n", "tea", 2),
    ],
)
def test_where_something_is_declared(tmp_path: Path, code: str, key: str, line: int) -> None:
    assert at(write(tmp_path, code=code), key, made=False) == ("code.py", line)


def test_a_definition_comes_before_what_only_names_it(tmp_path: Path) -> None:
    sources = write(
        tmp_path,
        a="deps = ['tea']\n",
        b="tea = AssetSpec('tea')\n",
        c="x = f('tea')\n",
        d="def tea(): ...\n",
    )
    assert at(sources, "tea") == ("d.py", 1)
    assert at(sources, "tea", made=False) == ("b.py", 1)


def test_the_first_of_equal_occurrences_wins(tmp_path: Path) -> None:
    sources = write(tmp_path, b="def tea(): ...\n", a="\ndef tea(): ...\ndef tea(): ...\n")
    assert at(sources, "tea") == ("a.py", 2)


def test_a_key_that_is_declared_comes_before_a_function_of_its_last_part(tmp_path: Path) -> None:
    sources = write(
        tmp_path,
        a="def tea(): ...\n",
        b="spec = AssetSpec(['hot', 'tea'])\n",
        c="keys = [AssetKey(['hot', 'tea']), AssetKey(['cold', 'tea'])]\n",
    )
    assert at(sources, "hot/tea") == ("b.py", 1)
    assert at(sources, "cold/tea") == ("a.py", 1)
    assert at(sources, "cold/tea", made=False) == ("c.py", 1)


def test_a_name_that_no_file_has_has_no_place(tmp_path: Path) -> None:
    assert at(write(tmp_path, a="# tea\nteapot = 1\n"), "tea") is None


def test_tests_define_nothing_but_their_imports_count(tmp_path: Path) -> None:
    code = "import milk\n\ndef tea(): ...\n"
    sources = write(
        tmp_path,
        conftest=code,
        test_x=code,
        x_test=code.replace("milk", "sugar"),
        team_tests__helpers=code,
    )
    assert at(sources, "tea") is None
    assert set(sources.imports) == {"milk", "sugar"}


def test_yaml_is_read_too(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "defs__defs.yaml": "type: dg.Asset\nattributes:\n  - key: hot/tea\n    group: garden\n",
        "more.yml": b"key: milk\nlatin: \xe9\n",
    }
    sources = write(tmp_path, **files)
    assert at(sources, "hot/tea") == ("defs/defs.yaml", 3)
    assert at(sources, "milk") == ("more.yml", 1)
    assert at(sources, "milk", made=False) == ("more.yml", 1)
    assert sources.imports == {}


@pytest.mark.parametrize(
    "spoilt",
    [
        "def f(:\n",
        b"x = '\xe9'\n",
        b"\x00",
        b"# -*- coding: no-such -*-\n",
        b"\xff\xfe\x00",
    ],
)
def test_a_file_that_is_not_valid_python_is_ignored(tmp_path: Path, spoilt: str | bytes) -> None:
    sources = write(tmp_path, a=spoilt, b="import milk\ndef tea(): ...\n")
    assert at(sources, "tea") == ("b.py", 2)
    assert set(sources.imports) == {"milk"}


def test_other_encodings_and_line_ends_are_read_as_python_reads_them(tmp_path: Path) -> None:
    sources = write(
        tmp_path,
        a=b"# -*- coding: latin-1 -*-\ndef tea(): return '\xe9'\n",
        b=b"\xef\xbb\xbfdef milk(): ...\n",
        c="def café(): ...\n",
        d=b"def sugar():\r\n    ...\r\n\r\ndef lemon(): ...\r\n",
    )
    assert at(sources, "tea") == ("a.py", 2)
    assert at(sources, "milk") == ("b.py", 1)
    assert at(sources, "café") == ("c.py", 1)
    assert at(sources, "lemon") == ("d.py", 4)


def test_environments_and_folders_of_tools_are_not_read(tmp_path: Path) -> None:
    code = "import milk\ndef tea(): ...\n"
    files = {
        ".venv-x__lib__a": code,
        ".git__a": code,
        "pkg__node_modules__a": code,
        "env__pyvenv.cfg": "home = /usr/bin\n",
        "env__lib__a": code,
        "pkg__.#lock": code,
        "pkg__a.py.orig": code,
        "pkg__a.pyc": code,
    }
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/a.py").write_text(code, encoding="utf-8")
    sources = write(tmp_path, **files)
    assert at(sources, "tea") is None
    assert sources.imports == {}


def test_a_dangling_link_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "dangling.py").symlink_to(tmp_path / "missing.py")
    (tmp_path / ".#a.py").symlink_to("user@machine.1234")  # a lock file of Emacs
    assert at(write(tmp_path, a="def tea(): ...\n"), "tea") == ("a.py", 1)


def test_imports_are_dotted_names_at_their_first_import(tmp_path: Path) -> None:
    sources = write(
        tmp_path,
        a=(
            "import os, milk.cow\n"
            "from tea.green import leaf\n"
            "from . import near\n"
            "from .sugar import cube\n"
            "from ..far import away\n"
            "import sugar as sweet\n"
            "def late():\n"
            "    import honey\n"
            "    from tea import pot\n"
            "if TYPE_CHECKING:\n"
            "    from lemon import zest\n"
            "try:\n"
            "    import ginger\n"
            "except ImportError: ...\n"
            "TEXT = 'import cinnamon'\n"
            "cinnamon = importlib.import_module('clove')\n"
        ),
        b="import tea\n",
    )
    assert sources.imports == {
        "os": ("a.py", 1),
        "milk.cow": ("a.py", 1),
        "tea.green": ("a.py", 2),
        "tea.green.leaf": ("a.py", 2),
        "sugar": ("a.py", 6),
        "honey": ("a.py", 8),
        "tea": ("a.py", 9),
        "tea.pot": ("a.py", 9),
        "lemon": ("a.py", 11),
        "lemon.zest": ("a.py", 11),
        "ginger": ("a.py", 13),
    }


def test_files_are_read_as_well_as_folders_and_named_relative_to_the_base(tmp_path: Path) -> None:
    write(tmp_path, shared__it="import milk\n", tea__code="import sugar\n", other="import salt\n")
    paths = [str(tmp_path / "shared"), str(tmp_path / "tea/code.py")]
    sources = Sources(paths, str(tmp_path / "tea"))
    assert sources.imports == {"milk": ("../shared/it.py", 1), "sugar": ("code.py", 1)}


def test_an_empty_folder_has_no_names_and_no_imports(tmp_path: Path) -> None:
    sources = Sources([str(tmp_path)], str(tmp_path))
    assert sources.imports == {}
    assert at(sources, "tea") is None
