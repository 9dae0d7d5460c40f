"""A web server and a worker may share a process.

If one of the two fails, it logs the reason, and restarts without the other.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from sqlalchemy import text

from deploy.local.process import Process
from services.intake.config import IntakeSettings
from shared import lifecycle
from shared.messaging import offsets
from shared.postgres import database
from tests.installation import Installation
from tests.shared.trial import TOPIC, Trial, event, hazard
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

BEYOND_THE_END = 1_000
Rename = Callable[[str, str], Awaitable[None]]


@pytest.fixture
async def rename(installation: Installation) -> AsyncIterator[Rename]:
    """Renames a table. Without the table, queries fail until a second call restores the name."""
    engine = database.engine(installation.settings(IntakeSettings))

    async def renamed(old: str, new: str) -> None:
        async with engine.begin() as connection:
            await connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))

    yield renamed
    await engine.dispose()


def started(installation: Installation, service: str, *side: str) -> Process:
    return installation.start(service, *side, env={"PORT": str(installation.port), "INTAKE_FEEDS": ""})


async def is_ready(installation: Installation) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as anybody:
            return (await anybody.get(f"http://127.0.0.1:{installation.port}/ready")).is_success
    except httpx.TransportError:
        return False


def times(process: Process, text: str) -> int:
    return process.log.read_text(encoding="utf-8").count(text)


async def test_a_stopped_consumer_leaves_the_web_side_up_and_continues_when_its_gap_is_settled(
    whole_trial: Trial,
) -> None:
    async with whole_trial.sessions.begin() as session:
        await offsets.begin(session, {(TOPIC, 0): BEYOND_THE_END})
    process = started(whole_trial.installation, "alerts")
    await wait_for(lambda: is_ready(whole_trial.installation))
    await wait_for(lambda: times(process, '"consumer stopped"') >= 2, 60)
    assert process.is_running
    assert await is_ready(whole_trial.installation)
    assert "out_of_range" in {row.stopped for row in await whole_trial.rows()}

    async with whole_trial.sessions.begin() as session:
        await session.execute(text("UPDATE consumer_offsets SET first_offset = 0, next_offset = 0, stopped = NULL"))
    await whole_trial.publish(*(event(hazard()) for _ in range(60)))
    assert (await whole_trial.drained()).total() == 60
    assert process.is_running


async def test_a_web_side_whose_background_task_fails_ends(installation: Installation, rename: Rename) -> None:
    """The web server must end too: otherwise it would answer requests while nobody reads revocations."""
    await rename("feed_counts", "hidden")
    process = started(installation, "intake", "web")
    async with asyncio.timeout(180):
        await process.ended()
    assert process.exit_code == lifecycle.FAILED
    assert times(process, '"ended by a failure"') == 1


async def test_a_web_side_beside_a_worker_is_restarted(installation: Installation, rename: Rename) -> None:
    await rename("feed_counts", "hidden")
    process = started(installation, "intake")
    await wait_for(lambda: times(process, '"ended by a failure, started again"') >= 2, 60)
    await rename("hidden", "feed_counts")
    await wait_for(lambda: is_ready(installation), 60)
    assert process.is_running
    process.stop()
    assert process.exit_code == 0


async def test_an_invalid_setting_ends_the_start_with_its_name(tables: Installation) -> None:
    process = tables.start("intake", "worker", env={"INTAKE_FEEDS": "https://example.org/no-source"})
    async with asyncio.timeout(180):
        await process.ended()
    assert process.exit_code == lifecycle.FAILED
    [line] = [json.loads(line) for line in process.log.read_text().splitlines() if "INTAKE_FEEDS" in line]
    assert line["level"] == "critical"
    assert "usgs=https://" in line["event"]
