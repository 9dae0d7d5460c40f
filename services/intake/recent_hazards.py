"""Stores accepted hazards. Intake later proposes these hazards to authors as the reason why people left."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake.drafts import Draft, HazardDraft
from services.intake.models import RecentHazard
from services.intake.notes import Notes
from services.intake.publication import Answer
from shared.events import HazardReported
from shared.events.vocabulary import MsgType
from shared.places import Places
from shared.postgres.upsert import upsert


class RecentHazards:
    """Stores hazards in the background, because a report must not wait for PostgreSQL.

    If the process ends before the storage, intake proposes the hazard only after its next revision.
    """

    def __init__(self, sessions: async_sessionmaker[AsyncSession], places: Places) -> None:
        self._notes: Notes[UUID, HazardReported] = Notes(sessions, partial(save, places=places))

    async def run(self) -> None:
        await self._notes.run()

    def note(self, draft: Draft, answer: Answer) -> None:
        """Note a published hazard.

        A release to the public is ignored, because it contains nothing new about the hazard.
        """
        is_published = answer in (Answer.ACCEPTED, Answer.DUPLICATE) or (
            answer is Answer.SPOOLED and draft.unchecked is None
        )
        if not (is_published and isinstance(draft, HazardDraft)) or draft.event.is_release:
            return
        self._notes.add(draft.event.hazard_id, draft.event)


async def save(session: AsyncSession, hazards: Iterable[HazardReported], places: Places) -> None:
    """Store hazards. A stored newer revision is kept."""
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
            "is_cancelled": hazard.msg_type is MsgType.CANCEL or hazard.is_nothing_found,
            "noted_at": hazard.received_at,
        }
        for _, hazard in sorted(newest.items())  # prevents deadlocks
    ]
    await upsert(session, RecentHazard, rows, newer_by="revision")


async def forget(session: AsyncSession, before: datetime) -> None:
    await session.execute(delete(RecentHazard).where(RecentHazard.noted_at < before))
