"""The instance on one's own host: the orchestrator's, with a database and a launcher of containers.

What schedules, sensors, limits and retention are is written once, in orchestrator/dagster.yaml.
"""

from devkit.core.paths import DAGSTER_YAML

HEADER = """\
# Generated from orchestrator/dagster.yaml by `invoke derive`: edits are lost. The instance on one's own host: history in PostgreSQL, and each run in a container of its
# team's own image. Values come from the environment that deploy/compose.yaml gives.
"""

HOST = """
storage:
  postgres:
    postgres_db:
      hostname: { env: DAGSTER_PG_HOST }
      db_name: { env: DAGSTER_PG_DB }
      username: { env: DAGSTER_PG_USERNAME }
      password: { env: DAGSTER_PG_PASSWORD }
      # The driver that dagster-postgres brings; SQLAlchemy 2.1 would take another one.
      scheme: postgresql+psycopg2

# A run's container also has what the code server of its team asks for: that server's own mounts
# (the store, the team's secrets) and a limit of memory. See DAGSTER_CONTAINER_CONTEXT.
run_launcher:
  module: dagster_docker
  class: DockerRunLauncher
  config:
    network: { env: DAGTEAM_NETWORK }
    env_vars:
      - DAGSTER_PG_HOST
      - DAGSTER_PG_DB
      - DAGSTER_PG_USERNAME
      - DAGTEAM_STORE
    container_kwargs:
      auto_remove: true
      init: true
      read_only: true
      tmpfs: { /tmp: "" }
      cap_drop: [ALL]
      security_opt: ["no-new-privileges:true"]
      pids_limit: 1024
      # The image's own asks a code server, which a run is none.
      healthcheck: { test: [NONE] }

# A code server that is being replaced is no reason for a run to fail.
run_queue:
  max_user_code_failure_retries: 5
  user_code_failure_retry_delay: 20

# What runs print, and what they store if nobody says where: in the volume that all of them have.
compute_logs:
  module: dagster._core.storage.local_compute_log_manager
  class: LocalComputeLogManager
  config:
    base_dir: /var/lib/dagteam/logs
local_artifact_storage:
  module: dagster._core.storage.root
  class: LocalArtifactStorage
  config:
    base_dir: /var/lib/dagteam
"""


def text() -> str:
    """The text of deploy/dagster.yaml; the orchestrator's first comment is of development only."""
    _, _, settings = DAGSTER_YAML.read_text().partition("\n\n")
    return f"{HEADER}\n{settings}{HOST}"
