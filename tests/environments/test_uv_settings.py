"""`[tool.uv]` and sources in a project: in its locks, its environment and its deployment."""

import base64
import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from devkit.core.errors import DevkitError
from devkit.environments import installed, lockfiles, resolver, uv_settings, venvs
from testing import projects
from testing.projects import Projects
from testing.support import NO_NETWORK, run, wheel


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A package index that reports nothing, and may want to know who asks: `me:secret`."""

    wants_password = False

    def do_GET(self) -> None:
        """Answer, or refuse without the password."""
        wanted = f"Basic {base64.b64encode(b'me:secret').decode()}"
        if self.wants_password and self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        """Keep silent."""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Projects:
    """A repository whose packages come from a folder: two versions of tea, milk and sugar."""
    wheels = tmp_path / "wheels"
    for version in ("1.0", "2.0"):
        for name in ("tea-leaf", "milk", "sugar"):
            wheel(wheels, name.replace("-", "_"), version)
    config = tmp_path / "uv.toml"
    index = f'[[index]]\nurl = "{wheels}"\nformat = "flat"\ndefault = true\n'
    config.write_text(index, encoding="utf-8")
    for name, value in NO_NETWORK.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("UV_NO_CONFIG")
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config/uv").mkdir(parents=True)
    config.rename(tmp_path / "config/uv/uv.toml")
    return projects.make(tmp_path / "repository", monkeypatch)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[str]:
    """The address of an index of its own, which has the package `onlyhere` and a foreign milk."""
    (tmp_path / "house").mkdir()
    for name in ("onlyhere", "milk"):
        wheel(tmp_path / "house" / name, name, "1.0" if name == "onlyhere" else "0.5")
        for file in (tmp_path / "house" / name).glob("*.whl"):
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            link = f'<a href="{file.name}#sha256={digest}">{file.name}</a>'
            (tmp_path / "house" / name / "index.html").write_text(link, encoding="utf-8")
    handler = functools.partial(Quiet, directory=str(tmp_path / "house"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def lock(repository: Projects, *flags: str) -> tuple[str, str]:
    """Lock the team; returns the pins of both locks without their hashes."""
    resolver._lock(repository.tea, flags)
    assert lockfiles.stale(repository.tea) is None
    local, deployed = (path.read_text(encoding="utf-8") for path in repository.tea.locks)
    return shown(local), shown(deployed)


def shown(text: str) -> str:
    lines = [line.removesuffix(" \\") for line in text.splitlines()]
    return "\n".join(line for line in lines if not line.startswith((" ", "#")))


def test_a_package_that_forks_by_marker_is_locked_and_agrees(repository: Projects) -> None:
    repository.project(
        "tea_project",
        "\"tea-leaf==1.0 ; sys_platform == 'darwin'\", "
        "\"tea-leaf==2.0 ; sys_platform != 'darwin'\"",
    )
    local, deployed = lock(repository)
    pins = "tea-leaf==1.0 ; sys_platform == 'darwin'\ntea-leaf==2.0 ; sys_platform != 'darwin'"
    assert (local, deployed) == (f"-e ./tea_project\n-e ./utils\n{pins}", pins)
    assert lockfiles.pins(repository.tea) == {"tea-leaf": "1.0, 2.0"}
    file = repository.root / "tea_project/requirements.txt"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("tea-leaf==1.0", "tea-leaf==1.1"), encoding="utf-8")
    assert "disagree on tea-leaf" in str(lockfiles.stale(repository.tea))
    file.write_text(text.replace("tea-leaf==2.0", "tea-leaf==1.1"), encoding="utf-8")
    assert "disagree on tea-leaf" in str(lockfiles.stale(repository.tea))


def test_libraries_are_lines_relative_to_the_root_and_their_dependencies_are_pinned(
    repository: Projects,
) -> None:
    repository.library("libs/base", '"milk<2"')
    repository.library(
        "libs/common", '"base"', '[tool.uv.sources]\nbase = { path = "../base", editable = true }\n'
    )
    repository.library("libs/kit", '"sugar<2"')
    repository.project(
        "tea_project",
        '"common"',
        "[dependency-groups]\ndev = [\"kit ; sys_platform != 'win32'\"]\n[tool.uv.sources]\n"
        'common = { path = "../libs/common" }\n'
        'kit = [{ path = "../libs/kit", editable = true, marker = "sys_platform != \'win32\'" }]\n',
    )
    local, deployed = lock(repository)
    folders = ("libs/base", "libs/common", "libs/kit", "tea_project", "utils")
    editable = "".join(f"-e ./{folder}\n" for folder in folders)
    assert local.startswith(f"{editable}milk==1.0\nsugar==1.0 ; sys_platform")
    assert deployed == "milk==1.0"


def test_utils_is_never_looked_up_on_an_index(repository: Projects, tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", "dagteam_utils", "9.0")
    repository.library("utils", '"milk<2"', "[dependency-groups]\ndeploy = []\n")
    repository.project("tea_project", '"dagteam-utils"')
    assert lock(repository) == ("-e ./tea_project\n-e ./utils\nmilk==1.0", "milk==1.0")


@pytest.mark.parametrize(
    ("settings", "version"),
    [
        ('constraint-dependencies = ["tea-leaf<2"]', "1.0"),
        ('override-dependencies = ["tea-leaf==1.0"]', "1.0"),
        ('resolution = "lowest"', "1.0"),
        ("", "2.0"),
    ],
)
def test_the_settings_of_the_project_decide_its_lock(
    repository: Projects, settings: str, version: str
) -> None:
    repository.project("tea_project", '"tea-leaf"')
    assert lock(repository)[1] == "tea-leaf==2.0"
    repository.project("tea_project", '"tea-leaf"', f"[tool.uv]\n{settings}\n")
    assert (lockfiles.stale(repository.tea) is None) == (not settings)
    assert lock(repository, "--upgrade")[1] == f"tea-leaf=={version}"


def test_a_uv_toml_of_the_project_decides_its_lock(repository: Projects) -> None:
    repository.project("tea_project", '"tea-leaf"')
    lock(repository)
    repository.write("tea_project/uv.toml", 'constraint-dependencies = ["tea-leaf<2"]\n')
    assert "out of date" in str(lockfiles.stale(repository.tea))
    assert lock(repository)[1] == "tea-leaf==1.0"


@pytest.mark.parametrize("place", ["uv.toml", "pyproject.toml"])
def test_a_project_without_settings_has_those_of_a_folder_above_it(
    repository: Projects, place: str
) -> None:
    plain = '[project]\nname = "tea"\nversion = "1"\ndependencies = ["tea-leaf"]\n'
    repository.write("tea_project/pyproject.toml", plain)
    lock(repository)
    table = "" if place == "uv.toml" else "[tool.uv]\n"
    repository.write(place, f'{table}constraint-dependencies = ["tea-leaf<2"]\n')
    assert "out of date" in str(lockfiles.stale(repository.tea))
    assert lock(repository)[1] == "tea-leaf==1.0"
    repository.write("tea_project/pyproject.toml", f"{plain}[tool.uv]\nno-build = false\n")
    assert lock(repository, "--upgrade")[1] == "tea-leaf==2.0"


def test_a_member_of_a_uv_workspace_has_the_settings_of_its_root(repository: Projects) -> None:
    own = '[tool.uv]\nconstraint-dependencies = ["tea-leaf==2.0"]\n'
    repository.project("tea_project", '"tea-leaf"', own)
    roots = '[tool.uv]\nconstraint-dependencies = ["tea-leaf==1.0"]\n'
    for rest in ('members = ["other", "tea_*"]', 'members = ["*"]\nexclude = ["other"]'):
        repository.write("pyproject.toml", f"{roots}[tool.uv.workspace]\n{rest}\n")
        assert lock(repository)[1] == "tea-leaf==1.0"
    table = '[tool.uv.workspace]\nmembers = ["*"]\nexclude = ["tea_project"]\n'
    repository.write("pyproject.toml", f"{roots}{table}")
    assert lock(repository)[1] == "tea-leaf==2.0"


def test_a_date_in_the_settings_is_part_of_the_digest(repository: Projects) -> None:
    repository.project("tea_project", "", "[tool.uv]\nexclude-newer = 2026-01-01T00:00:00Z\n")
    before = lockfiles.inputs_digest(repository.tea)
    repository.project("tea_project", "", "[tool.uv]\nexclude-newer = 2026-01-02T00:00:00Z\n")
    assert lockfiles.inputs_digest(repository.tea) != before


def explicit(repository: Projects, house: str) -> None:
    repository.project(
        "tea_project",
        '"onlyhere", "milk<2"',
        f'[[tool.uv.index]]\nname = "house"\nurl = "{house}"\nexplicit = true\n'
        '[tool.uv.sources]\nonlyhere = { index = "house" }\n',
    )


def test_an_explicit_index_is_in_the_locks_and_stale_when_it_moves(
    repository: Projects, house: str
) -> None:
    explicit(repository, house)
    local, deployed = lock(repository)
    assert deployed == f"--extra-index-url {house}\nmilk==1.0\nonlyhere==1.0"
    assert local.startswith(f"--extra-index-url {house}\n-e ./tea_project\n")
    explicit(repository, f"{house}moved/")
    assert "out of date" in str(lockfiles.stale(repository.tea))


def test_what_an_explicit_index_has_is_installed_and_nothing_else_of_it(
    repository: Projects, house: str, tmp_path: Path
) -> None:
    explicit(repository, house)
    lock(repository)
    text = repository.tea.locks[1].read_text(encoding="utf-8")  # no backend for an editable here
    environment = venvs.team_environment(repository.team)
    environment = replace(environment, lock=repository.write("only.txt", text))
    assert venvs.build(environment) == "built: not built yet"
    assert installed.distributions(environment.path) == {"onlyhere": "1.0", "milk": "1.0"}


def test_the_password_of_an_index_comes_from_the_environment_by_its_name(
    repository: Projects, house: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Quiet, "wants_password", True)
    explicit(repository, house)
    with pytest.raises(DevkitError):
        lock(repository)
    monkeypatch.setenv("UV_INDEX_HOUSE_USERNAME", "me")
    monkeypatch.setenv("UV_INDEX_HOUSE_PASSWORD", "secret")
    lock(repository)
    environment = venvs.team_environment(repository.team)
    text = repository.tea.locks[1].read_text(encoding="utf-8")
    venvs.build(replace(environment, lock=repository.write("only.txt", text)))
    assert installed.distributions(environment.path) == {"onlyhere": "1.0", "milk": "1.0"}


def test_the_newest_versions_are_looked_up_on_every_index(repository: Projects, house: str) -> None:
    explicit(repository, house)
    found = resolver.newest(repository.tea, ["onlyhere", "milk"])
    assert found == {"onlyhere": "1.0", "milk": "2.0"}


def test_what_may_be_built_is_in_the_locks(repository: Projects) -> None:
    settings = '[tool.uv]\nno-build = true\nno-binary-package = ["milk"]\n'
    repository.project("tea_project", "", settings)
    assert uv_settings.lines(repository.tea) == ["--only-binary :all:", "--no-binary milk"]


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        ('index-url = "https://a.test/simple"', ["--index-url https://a.test/simple"]),
        ('extra-index-url = ["https://a.test/b"]', ["--extra-index-url https://a.test/b"]),
        ('find-links = ["https://a.test/c"]', ["--find-links https://a.test/c"]),
        (
            'index = [{ url = "https://a.test/d", default = true }, { url = "https://a.test/e" }]',
            ["--index-url https://a.test/d", "--extra-index-url https://a.test/e"],
        ),
        (
            'index = [{ name = "f", url = "https://a.test/f", format = "flat" }]',
            ["--find-links https://a.test/f"],
        ),
        ('index = [{ name = "g", url = "https://a.test/g", explicit = true }]', []),
        ('index = { name = "h" }\nextra-index-url = "https://a.test/h"',
         ["--extra-index-url https://a.test/h"]),
    ],
)  # fmt: skip
def test_every_way_to_name_an_index_is_a_line_of_the_lock(
    repository: Projects, settings: str, lines: list[str]
) -> None:
    repository.project("tea_project", "", f"[tool.uv]\n{settings}\n")
    assert uv_settings.lines(repository.tea) == lines


def test_the_explicit_index_of_a_library_is_a_line_of_the_lock(repository: Projects) -> None:
    repository.library(
        "libs/common",
        '"onlyhere"',
        '[tool.uv]\nindex = [{ name = "house", url = "https://a.test/x", explicit = true }]\n'
        '[tool.uv.sources]\nonlyhere = { index = "house" }\n',
    )
    repository.project(
        "tea_project", '"common"', '[tool.uv.sources]\ncommon = { path = "../libs/common" }\n'
    )
    assert uv_settings.lines(repository.tea) == ["--extra-index-url https://a.test/x"]


def test_an_index_that_is_a_folder_of_this_machine_is_not_deployed(repository: Projects) -> None:
    repository.project("tea_project", "", '[tool.uv]\nfind-links = ["../wheels"]\n')
    assert uv_settings.lines(repository.tea) == []
    with pytest.raises(DevkitError, match=r"the index \.\./wheels can't be deployed"):
        uv_settings.require_deployable(repository.tea)


def test_a_url_is_locked_with_its_hash_and_a_git_commit_without(
    repository: Projects, tmp_path: Path, house: str
) -> None:
    repository.library("libs/base")
    git = tmp_path / "git"
    (repository.root / "libs/base").rename(git)
    author = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    for arguments in (["init", "-q"], ["add", "-A"], [*author, "commit", "-q", "-m", "one"]):
        assert run(["git", *arguments], git).returncode == 0
    commit = run(["git", "rev-parse", "HEAD"], git).stdout.strip()
    file = f"{house}onlyhere/onlyhere-1.0-py3-none-any.whl"
    repository.project("tea_project", f'"base @ git+file://{git}", "onlyhere @ {file}"')
    _, deployed = lock(repository)
    assert deployed == f"base @ git+file://{git}@{commit}\nonlyhere @ {file}"
    assert lockfiles.pins(repository.tea)["onlyhere"] == file


@pytest.mark.parametrize("name", ["onlyhere @ file://{0}", "milk @ {0}"])
def test_a_path_outside_of_the_sources_is_refused(
    repository: Projects, tmp_path: Path, name: str
) -> None:
    file = tmp_path / "wheels" / "milk-1.0-py3-none-any.whl"
    repository.project("tea_project", f'"{name.format(file)}"'.replace("onlyhere", "milk"))
    with pytest.raises(
        DevkitError, match=r"the locks of tea would have a path|it is outside of this repository"
    ):
        lock(repository)
    assert not repository.tea.local.exists()
