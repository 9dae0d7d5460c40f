"""Tests the creation of the database on a server with another locale."""

from collections.abc import AsyncIterator

import pytest

from deploy.provision import database
from deploy.provision.database import Server
from shared.events.topics import SERVICES
from tests.components import PostgreSQL
from tests.installation import Ground

MADE = "of_a_server_in_c"


@pytest.fixture
async def plain(ground: Ground) -> AsyncIterator[Server]:
    """A PostgreSQL server with the locale C. Cloud providers may offer PostgreSQL only with the locale C."""
    if not any(isinstance(component, PostgreSQL) for component in ground.components.started):
        pytest.skip("a given PostgreSQL keeps its template")
    connection = await ground.components.server.connect()
    await connection.execute("CREATE DATABASE in_c TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'")
    await connection.execute("ALTER DATABASE template0 RENAME TO own")
    await connection.execute("ALTER DATABASE in_c RENAME TO template0")
    yield ground.components.server
    await database.drop(ground.components.server, MADE, "template0")
    await connection.execute("ALTER DATABASE own RENAME TO template0")
    await connection.close()


async def test_a_name_is_lowercased_the_same_whatever_the_servers_locale(ground: Ground, plain: Server) -> None:
    passwords = {service: (ground.components.secrets / f"database-{service}").read_text() for service in SERVICES}
    await database.create(plain, MADE, role_prefix=ground.role_prefix, passwords=passwords)
    connection = await plain.connect(MADE)
    folded = await connection.fetchval("SELECT lower('АЙБЕК ҮСӨНОВ')")
    await connection.close()
    assert folded == "айбек үсөнов"
