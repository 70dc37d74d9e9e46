"""Small repositories of strangers, in the shapes that public ones have: for tests of `adopt`.

Each function writes one below a folder, commits it and returns its root. What they load needs
Dagster only, of any version since 1.8, and no network.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

from testing.sandbox import GIT_SETTINGS
from testing.support import run

DAGSTER = "dagster>=1.8"


def definitions(asset: str, imports: str = "", body: str = "return 1") -> str:
    """The text of a module with one asset."""
    return (
        f"import dagster as dg\n{imports}\n\n@dg.asset\ndef {asset}() -> int:\n    {body}\n\n\n"
        f"defs = dg.Definitions([{asset}])\n"
    )


def project(name: str, *dependencies: str, python: str = ">=3.9", more: str = "") -> str:
    """The text of a pyproject.toml without a build backend."""
    listed = "".join(f'    "{each}",\n' for each in dependencies)
    return (
        f'[project]\nname = "{name}"\nversion = "0.1.0"\nrequires-python = "{python}"\n'
        f"dependencies = [\n{listed}]\n{dedent(more)}"
    )


SETUPTOOLS = """
[build-system]
requires = ["setuptools>=68"]
build-backend = "setuptools.build_meta"
"""


def write(root: Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder, whose parents are made."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    return root


def commit(root: Path) -> Path:
    """Make a folder a Git repository with one commit of everything."""
    for arguments in (
        ["init", "--quiet", "--initial-branch", "main"], ["add", "--all"],
        ["commit", "--quiet", "--message", "As it was"],
    ):  # fmt: skip
        done = run(["git", *arguments], root, GIT_SETTINGS)
        assert done.returncode == 0, done.stderr
    return root


def one_distribution(root: Path) -> Path:
    """Three packages in one distribution, with shared code and vendored distributions."""
    files = {
        "workspace.yaml": "# Our locations.\nload_from:\n",
        "pyproject.toml": project(
            "shops", DAGSTER, more="""
            [project.optional-dependencies]
            dev = ["dagster-webserver", "pytest>=8"]
            """
        ) + SETUPTOOLS + '\n[tool.pytest.ini_options]\ntestpaths = ["tests"]\n',
        "setup.py": "from setuptools import find_packages, setup\n\n"
        'setup(name="shops", packages=find_packages(include=["store_*", "bank_*", "shared"]))\n',
        "shared/__init__.py": "",
        "shared/io.py": 'from pathlib import Path\n\nDATA = Path("data/tables")\n',
        "tests/__init__.py": "",
        "tests/fakes.py": "ONE = 1\n",
        "scripts/environments.sh": 'locations=(\n  "store_north coach_runtime"\n  '
        '"store_south coach_runtime"\n  "bank_east risk_runtime"\n)\npip install -e .\n',
        ".gitignore": "data/\n.code_locations/\n",
    }  # fmt: skip
    for name, runtime in (
        ("store_north", "coach"),
        ("store_south", "coach"),
        ("bank_east", "risk"),
    ):
        files["workspace.yaml"] += (
            f"  - python_module:\n      module_name: {name}\n      location_name: {name}\n"
            f"      executable_path: ./.code_locations/{name}/.venv/bin/python  # its own\n"
        )
        files[f"{name}/__init__.py"] = f"from {name}.definitions import defs as defs\n"
        files[f"{name}/definitions.py"] = definitions(
            f"{name}_sales",
            "from importlib.metadata import version\nimport os\n\nfrom shared.io import DATA\n",
            f'return len(version("{runtime}-runtime") + str(DATA) + os.environ.get("MODEL", ""))',
        )
        files[f"tests/test_{name}.py"] = (
            f"from tests.fakes import ONE\nfrom {name} import defs\n\n\n"
            "def test_it() -> None:\n    assert defs and ONE\n"
        )
        files[f"vendor/{runtime}_runtime/setup.py"] = (
            f'from setuptools import setup\n\nsetup(name="{runtime}-runtime", version="1.4.0", '
            f'packages=["{runtime}_runtime"])\n'
        )
        files[f"vendor/{runtime}_runtime/{runtime}_runtime/__init__.py"] = "NAME = 1\n"
    return commit(write(root, files))


def source_layout(root: Path) -> Path:
    """`src` layouts three folders down, loaded as packages; a uv.lock and a venv for each."""
    files = {"workspace.yaml": "load_from:\n", "data/orders.csv": "id\n1\n"}
    for name, python in (("sales", ">=3.9,<3.14"), ("inventory", ">=3.9,<3.13")):
        files["workspace.yaml"] += (
            f"  - python_package:\n      package_name: packages.{name}.src.{name}\n"
            f"      location_name: {name}\n      attribute: defs\n"
            f"      executable_path: packages/{name}/.venv/bin/python\n"
        )
        folder = f"packages/{name}"
        files |= {
            f"{folder}/pyproject.toml": project(
                name, DAGSTER, python=python,
                more='\n[project.optional-dependencies]\ndev = ["pytest>=8"]\n',
            ) + '\n[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n',
            f"{folder}/uv.lock": 'version = 1\n\n[[package]]\nname = "click"\nversion = "8.1.8"\n'
            f'source = {{ registry = "https://index" }}\n\n[[package]]\nname = "{name}"\n'
            'version = "0.1.0"\nsource = { editable = "." }\n',
            f"{folder}/src/{name}/__init__.py": f"from packages.{name}.src.{name}.definitions "
            "import defs as defs\n",
            f"{folder}/src/{name}/definitions.py": definitions(
                f"{name}_rows", "from pathlib import Path\n",
                'return len(Path("data/orders.csv").read_text())',
            ),
        }  # fmt: skip
    files["packages/sales/tests/test_sales.py"] = (
        "from sales.definitions import defs\n\n\ndef test_it() -> None:\n    assert defs\n"
    )
    return commit(write(root, files))


def below_git(top: Path) -> Path:
    """setup.py only, a shared folder named in requirements.txt, and a root below Git's top."""
    files = {
        "README.md": "Several examples.\n",
        "platform/workspace.yaml": "load_from:\n",
        "platform/dagster_cloud.yaml": "locations:\n",
        "platform/shared-dir/setup.py": "from setuptools import find_packages, setup\n\n"
        'setup(name="shared", packages=find_packages())\n',
        "platform/shared-dir/shared/__init__.py": "def one() -> int:\n    return 1\n",
    }
    for name in ("location1", "location2"):
        files["platform/workspace.yaml"] += (
            f"  - python_package:\n      package_name: {name}\n      location_name: {name}\n"
            f"#      working_directory: {name}-dir\n"
        )
        files["platform/dagster_cloud.yaml"] += (
            f"  - location_name: {name}\n    code_source:\n      package_name: {name}\n"
            f"    build:\n      directory: {name}-dir\n"
        )
        folder = f"platform/{name}-dir"
        files |= {
            f"{folder}/setup.py": "from setuptools import find_packages, setup\n\n"
            f'setup(name="{name}", packages=find_packages(exclude=["{name}_tests"]),\n'
            f'      install_requires=["{DAGSTER}"],\n'
            '      extras_require={"dev": ["dagster-webserver", "pytest"]})\n',
            f"{folder}/requirements.txt": "../shared-dir\n",
            f"{folder}/{name}/__init__.py": definitions(
                f"{name}_asset", "from shared import one\n", "return one()"
            ),
        }
    return commit(write(top, files)) / "platform"


