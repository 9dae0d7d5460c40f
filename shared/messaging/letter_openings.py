"""Opens dead letters for people.

A service's worker finds a letter in Kafka, and stores its content for the reader.

Each content has its own key, and is deleted when the person has read it. Only the registry's worker has private keys.
In the letters of all other services, the sealed fields stay encrypted.
"""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.failures import retry_while_unavailable
from shared.messaging.decisions import Decisions, Execution, answer
from shared.messaging.letter_contents import content_of
from shared.messaging.models import LetterOpening
from shared.messaging.redrives import Redrives
from shared.postgres import database

KEPT = timedelta(minutes=10)
LOOK_SECONDS = 60
OPENED, NOT_FOUND = "opened", "not_found"


class LetterOpenings:
    def __init__(self, redrives: Redrives, encryption: EnvelopeEncryption) -> None:
        self._redrives = redrives
        self._encryption = encryption

    async def run(self, engine: AsyncEngine) -> None:
        """Runs until cancelled."""
        sessions = database.sessions(engine)
        openings = Decisions(self._redrives.service, LetterOpening, engine, partial(self.prepare, sessions))
        async with asyncio.TaskGroup() as group:
            group.create_task(openings.run())
            group.create_task(keep_forgotten(sessions))

    async def prepare(self, sessions: async_sessionmaker[AsyncSession], opening: LetterOpening) -> Execution:
        row, record = await self._redrives.row_and_record(sessions, opening)
        if row is None or record is None:
            return answer(NOT_FOUND)
        content = content_of(record, self._redrives.keys)
        plain = json.dumps({**content, "reason": row.reason, "pointer": row.pointer}).encode()
        return partial(self._store, opening.decision_id, plain)

    async def _store(self, opening_id: UUID, plain: bytes, session: AsyncSession) -> str:
        key = self._encryption.draw()
        sealed = {"kek_id": key.kek_id, "wrapped": key.wrapped, "sealed": key.seal(plain, opening_aad(opening_id))}
        await session.execute(update(LetterOpening).filter_by(decision_id=opening_id).values(**sealed))
        return OPENED


async def taken(
    session: AsyncSession, encryption: EnvelopeEncryption, opening: LetterOpening
) -> Mapping[str, Any] | None:
    """Returns the content of an opened letter, and deletes its row. Returns None if the letter was not found."""
    await session.delete(opening)
    if opening.kek_id is None or opening.wrapped is None or opening.sealed is None:
        return None
    key = encryption.unwrap(opening.kek_id, opening.wrapped)
    content: dict[str, Any] = json.loads(key.open(opening.sealed, opening_aad(opening.decision_id)))
    return content


async def of_account(session: AsyncSession, opening_id: UUID, account: UUID) -> LetterOpening | None:
    own = select(LetterOpening).filter_by(decision_id=opening_id, account=account)
    return await session.scalar(own.with_for_update())


async def keep_forgotten(sessions: async_sessionmaker[AsyncSession]) -> None:
    """Until cancelled, deletes contents that nobody has read within ten minutes."""
    while True:
        await retry_while_unavailable(lambda: forget(sessions, datetime.now(UTC)))
        await asyncio.sleep(LOOK_SECONDS)


async def forget(sessions: async_sessionmaker[AsyncSession], now: datetime) -> None:
    async with sessions.begin() as session:
        await session.execute(delete(LetterOpening).where(LetterOpening.decided_at < now - KEPT))


def opening_aad(opening_id: UUID) -> bytes:
    return f"{opening_id}|letter".encode()
