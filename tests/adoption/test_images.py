"""What a Dockerfile copies is found here again: paths of its command, and the folder it runs in."""

from pathlib import Path

from devkit.adoption import declarations, images
from devkit.adoption.tree import Tree
from testing.foreign import write

COMPOSE = """\
services:
  one:
    build: {context: ., dockerfile: ./loads_one/Dockerfile}
  two:
    build: {context: ., dockerfile: ./loads_two/Dockerfile}
"""
REGISTRY = """\
load_from:
  - grpc_server: {host: one, port: 4001, location_name: Layer One}
  - grpc_server: {host: two, port: 4002, location_name: Layer Two}
"""
SERVES = 'CMD ["dagster", "api", "grpc", "-f", "./{path}", "-h", "0.0.0.0", "-p", "4001"]\n'


def test_two_servers_whose_images_copy_differently(tmp_path: Path) -> None:
    one = (
        "FROM python\nENV APP=/opt/app/\nWORKDIR ${APP}\nCOPY ./loads_one/requirements.txt ${APP}\n"
    )
    two = (
        "FROM python\nARG APP /opt\nWORKDIR $APP/app\nCOPY --link loads_two ${APP}/app/loads_two\n"
    )
    files = {
        "workspace.yaml": REGISTRY,
        "docker-compose.yml": COMPOSE,
        "loads_one/Dockerfile": one
        + "COPY ./loads_one ${APP}\n"
        + SERVES.format(path="definitions.py"),
        "loads_two/Dockerfile": two + SERVES.format(path="loads_two/definitions.py"),
        "loads_one/definitions.py": "",
        "loads_one/requirements.txt": "",
        "loads_two/definitions.py": "",
    }
    found = declarations.find(Tree(write(tmp_path, files)))
    assert not found.remotes
    assert [(one.location, one.value, one.folder) for one in found.locations] == [
        ("Layer One", "loads_one/definitions.py", "loads_one"),
        ("Layer Two", "loads_two/definitions.py", "."),
    ]


def test_a_dockerfile_alone_is_read_from_the_context_that_has_what_it_copies(
    tmp_path: Path,
) -> None:
    files = {
        "etl/Dockerfile": "FROM python\nWORKDIR /app\nCOPY code .\n"
        + SERVES.format(path="repo.py"),
        "etl/code/repo.py": "",
        "other/repo.py": "",
    }
    (found,) = declarations.find(Tree(write(tmp_path, files))).locations
    assert (found.value, found.folder) == ("etl/code/repo.py", "etl/code")


def test_sources_and_folders_of_an_image(tmp_path: Path) -> None:
    text = (
        'FROM a AS b\nCOPY ["etl", "/srv/etl"]\nCOPY a.txt b.txt /srv/\nCOPY gone /srv/gone\n'
        "COPY --from=b /srv /other\n# COPY etl /no\nWORKDIR /srv\n"
    )
    write(tmp_path, {"x/Dockerfile": text, "x/etl/in/a.py": "", "x/a.txt": "", "x/b.txt": ""})
    tree = Tree(tmp_path)
    image = images.read(tree, "x/Dockerfile", "x")
    assert image.source(tree, "etl/in/a.py") == "x/etl/in/a.py"
    assert image.source(tree, "/srv/b.txt") == "x/b.txt"
    assert image.source(tree, "/other/etl") is None
    assert image.source(tree, "etl/gone.py") is None
    assert image.folder(tree) == "x"
    assert images.Image().folder(tree) is None
