"""Several workers may run, and workers may be killed or frozen. Each effect happens once nevertheless."""

import asyncio
import os
import sys
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from deploy.local.process import Process
from shared.config import secret
from shared.failures import is_postgresql_unavailable
from shared.postgres import database
from tests.shared.trial import Trial, event, hazard
from tests.waiting import wait_for

IDLE = "SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction' AND query LIKE '%inbox%'"
LOCK = "SELECT 1 FROM effects FOR UPDATE"
COPYING = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'COPY %' AND wait_event = 'ClientRead'"
# A worker that locks its stored offsets (the fence) and starts a COPY, but never writes a row.
FROZEN = """
import asyncio, asyncpg, sys

async def rows():
    await asyncio.Event().wait()
    yield ()

async def main():
    connection = await asyncpg.connect(sys.argv[1])
    async with connection.transaction():
        await connection.execute("SELECT 1 FROM alerts.consumer_offsets FOR UPDATE")
        await connection.copy_records_to_table("effects", schema_name="alerts", records=rows())

asyncio.run(main())
"""
# A fixed member name gives a restarted worker its partitions without a timeout. The supervisor sets such a name
# too.
ITS_NAME = {"KAFKA_GROUP_INSTANCE": "local"}
pytestmark = pytest.mark.anyio


def worker(trial: Trial, **env: str) -> Process:
    return trial.installation.run("tests.shared.trial", env=env)


async def count(trial: Trial) -> int:
    return sum((await trial.effects()).values())


async def test_a_worker_killed_in_the_middle_leaves_each_effect_once(trial: Trial) -> None:
    await trial.publish(*(event(hazard()) for _ in range(1000)))
    for goal in (100, 300, 500):
        process = worker(trial, TRIAL_SECONDS="0.02", **ITS_NAME)
        await wait_for(partial(reached, trial, goal))
        process.kill9()
    worker(trial, **ITS_NAME)
    assert await trial.drained() == {"recorded": 1000}
    effects = await trial.effects()
    assert len(effects) == 1000 and set(effects.values()) == {1}


async def test_a_worker_frozen_while_another_works_leaves_each_effect_once(trial: Trial) -> None:
    await trial.publish(*(event(hazard()) for _ in range(40)))
    frozen = worker(trial, TRIAL_SECONDS="3")
    await wait_for(lambda: is_within_a_transaction(trial))
    frozen.freeze()
    other = worker(trial, TRIAL_SECONDS="0.1")
    await trial.publish(*(event(hazard()) for _ in range(40)))
    # 80 effects: the frozen worker's records are among them
    await wait_for(lambda: reached(trial, 80), 60)
    frozen.resume()
    await trial.publish(*(event(hazard()) for _ in range(40)))
    assert await trial.drained() == {"recorded": 120}
    effects = await trial.effects()
    assert len(effects) == 120 and set(effects.values()) == {1}
    await wait_for(lambda: "fenced" in frozen.log.read_text())
    assert other.is_running and frozen.is_running


async def test_a_worker_frozen_within_a_statement_still_frees_its_locks(trial: Trial) -> None:
    """A session may parse a statement and not run it. PostgreSQL's idle timeouts then never end the session."""
    await trial.publish(event(hazard()))
    async with trial.running(trial.consumer()):
        await trial.drained()
    async with trial.sessions() as frozen, trial.sessions() as other:
        assert await frozen.scalar(text("SHOW transaction_timeout")) == "1min"
        # a running timeout changes only if it is first set to 0
        for shorter in ("0", "200ms"):
            await frozen.execute(text(f"SET LOCAL transaction_timeout = '{shorter}'"))
        # the idle timeout is off, so only the transaction's own timeout can end this session
        await frozen.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        await frozen.execute(text(LOCK))
        await (await database.driver(frozen)).prepare("SELECT 'read and not run'")
        await asyncio.wait_for(other.execute(text(LOCK)), 30)
        with pytest.raises(DBAPIError) as awake:
            await frozen.execute(text("SELECT 1"))
        assert is_postgresql_unavailable(awake.value)  # a worker retries its batch for this error


async def test_a_worker_frozen_within_a_copy_is_ended_by_the_worker_that_waits(trial: Trial) -> None:
    """PostgreSQL has no timeout for a COPY. The worker that waits must therefore end the frozen worker's COPY."""
    await trial.publish(event(hazard()))
    async with trial.running(trial.consumer()):
        await trial.drained()
    password = secret(trial.settings.database_password_file) or ""
    frozen = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        FROZEN,
        trial.settings.database_url,
        env={**os.environ, "PGPASSWORD": password},
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await wait_for(lambda: trial.fetch(COPYING))
        await trial.publish(event(hazard()))
        async with trial.running(trial.consumer()):
            assert await trial.drained() == {"recorded": 2}
    finally:
        frozen.kill()
        await frozen.wait()


async def test_a_second_worker_takes_its_share_and_gives_it_back(trial: Trial) -> None:
    first = worker(trial, TRIAL_SECONDS="0.05")
    second = worker(trial, TRIAL_SECONDS="0.05")
    sent = 0
    while not all([await worked(trial, process) for process in (first, second)]):
        await trial.publish(*(event(hazard()) for _ in range(40)))
        sent += 40
        await wait_for(partial(reached, trial, sent))
    second.stop()
    await trial.publish(*(event(hazard()) for _ in range(300)))
    assert await trial.drained() == {"recorded": sent + 300}
    effects = await trial.effects()
    assert len(effects) == sent + 300 and set(effects.values()) == {1}
    assert first.is_running


async def test_a_worker_told_to_stop_leaves_nothing_half_done(trial: Trial) -> None:
    await trial.publish(*(event(hazard()) for _ in range(300)))
    process = worker(trial, TRIAL_SECONDS="0.05")
    await wait_for(lambda: reached(trial, 60))
    process.stop()
    assert process.exit_code == 0
    assert all(row.is_balanced for row in await trial.rows())


async def is_within_a_transaction(trial: Trial) -> bool:
    return bool(await trial.fetch(IDLE))


async def reached(trial: Trial, goal: int) -> bool:
    return await count(trial) >= goal


async def worked(trial: Trial, process: Process) -> bool:
    return process.pid in {pid for (pid,) in await trial.fetch("SELECT DISTINCT by FROM effects")}
