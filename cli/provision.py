"""`dayar provision` creates the secrets, database and topics if another team operates Kafka and PostgreSQL."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from deploy.provision import database as databases
from deploy.provision import secrets as secret_files
from deploy.provision import topics as kafka_topics
from deploy.provision.acls import INTEGRATOR
from deploy.provision.broker import Broker
from deploy.provision.database import Server
from deploy.provision.logins import set_passwords
from shared.config import Settings, secret
from shared.events.topics import SERVICES
from shared.postgres.schemas import NotOurs

app = typer.Typer(help="Prepare Kafka and PostgreSQL that others run.", no_args_is_help=True, add_completion=False)

Secrets = Annotated[Path, typer.Argument(help="The folder that `dayar provision secrets` made.")]


@app.command()
def secrets(
    folder: Annotated[Path, typer.Argument(help="The folder of the secrets. Existing secrets are kept.")],
) -> None:
    """Generate the installation's keys and passwords."""
    os.umask(0o077)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret_files.draw(folder)


@app.command()
def database(
    folder: Secrets,
    admin_url: Annotated[str, typer.Option(envvar="ADMIN_DATABASE_URL", help="A login that may create roles.")],
    admin_password_file: Annotated[Path | None, typer.Option(help="Its password.")] = None,
    name: Annotated[str, typer.Option(help="The database to make.")] = "dayar",
) -> None:
    """Create the database, and for each service a login role and a schema."""
    passwords = {service: secret(folder / f"database-{service}") or "" for service in SERVICES}
    server = Server(admin_url, secret(admin_password_file))
    with refused():
        asyncio.run(databases.create(server, name, role_prefix=f"{name}_", passwords=passwords))
    typer.echo(f"DATABASE_URL={server.service_url(name, f'{name}_')}")


@app.command()
def topics(
    folder: Secrets,
    bootstrap: Annotated[str, typer.Option(envvar="KAFKA_BOOTSTRAP")],
    admin: Annotated[
        str | None, typer.Option(help="A login that may create topics; without one no rights are set.")
    ] = None,
    admin_password_file: Annotated[Path | None, typer.Option(help="Its password.")] = None,
    partitions: Annotated[int, typer.Option(help="Partitions of each topic.")] = 12,
    replication: Annotated[int, typer.Option(help="Copies of each record.")] = 3,
) -> None:
    """Create the topics, the services' logins and their rights."""
    broker = Broker(
        bootstrap,
        admin,
        secret(admin_password_file),
        os.environ.get("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
        os.environ.get("KAFKA_SASL_MECHANISM", "SCRAM-SHA-256"),
        os.environ.get("KAFKA_CA_FILE"),
    )
    logins = {login: login for login in (*SERVICES, INTEGRATOR)}
    settings = Settings()
    with refused():
        kafka_topics.hold_to_contract(broker, settings.topic_prefix)
    if broker.is_closed:
        set_passwords(broker, {login: secret(folder / f"kafka-{login}") or "" for login in logins})
    kafka_topics.create(broker, settings, logins=logins, partitions=partitions, replication=replication)


@contextmanager
def refused() -> Iterator[None]:
    """Exit with an error message if an earlier or newer build wrote the database or the topics."""
    try:
        yield
    except NotOurs as error:
        sys.exit(str(error))
