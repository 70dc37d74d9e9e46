"""The user's settings for uv: those of where packages come from count, those of which do not."""

import datetime as dt
from pathlib import Path

import pytest

from devkit.core import toml, uv, uv_config
from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT

COUNTS = {
    "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
    "UV_INDEX_HOUSE_PASSWORD": "x",
    "UV_CACHE_DIR": "/cache",
    "UV_LINK_MODE": "copy",
    "UV_OFFLINE": "1",
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_NATIVE_TLS": "1",
    "SSL_CERT_FILE": "/ca.pem",
    "HTTPS_PROXY": "http://127.0.0.1:9",
}
DECIDES = {
    "UV_RESOLUTION": "lowest",
    "UV_PRERELEASE": "allow",
    "UV_EXCLUDE_NEWER": "2001-01-01",
    "UV_CONSTRAINT": "/constraints.txt",
    "UV_OVERRIDE": "/overrides.txt",
    "UV_PROJECT_ENVIRONMENT": "/elsewhere",
    "UV_SYSTEM_PYTHON": "1",
    "UV_PYTHON": "3.8",
    "UV_REQUIRE_HASHES": "1",
    "UV_NO_SOURCES": "1",
    "UV_FROZEN": "1",
    "UV_CONFIG_FILE": "/uv.toml",
    "UV_NO_CONFIG": "1",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user's configuration; nothing else is configured."""
    for name in ("UV_NO_CONFIG", "UV_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "system"))
    monkeypatch.setattr(uv_config, "FOLDER", tmp_path / "written")
    (tmp_path / "config/uv").mkdir(parents=True)
    (tmp_path / "config/git").mkdir()
    (tmp_path / "system/uv").mkdir(parents=True)
    return tmp_path


def users(home: Path, text: str, folder: str = "config") -> None:
    (home / folder / "uv/uv.toml").write_text(text, encoding="utf-8")


def test_variables_that_say_where_packages_come_from_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {**COUNTS, **DECIDES}.items():
        monkeypatch.setenv(name, value)
    found = uv_config.environment()
    assert found.items() >= COUNTS.items()
    assert not found.keys() & DECIDES.keys()


def test_without_files_nothing_is_read(home: Path) -> None:
    options, env = uv_config.prepared(home)
    assert options == ("--project", str(home), "--no-config")
    assert env["XDG_CONFIG_HOME"] == str(home / "config")


def test_of_the_users_files_an_index_counts_and_a_resolution_does_not(home: Path) -> None:
    users(home, 'resolution = "lowest"\nexclude-newer = 2001-01-01\n[[index]]\nurl = "http://a/"\n'
          '[pip]\ntarget = "/x"\nno-index = true\n')  # fmt: skip
    users(home, 'offline = true\n[[index]]\nurl = "http://b/"\n', "system")
    (name, file), _ = uv_config.prepared()
    assert name == "--config-file"
    assert toml.read(Path(file)) == {
        "index": [{"url": "http://a/"}, {"url": "http://b/"}],
        "offline": True,
        "pip": {"no-index": True},
    }


def test_a_projects_own_settings_count_and_the_users_are_merged_by_uv(home: Path) -> None:
    users(home, 'resolution = "lowest"\noffline = true\n')
    (home / "pyproject.toml").write_text("[tool.uv]\n", encoding="utf-8")
    options, env = uv_config.prepared(home)
    assert options == ("--project", str(home))
    config = Path(env["XDG_CONFIG_HOME"])
    assert toml.read(config / "uv/uv.toml") == {"offline": True}
    assert (config / "git").resolve() == home / "config/git"  # programs that uv runs find theirs
    assert env["UV_NO_SYSTEM_CONFIG"] == "1"


def test_uv_takes_what_is_written(home: Path) -> None:
    users(home, 'resolution = "lowest"\noffline = true\nfind-links = ["/\\u00e9\\"x"]\n'
          '[[index]]\nname = "a"\nurl = "http://127.0.0.1:9/"\ndefault = true\n')  # fmt: skip
    done = uv.ask("pip", "compile", "-", "--quiet", stdin="idna\n")
    assert 'Failed to read `--find-links` directory: /é"x' in done.combined


def test_a_file_of_the_users_that_is_invalid_is_an_error_that_names_it(home: Path) -> None:
    users(home, "resolution = \n")
    with pytest.raises(DevkitError, match=r"config/uv/uv\.toml: invalid TOML"):
        uv_config.prepared()


def test_a_file_above_the_checkout_does_not_count(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "uv.toml").write_text('resolution = "lowest"\n', encoding="utf-8")
    project = home / "checkout/tea"
    project.mkdir(parents=True)
    (project / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    monkeypatch.setattr(uv_config, "ROOT", home / "checkout")
    assert uv_config.prepared(project)[0] == ("--project", str(project), "--no-config")


def test_the_repository_has_no_settings_for_all_projects() -> None:
    assert "uv" not in toml.read(ROOT / "pyproject.toml").get("tool", {})


def test_values_are_written_as_toml(tmp_path: Path) -> None:
    document = {
        "a b": ["x", 1, True, {"c": [], "d": 1.5}],
        "date": dt.datetime(2001, 2, 3, tzinfo=dt.UTC),
        "text": 'é"\\\n',
    }
    (tmp_path / "x.toml").write_text(toml.text(document), encoding="utf-8")
    assert toml.read(tmp_path / "x.toml") == document
