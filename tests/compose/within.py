"""The rights of a service, tried from within its own container."""

from tests.compose.findings import holds, same
from tests.compose.project import SERVICES, Project


def kafka_knows_who_writes_what(project: Project) -> None:
    """With its own login the registry may write households, but not hazards, which are intake's."""
    same("the registry may not write hazards", ["refused"], project.probe("registry", "write_hazards"))


def postgres_knows_who_reads_what(project: Project) -> None:
    """With its own login the registry reads households, but not accounts, which are the console's."""
    said = project.probe("registry", "read_accounts")
    same("the registry may not read accounts", ["dayar_registry", "refused"], said)


def prometheus_reads_the_figures(project: Project) -> None:
    said = " ".join(project.probe("console", "read_metrics", *SERVICES))
    holds("each service has its figures within", said.count("# HELP http_requests_total") == len(SERVICES))


def an_address_is_the_gateways_to_tell(project: Project) -> None:
    """Five sign-ins to an account may fail from one address.

    A client inside cannot evade this with a forged address.
    """
    refused = ["401"] * 5 + ["429"]
    same("a service cannot name another's address", refused, project.probe("registry", "fail_sign_ins", "console"))
    same("nor by way of the gateway", refused, project.probe("alerts", "fail_sign_ins", "gateway"))
    project.desk()  # signs in: the gateway forwarded the real address
    # deleted, as another container may get one of these addresses later
    project.compose("exec", "--no-TTY", "valkey", "valkey-cli", "FLUSHALL")
