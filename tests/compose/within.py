"""The rights of a service, checked from within its container."""

from tests.compose.findings import holds, same
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


def an_address_is_the_gateways_to_tell(project: Project) -> None:
    """Only five sign-ins to an account may fail from one address.

    A client inside the installation cannot evade this limit with a forged address.
    """
    refused = ["401"] * 5 + ["429"]
    same("a service cannot name another's address", refused, project.probe("registry", "fail_sign_ins", "console"))
    same("nor by way of the gateway", refused, project.probe("alerts", "fail_sign_ins", "gateway"))
    project.desk()  # this sign-in succeeds, because it comes from another address
    # The counters are deleted, because another container may get one of these addresses later.
    project.compose("exec", "--no-TTY", "valkey", "valkey-cli", "FLUSHALL")
