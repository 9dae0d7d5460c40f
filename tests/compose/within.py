"""The rights of a service, checked from within its container."""

from typing import Any

import httpx

from deploy.local import paths
from tests.compose.findings import holds, same, wait
from tests.compose.project import SERVICES, Project


def kafka_knows_who_writes_what(project: Project) -> None:
    """The registry's login may write households, but not hazards, which only intake may write."""
    same("the registry may not write hazards", ["refused"], project.probe("registry", "write_hazards"))


def postgres_knows_who_reads_what(project: Project) -> None:
    """The registry's login may read households, but not the accounts of the console."""
    output = project.probe("registry", "read_accounts")
    same("the registry may not read accounts", ["dayar_registry", "refused"], output)


def prometheus_reads_the_figures(project: Project) -> None:
    metrics = " ".join(project.probe("console", "read_metrics", *SERVICES))
    holds("each service has its figures within", metrics.count("# HELP http_requests_total") == len(SERVICES))


def prometheus_judges_the_figures(project: Project) -> None:
    port = paths.free_port()
    project.compose("--profile", "observability", "up", "--wait", "prometheus", PROMETHEUS_PORT=str(port))
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=10) as prometheus:

        def found(path: str) -> Any:
            return prometheus.get(path).raise_for_status().json()["data"]

        def is_read() -> bool:
            return [target["health"] for target in found("/targets")["activeTargets"]] == ["up"] * len(SERVICES)

        def states() -> list[str]:
            return [rule["health"] for group in found("/rules")["groups"] for rule in group["rules"]]

        wait(is_read, "Prometheus reads the metrics of each service")
        wait(lambda: set(states()) == {"ok"}, "Prometheus evaluates each rule")
    project.compose("--profile", "observability", "rm", "--stop", "--force", "prometheus")


def an_address_is_the_gateways_to_tell(project: Project) -> None:
    """After five failed sign-ins from one address, an account refuses further sign-ins from this address.

    A client inside the installation must not evade this limit by forging an address.
    """
    refused = ["401"] * 5 + ["429"]
    same("a service cannot name another's address", refused, project.probe("registry", "fail_sign_ins", "console"))
    same("nor by way of the gateway", refused, project.probe("alerts", "fail_sign_ins", "gateway"))
    project.desk()  # from another address, a sign-in succeeds
    # Another container may later get a counted address. The counters are therefore deleted.
    project.compose("exec", "--no-TTY", "valkey", "valkey-cli", "FLUSHALL")
