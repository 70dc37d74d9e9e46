# The image of webserver and daemon: Dagster, its libraries, and no team's code.
#
#   docker build -f deploy/orchestrator.Dockerfile -t dagteam/orchestrator .
#
# deploy/Dockerfile explains the context and the base image.
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS packages
ARG PIP_INDEX_URL
ARG UV_DEFAULT_INDEX
ARG UV_INDEX
ARG PIP_CERT
ARG SSL_CERT_FILE
ARG UV_VERSION=0.13.9
RUN python -m pip install --no-cache-dir --root-user-action=ignore "uv==${UV_VERSION}"
ENV UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never
RUN uv venv --no-project --python "$(command -v python)" /opt/venv
COPY dist/orchestrator/requirements.txt /tmp/
RUN uv pip sync --python /opt/venv/bin/python --require-hashes --compile-bytecode \
    --index-strategy unsafe-best-match /tmp/requirements.txt

FROM ${PYTHON_IMAGE}
RUN groupadd --gid 10001 dagteam \
    && useradd --uid 10001 --gid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin dagteam \
    && install --directory --owner=10001 --group=10001 /var/lib/dagteam
COPY --from=packages /opt/venv /opt/venv
COPY deploy/entrypoint.py /opt/dagteam/
# In the image, not mounted: a change of the registry leads to a new image and new containers.
COPY deploy/dagster.yaml deploy/workspace.yaml /opt/dagteam/home/
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    DAGSTER_HOME=/opt/dagteam/home
USER 10001:10001
WORKDIR /opt/dagteam/home
EXPOSE 3000
ENTRYPOINT ["python", "-I", "/opt/dagteam/entrypoint.py"]
# The webserver pools connections to the database and does not notice when the database restarts:
# the next request would fail. So no connection is pooled for longer than five seconds.
CMD ["dagster-webserver", "--host", "0.0.0.0", "--port", "3000", "--workspace", "workspace.yaml", \
     "--db-pool-recycle", "5"]
