"""Makes a database that tests copy, and the files that the PostgreSQL servers of all test processes start with."""

import asyncio
import os
import secrets as random
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from deploy.local.options import GIVEN
from deploy.provision import database
from deploy.provision.database import Server
from shared.config import Settings, secret
from shared.events.topics import SERVICES
from shared.postgres.schemas import migrate
from tests.components import Cluster, is_embedded, server_of, started_servers

Result = TypeVar("Result")


async def make_template(server: Server, folder: Path, name: str) -> None:
    """Creates the services' logins and the migrated database, which each installation copies.

    The passwords are files in `folder`.
    """
    passwords = {service: password(folder, "database", service) for service in SERVICES}
    template, prefix = f"{name}_template", f"{name}_"
    await database.create(server, template, role_prefix=prefix, passwords=passwords)
    settings = Settings(
        database_url=server.service_url(template, prefix), database_password_file=f"{folder}/database-{{service}}"
    )
    for service in SERVICES:
        await migrate(service, settings)


def password(folder: Path, component: str, login: str) -> str:
    return secret(folder / f"{component}-{login}") or ""


@contextmanager
def shared_cluster() -> Iterator[Cluster | None]:
    """Returns the files that each test process's PostgreSQL starts with.

    With the same files for all, initdb and the migrations run only once.

    Returns None if PostgreSQL is external or runs in a container.
    """
    if GIVEN["postgres"] in os.environ or not is_embedded():
        yield None
        return
    name = f"t{random.token_hex(4)}"
    with started_servers(["postgres"]) as (folders, started):
        server = server_of(started["postgres"], folders)
        in_thread(make_template(server, folders.secrets, name))
        started["postgres"].stop()
        yield Cluster(str(folders.state), name)


def in_thread(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Runs the coroutine in a new thread with its own event loop, because the test may already run an event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def shared(config: pytest.Config, name: str) -> dict[str, Any] | None:
    made: dict[str, Any] | None = getattr(config, "workerinput", {}).get(name)
    return made


def cluster_of(config: pytest.Config) -> Cluster | None:
    return Cluster(**made) if (made := shared(config, "cluster")) else None
