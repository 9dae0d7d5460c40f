"""A panel may be older than the stream.

The panel then waits for the worker's commit before it reads from PostgreSQL.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.console.positions import Positions
from services.console.queries import snapshots

pytestmark = pytest.mark.anyio

ADVANCE = """
INSERT INTO consumer_offsets (topic, partition, first_offset, next_offset) VALUES ('a test', 0, 0, 1)
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = consumer_offsets.next_offset + 1
"""


@pytest.fixture
async def positions(engine: AsyncEngine) -> AsyncIterator[Positions]:
    made = Positions(engine)
    running = asyncio.create_task(made.run())
    await asyncio.wait_for(made.moved.wait(), 60)  # the console sets `moved` when it listens for commits
    yield made
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_a_commit_of_the_worker_wakes_everybody_who_waits(positions: Positions, session: AsyncSession) -> None:
    waiting = [positions.moved for _ in range(3)]
    await session.execute(text(ADVANCE))
    assert not any(each.is_set() for each in waiting)
    await session.commit()
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        for event in waiting:
            tasks.create_task(event.wait())
    await session.execute(text("DELETE FROM consumer_offsets WHERE topic = 'a test'"))
    await session.commit()


async def test_what_is_committed_after_the_positions_were_read_is_not_missed(
    positions: Positions, engine: AsyncEngine, session: AsyncSession
) -> None:
    moved = positions.moved
    async with AsyncSession(engine) as reader:
        before = (await snapshots.positions(reader)).get(("a test", 0), 0)
    await session.execute(text(ADVANCE))
    await session.commit()
    await asyncio.wait_for(moved.wait(), 60)
    async with AsyncSession(engine) as reader:
        assert (await snapshots.positions(reader))["a test", 0] == before + 1
    await session.execute(text("DELETE FROM consumer_offsets WHERE topic = 'a test'"))
    await session.commit()


async def test_nothing_is_asked_of_postgresql_while_nothing_moves(positions: Positions, engine: AsyncEngine) -> None:
    statements: list[str] = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(positions.moved.wait(), 0.5)
    assert statements == []