def files_and_attributes(root: Path) -> Path:
    """Files and attributes, in every short and long form, with one requirements.txt for each."""
    return commit(
        write(
            root,
            {
                "workspace.yaml": """\
                load_from:
                  - python_file: sales/repo.py
                  - python_file:
                      relative_path: finance/jobs.py
                      attribute: ledger
                      location_name: finance-eu  # as the UI shows it
                  - python_module: marketing.definitions
                """,
                "sales/repo.py": definitions("orders", "import sys\n"),
                "sales/requirements.txt": f"-r ../base.txt\n-c constraints.txt\n{DAGSTER}\n",
                "sales/constraints.txt": "click==8.1.8\n",
                "base.txt": "packaging>=21  # everybody\n",
                "finance/jobs.py": definitions("balance") + "\nledger = defs\n",
                "finance/requirements.txt": f"{DAGSTER}\n--no-binary :none:\n",
                "marketing/__init__.py": "",
                "marketing/definitions.py": definitions("campaign", "from .names import NAME\n"),
                "marketing/names.py": 'NAME = "spring"\n',
                "marketing/requirements.txt": f"{DAGSTER}\n",
                "marketing/requirements-dev.txt": "-r requirements.txt\npytest>=7\n",
            },
        )
    )


def poetry(root: Path) -> Path:
    """Poetry: one project of its own, one that Poetry does not build, with a path dependency."""
    backend = (
        '\n[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
    )
    return commit(
        write(
            root,
            {
                "workspace.yaml": """\
                load_from:
                  - python_module:
                      module_name: eastern.definitions
                      working_directory: eastern_project
                  - python_module:
                      module_name: jobs.nightly
                      working_directory: western
                """,
                "eastern_project/pyproject.toml": """\
                [tool.poetry]
                name = "eastern"
                version = "0.1.0"
                description = ""
                authors = ["A <a@localhost>"]

                [tool.poetry.dependencies]
                python = ">=3.9,<4.0"
                dagster = ">=1.8"

                [tool.poetry.group.dev.dependencies]
                pytest = "^8.0"
                pytest-mock = "^3.0"
                """
                + backend.replace("\n", "\n                "),
                "eastern_project/poetry.lock": '[[package]]\nname = "click"\nversion = "8.1.8"\n',
                "eastern_project/eastern/__init__.py": "",
                "eastern_project/eastern/definitions.py": definitions("east"),
                "western/pyproject.toml": """\
                [tool.poetry]
                name = "dagster-western"
                version = "0.1.0"
                package-mode = false

                [tool.poetry.dependencies]
                python = "^3.9"
                dagster = "^1.8"
                common = { path = "../common", develop = true }
                """
                + backend.replace("\n", "\n                "),
                "western/jobs/__init__.py": "",
                "western/jobs/nightly.py": definitions("west", "from common import TWO\n"),
                "common/pyproject.toml": project("common"),
                "common/common/__init__.py": "TWO = 2\n",
            },
        )
    )


