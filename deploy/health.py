"""Checks whether the code server of this container answers: exit code 0 if it does.

`dagster api grpc-health-check` does the same, but imports all of Dagster, which takes ten times the
processor time; and the check is repeated in every team's container for as long as it runs.
"""

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

ANSWER_SECONDS = 10.0
SERVICE = "DagsterApi"  # as Dagster names it
# Docker's client can put `http_proxy` into every container, and gRPC would ask the proxy.
DIRECT = [("grpc.enable_http_proxy", 0)]


def main(port: str) -> None:
    """Ask once; `docker inspect` shows the message of a failure."""
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=DIRECT) as channel:
        question = health_pb2.HealthCheckRequest(service=SERVICE)
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(question, timeout=ANSWER_SECONDS)
        except grpc.RpcError as error:
            sys.exit(f"no answer on port {port}: {error.details()}")
    if answer.status != health_pb2.HealthCheckResponse.SERVING:
        sys.exit(f"it answers on port {port}, but does not serve")


if __name__ == "__main__":
    main(*sys.argv[1:])
