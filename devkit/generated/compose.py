"""The platform on one's own host: a Compose file and a workspace, derived from the registry.

Two texts, not a tree that is dumped: they are read by whoever looks after the host.
"""

from collections.abc import Sequence
from pathlib import Path

import yaml

from devkit.core.errors import DevkitError
from devkit.core.paths import ROOT
from devkit.generated import dagster_yaml
from devkit.registry.workspace import Team

FOLDER = ROOT / "deploy"
PORT = 4000
RESERVED = frozenset({"postgres", "migrate", "webserver", "daemon"})
HEADER = "# Generated from workspace.yaml by `invoke derive`: edits are lost.\n"

PLATFORM = """\
# The platform on one host; docs/host.md says what the host needs first, and what to do then:
#   docker compose -f deploy/compose.yaml up --build --wait
# Settings are variables, in the environment or in deploy/.env; secrets are files in deploy/secrets.
name: dagteam

x-service: &service
  restart: unless-stopped
  init: true
  read_only: true
  tmpfs: [/tmp]
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]
  pids_limit: 1024
  logging: { driver: local } # rotated, unlike the default

x-environment: &environment
  DAGSTER_PG_HOST: postgres
  DAGSTER_PG_DB: dagster
  DAGSTER_PG_USERNAME: dagster
  DAGTEAM_STORE: ${DAGTEAM_STORE:-/var/lib/dagteam/tables}

x-arguments: &arguments
  PYTHON_IMAGE: # the environment's, or else the Dockerfile's

# A team's code server. Runs have its mounts, so its store and its secrets, by its name.
x-team: &team
  <<: *service
  mem_limit: ${DAGTEAM_TEAM_MEMORY:-1g}
  secrets: [postgres_password]

# Webserver and daemon start and stop the containers of runs. Whoever can do that can do anything
# on this host, so they run no team's code, and the UI is published to this host only.
x-host: &host
  <<: *service
  image: ${DAGTEAM_REGISTRY:-dagteam}/orchestrator:${DAGTEAM_TAG:-latest}
  environment:
    <<: *environment
    DAGTEAM_NETWORK: ${COMPOSE_PROJECT_NAME}_default
  mem_limit: ${DAGTEAM_HOST_MEMORY:-1g}
  secrets: [postgres_password]
  group_add: ["${DOCKER_GID:?the group of Docker's socket, see docs/host.md}"]
  volumes:
    - &store store:/var/lib/dagteam
    - ${DOCKER_SOCKET:-/var/run/docker.sock}:/var/run/docker.sock
  depends_on: { migrate: { condition: service_completed_successfully } }

services:
  postgres:
    <<: *service
    image: ${POSTGRES_IMAGE:-postgres:17-bookworm}
    user: postgres
    environment:
      POSTGRES_DB: dagster
      POSTGRES_USER: dagster
      POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password
    secrets: [postgres_password]
    tmpfs: [/tmp, /var/run/postgresql]
    shm_size: 128m
    mem_limit: ${DAGTEAM_POSTGRES_MEMORY:-1g}
    volumes: ["history:/var/lib/postgresql/data"]
    stop_grace_period: 1m
    healthcheck: # by TCP: while it is set up, PostgreSQL answers on its socket only
      test: [CMD, pg_isready, --quiet, --host, 127.0.0.1, --username, dagster]
      interval: 5s
      timeout: 5s
      retries: 12
      start_period: 1m

  # Makes the tables, or brings them up to the orchestrator's Dagster, once and alone.
  migrate:
    <<: *host
    build: { context: .., dockerfile: deploy/orchestrator.Dockerfile, args: *arguments }
    command: [dagster, instance, migrate]
    restart: "no"
    group_add: []
    volumes: []
    depends_on: { postgres: { condition: service_healthy } }

  webserver:
    <<: *host
    ports: ["${DAGTEAM_ADDRESS:-127.0.0.1}:${DAGTEAM_PORT:-3000}:3000"]
    healthcheck:
      test:
        - CMD
        - python
        - -c
        - import urllib.request as u; u.urlopen("http://127.0.0.1:3000/server_info", timeout=9)
      interval: 10s
      timeout: 10s
      start_period: 1m

  daemon:
    <<: *host
    command: [dagster-daemon, run, --workspace, workspace.yaml]
    healthcheck:
      test: [CMD, python, -P, /opt/dagteam/entrypoint.py, dagster-daemon, liveness-check]
      interval: 20s
      timeout: 60s # it imports all of Dagster, perhaps on a busy host
      start_period: 2m
"""

TEAM = """
  %(location)s:
    <<: *team
    container_name: ${COMPOSE_PROJECT_NAME}-%(location)s
    image: &image_of_%(location)s ${DAGTEAM_REGISTRY:-dagteam}/%(image)s:${DAGTEAM_TAG:-latest}
    build:
      context: ..
      dockerfile: deploy/Dockerfile
      args: { <<: *arguments, LOCATION: %(location)s, MODULE: %(module)s }
    environment:
      <<: *environment
      DAGSTER_CURRENT_IMAGE: *image_of_%(location)s
      DAGSTER_CONTAINER_CONTEXT: >-
        {"docker": {"container_kwargs": {"volumes_from": ["${COMPOSE_PROJECT_NAME}-%(location)s"],
        "mem_limit": "${DAGTEAM_RUN_MEMORY:-2g}"}}}
    volumes: [*store, "./secrets/%(location)s:/run/secrets/team:ro"]
"""

END = """
volumes:
  history: # of runs and everything else that Dagster knows: PostgreSQL's data
  store: # tables, and what runs print

secrets:
  postgres_password: { file: ./secrets/postgres_password }
"""


def files(teams: Sequence[Team]) -> dict[Path, str]:
    """The text of every file, by its path.

    Raises:
        DevkitError: if a location has the name of a part of the platform.
    """
    if taken := sorted(RESERVED.intersection(team.location for team in teams)):
        raise DevkitError(
            f"a location can't be named {taken[0]!r}: a part of the platform is, on one's own host",
            fix="give it another location_name in workspace.yaml, then invoke derive",
        )
    return {
        FOLDER / "compose.yaml": HEADER + PLATFORM + "".join(map(_service, teams)) + END,
        FOLDER / "workspace.yaml": HEADER + workspace(teams),
        FOLDER / "dagster.yaml": dagster_yaml.text(),
    }


def workspace(teams: Sequence[Team]) -> str:
    """What the hosts load: each team's code server by the name that the network knows it by."""
    servers = [
        {"grpc_server": {"host": team.location, "port": PORT, "location_name": team.location}}
        for team in teams
    ]
    text: str = yaml.safe_dump({"load_from": servers}, sort_keys=False)
    return text


def _service(team: Team) -> str:
    # The name of an image has no capitals.
    names = {"location": team.location, "image": team.location.lower(), "module": team.module}
    return TEAM % names