def dg_workspace(root: Path) -> Path:
    """A workspace of dg with two projects in `src` layout; a name with a hyphen."""
    files = {
        "dg.toml": 'directory_type = "workspace"\n\n[workspace]\n'
        '[[workspace.projects]]\npath = "projects/my-cool-project"\n'
        '[[workspace.projects]]\npath = "projects/second"\n'
    }
    for folder, module in (("my-cool-project", "my_cool_project"), ("second", "second")):
        path = f"projects/{folder}"
        files |= {
            f"{path}/pyproject.toml": project(
                module, DAGSTER, more='\n[dependency-groups]\ndev = ["pytest>=8"]\n'
            )
            + '\n[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            '\n[tool.dg]\ndirectory_type = "project"\n\n[tool.dg.project]\n'
            f'root_module = "{module}"\n',
            f"{path}/src/{module}/__init__.py": "",
            f"{path}/src/{module}/definitions.py": definitions(f"{module}_rows"),
            f"{path}/tests/test_it.py": f"import {module}.definitions\n\n\n"
            f"def test_it() -> None:\n    assert {module}.definitions.defs\n",
        }
    return commit(write(root, files))


def containers(root: Path) -> Path:
    """gRPC servers in a compose file, whose code is here; one whose code is elsewhere."""
    return commit(
        write(
            root,
            {
                "workspace.yaml": """\
                load_from:
                  - grpc_server:
                      host: user_code_etl
                      port: 4000
                      location_name: etl
                  - grpc_server:
                      host: project_reports
                      port: 4000
                      location_name: "reports of today"
                  - grpc_server:
                      host: their.server.test
                      port: 4000
                      location_name: theirs
                """,
                "docker-compose.yml": """\
                services:
                  webserver:
                    image: dagster
                    command: dagster-webserver -h 0.0.0.0 -p 3000 -w workspace.yaml
                    volumes:
                      - ./workspace.yaml:/opt/dagster/app/workspace.yaml
                  etl:
                    container_name: user_code_etl
                    build:
                      context: .
                      dockerfile: etl/Dockerfile
                  project_reports:
                    build: ./reports
                    command:
                      - dagster
                      - code-server
                      - start
                      - --python-file
                      - /opt/reports/repository.py
                      - -a
                      - reports
                """,
                "etl/Dockerfile": """\
                FROM python:3.11-slim
                WORKDIR /opt/app
                COPY etl /opt/app
                RUN pip install -r requirements.txt
                CMD ["dagster", "api", "grpc", "-h", "0.0.0.0", "-p", "4000", \\
                     "-m", "pipelines.definitions"]
                """,
                "etl/requirements.txt": f"{DAGSTER}\n",
                "etl/pipelines/__init__.py": "",
                "etl/pipelines/definitions.py": definitions("rows"),
                "reports/Dockerfile": "FROM python:3.11\nCOPY . /opt/reports\n",
                "reports/requirements.txt": f"{DAGSTER}\n",
                "reports/repository.py": definitions("page") + "\nreports = defs\n",
            },
        )
    )


