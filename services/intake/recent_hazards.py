"""Stores the hazards that intake accepted, from which it proposes those that may have made people leave."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake.drafts import Draft, HazardDraft
from services.intake.models import RecentHazard
from services.intake.publication import Answer
from shared.events import HazardReported
from shared.events.vocabulary import MsgType
from shared.failures import retry_while_unavailable
from shared.places import Places
from shared.postgres.upsert import upsert

MOST = 10_000  # while PostgreSQL is unavailable, at most this many hazards wait in memory


class RecentHazards:
    """Stores hazards in the background, because a report must not wait for PostgreSQL.

    If the process ends before a hazard is stored, the hazard is not proposed until its next revision.
    """

    def __init__(self, sessions: async_sessionmaker[AsyncSession], places: Places) -> None:
        self._sessions, self._places = sessions, places
        self._waiting: dict[UUID, HazardReported] = {}
        self._has_waiting = asyncio.Event()

    def note(self, draft: Draft, answer: Answer) -> None:
        """Note the hazard, if the draft is a published hazard.

        Releases are ignored, because they add nothing to their hazard.
        """
        is_published = answer in (Answer.ACCEPTED, Answer.DUPLICATE) or (
            answer is Answer.SPOOLED and draft.unchecked is None
        )
        if not (is_published and isinstance(draft, HazardDraft)) or draft.event.is_release:
            return
        event = draft.event
        known = self._waiting.get(event.hazard_id)
        if (known is None and len(self._waiting) < MOST) or (known is not None and known.revision < event.revision):
            self._waiting[event.hazard_id] = event
            self._has_waiting.set()

    async def run(self) -> None:
        """Store noted hazards, until cancelled."""
        while True:
            await self._has_waiting.wait()
            self._has_waiting.clear()
            noted, self._waiting = self._waiting, {}
            await retry_while_unavailable(lambda noted=noted: self._store(noted.values()))  # type: ignore[misc]

    async def _store(self, hazards: Iterable[HazardReported]) -> None:
        async with self._sessions.begin() as session:
            await save(session, hazards, self._places)


async def save(session: AsyncSession, hazards: Iterable[HazardReported], places: Places) -> None:
    """Store each hazard, unless a newer revision is stored."""
    newest = {hazard.hazard_id: hazard for hazard in sorted(hazards, key=lambda hazard: hazard.revision)}
    rows = [
        {
            "hazard_id": hazard.hazard_id,
            "revision": hazard.revision,
            "status": hazard.status,
            "scope": hazard.scope,
            "type": hazard.type,
            "severity": hazard.severity,
            "areas": places.covered_areas(hazard.area.pcodes),
            "onset": hazard.onset,
            "is_cancelled": hazard.msg_type is MsgType.CANCEL,
            "noted_at": hazard.received_at,
        }
        for _, hazard in sorted(newest.items())  # the order by id prevents deadlocks
    ]
    await upsert(session, RecentHazard, rows, newer_by="revision")


async def forget(session: AsyncSession, before: datetime) -> None:
    """Delete the hazards whose newest revision is older than `before`."""
    await session.execute(delete(RecentHazard).where(RecentHazard.noted_at < before))
