"""What a worker that froze holds is freed by those who wait."""

import asyncio
import os
import sys
from datetime import timedelta

import pytest

from shared import database, offsets
from shared.config import Settings, secret
from tests.installation import Installation
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

WORKER = """
import asyncio, asyncpg, sys

async def rows():
    await asyncio.Event().wait()
    yield ()

async def main():
    connection = await asyncpg.connect(sys.argv[1])
    await connection.copy_records_to_table("consumer_offsets", schema_name="registry", records=rows())

asyncio.run(main())
"""


async def test_a_worker_that_froze_within_a_copy_is_ended(tables: Installation) -> None:
    """Of a process of its own, which never writes what it began to."""
    settings = tables.settings(Settings, "registry")
    engine = database.engine(settings)
    sessions = database.sessions(engine)
    password = secret(settings.database_password_file) or ""
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, settings.database_url, env={**os.environ, "PGPASSWORD": password},
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip

    async def are_ended(count: int) -> bool:
        async with sessions.begin() as session:
            return await offsets.end_frozen(session, after=timedelta(0)) == count

    await wait_for(lambda: are_ended(1))
    await wait_for(lambda: are_ended(0))
    worker.kill()
    await worker.wait()
    await engine.dispose()