def uv_workspace(root: Path) -> Path:
    """A workspace of uv: members that need each other, one lock at the root, started each alone."""
    backend = '\n[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    files = {
        "pyproject.toml": project("everything", "orders", "returns")
        + "\n[tool.uv]\npackage = false\n\n[tool.uv.workspace]\nmembers = ["
        + '"packages/*", "libs/*"]\n\n[tool.uv.sources]\norders = { workspace = true }\n'
        + "returns = { workspace = true }\n",
        "uv.lock": 'version = 1\n\n[[package]]\nname = "click"\nversion = "8.1.8"\n'
        'source = { registry = "https://index" }\n'
        + "".join(
            f'\n[[package]]\nname = "{name}"\nversion = "0.1.0"\n'
            f'source = {{ editable = "{folder}/{name}" }}\n'
            for folder, name in (("packages", "orders"), ("packages", "returns"), ("libs", "core"))
        ),
        "libs/core/pyproject.toml": project("core") + backend,
        "libs/core/src/core/__init__.py": "THREE = 3\n",
    }
    for name in ("orders", "returns"):
        files |= {
            f"packages/{name}/pyproject.toml": project(
                name, DAGSTER, "core", more=f"""
                [dependency-groups]
                dev = ["pytest>=8"]

                [tool.uv.sources]
                core = {{ workspace = true }}

                [tool.dagster]
                module_name = "{name}.definitions"
                code_location_name = "{name} of today"
                """
            ) + backend,
            f"packages/{name}/src/{name}/__init__.py": "",
            f"packages/{name}/src/{name}/definitions.py": definitions(
                f"{name}_rows", "from core import THREE\n", "return THREE"
            ),
        }  # fmt: skip
    return commit(write(root, files))


def same_package(root: Path) -> Path:
    """Two packages of one name, in two folders."""
    files = {"workspace.yaml": "load_from:\n"}
    for team in ("blue", "green"):
        files["workspace.yaml"] += (
            f"  - python_module:\n      module_name: jobs\n      location_name: {team}-team\n"
            f"      working_directory: {team}/code\n"
        )
        files |= {
            f"{team}/pyproject.toml": project(f"{team}-jobs", DAGSTER),
            f"{team}/code/jobs/__init__.py": definitions(f"{team}_asset"),
        }
    return commit(write(root, files))


def nothing_declared(root: Path) -> Path:
    """Definitions that nothing names, and a requirements.txt."""
    return commit(
        write(
            root,
            {
                "requirements.txt": f"{DAGSTER}\n",
                "pipelines/__init__.py": "",
                "pipelines/definitions.py": definitions("rows"),
                "other/definitions.py": definitions("others"),
                "tests/test_rows.py": "from pipelines.definitions import rows\n\n\n"
                "def test_it() -> None:\n    assert rows() == 1\n",
            },
        )
    )


SHAPES: dict[str, Callable[[Path], Path]] = {
    each.__name__: each
    for each in (
        one_distribution, source_layout, below_git, files_and_attributes, poetry, dg_workspace,
        containers, uv_workspace, same_package, nothing_declared,
    )
}  # fmt: skip
