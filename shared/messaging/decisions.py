"""Stores and executes decisions of named persons about reports and dead letters."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared import log
from shared.failures import is_dependency_unavailable, retry_while_unavailable
from shared.messaging.failure_limits import code
from shared.messaging.models import Decision
from shared.messaging.offsets import Fenced
from shared.postgres import database, notify

# The worker also polls the table at this interval, because it misses NOTIFY messages while it reconnects.
IDLE_SECONDS = 5.0


D = TypeVar("D", bound=Decision)
Execution = Callable[[AsyncSession], Awaitable[str]]


async def write(session: AsyncSession, *decisions: Decision) -> None:
    """The caller's commit sends NOTIFY to the worker."""
    session.add_all(decisions)
    await wake(session)


async def wake(session: AsyncSession) -> None:
    """The caller's commit sends the NOTIFY."""
    await session.execute(select(func.pg_notify(func.current_schema().op("||")("_decisions"), "")))


class Decisions(Generic[D]):
    """Executes decisions, oldest first, each in one transaction.

    `prepare` runs before the transaction, and returns the execution. `prepare` may read for a long time, and PostgreSQL
    would end an idle transaction.
    """

    def __init__(
        self, service: str, model: type[D], engine: AsyncEngine, prepare: Callable[[D], Awaitable[Execution]]
    ) -> None:
        self._channel = f"{service}_decisions"
        self._model = model
        self._engine = engine
        self._sessions = database.sessions(engine)
        self._prepare = prepare

    async def run(self) -> None:
        """Runs until cancelled."""
        woken = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(notify.listen(self._engine, self._channel, woken))
            while True:
                woken.clear()
                while await retry_while_unavailable(self._carry_out_oldest):
                    pass
                await notify.wait(woken, IDLE_SECONDS)

    async def _carry_out_oldest(self) -> bool:
        """Return False if no decision is open."""
        model = self._model
        async with self._sessions.begin() as session:
            oldest = select(model).where(model.carried_out_at.is_(None)).order_by(model.decided_at).limit(1)
            decision = await session.scalar(oldest)
        if decision is None:
            return False
        try:
            await self._mark(decision.decision_id, await self._prepare(decision))
        except Fenced:
            # Another worker has changed the prepared data. After Fenced, the next call prepares the decision again.
            return True
        except Exception as error:
            if is_dependency_unavailable(error):
                raise
            log.get().error("decision failed", **log.described(error))
            await self._mark(decision.decision_id, answer(code(error)))
        return True

    async def _mark(self, decision_id: UUID, execution: Execution) -> None:
        """Does nothing if another worker has already executed the decision."""
        async with self._sessions.begin() as session:
            decision = await session.get(self._model, decision_id, with_for_update=True)
            if decision is not None and decision.carried_out_at is None:
                decision.result = await execution(session)
                decision.carried_out_at = datetime.now(UTC)


def answer(result: str) -> Execution:
    """Return an execution that changes nothing and has this result."""

    async def execute(_: AsyncSession) -> str:
        return result

    return execute
