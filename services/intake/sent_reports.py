"""Stores which reports people at the desk have sent.

With these notes, the list of a person's reports shows reports that have no outcome yet.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake.drafting import ReportSender
from services.intake.drafts import DisplacementDraft, Draft, HazardDraft
from services.intake.models import SentReport
from services.intake.notes import Notes
from services.intake.publication import Answer
from shared.auth.role_groups import COUNTERS
from shared.events.vocabulary import Flag, ReportKind
from shared.postgres.upsert import upsert

HELD_BY_INTAKE = (Answer.ACCEPTED, Answer.SPOOLED, Answer.DUPLICATE)


@dataclass(frozen=True, slots=True)
class SentNote:
    author: UUID
    report_id: UUID
    version: int
    kind: str
    channel: str
    subject_id: UUID | None
    is_outside: bool
    sent_at: datetime
    line: int | None = None

    @property
    def revision(self) -> int:
        return self.version


class SentReports:
    """Stores notes in the background, because a report must not wait for PostgreSQL.

    If the process ends before a note is stored, the author's list shows the report only when the report has an outcome.
    """

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._notes: Notes[tuple[UUID, UUID], SentNote] = Notes(sessions, save)

    async def run(self) -> None:
        await self._notes.run()

    def note(self, draft: Draft, answer: Answer, sender: ReportSender) -> None:
        """Note a report that intake has published or spooled, or already had, if the author works at the desk."""
        if answer not in HELD_BY_INTAKE or sender.principal.roles.isdisjoint(COUNTERS):
            return
        if note := note_of(draft, sender):
            self._notes.add((note.author, note.report_id), note)


def note_of(draft: Draft, sender: ReportSender, line: int | None = None) -> SentNote | None:
    """Return None for the release of a hazard.

    The outcome of a release names the centre as author, so the author's list would never show the outcome.
    """
    about = subject_of(draft)
    if about is None:
        return None
    return SentNote(
        author=sender.principal.account,
        report_id=UUID(draft.report_id),
        channel=draft.channel,
        sent_at=sender.now,
        line=line,
        **about,
    )


def subject_of(draft: Draft) -> dict[str, Any] | None:
    if isinstance(draft, DisplacementDraft):
        clear, stamps = json.loads(draft.clear), json.loads(draft.stamps)
        return {
            "version": clear["version"],
            "kind": clear["kind"],
            "subject_id": None if draft.key == draft.report_id else UUID(draft.key),
            "is_outside": Flag.OUTSIDE_AREA in stamps["flags"],
        }
    if isinstance(draft, HazardDraft) and not draft.event.is_release:
        event = draft.event
        return {
            "version": event.version,
            "kind": ReportKind.HAZARD,
            "subject_id": event.hazard_id,
            "is_outside": False,
        }
    return None


async def save(session: AsyncSession, notes: Iterable[SentNote]) -> None:
    """Store the notes. If an equal or newer version is stored, the stored version stays."""
    in_order = sorted(notes, key=lambda note: (note.author, note.report_id))  # a fixed order prevents deadlocks
    await upsert(session, SentReport, list(map(asdict, in_order)), newer_by="version")


async def forget(session: AsyncSession, before: datetime) -> None:
    await session.execute(delete(SentReport).where(SentReport.sent_at < before))
