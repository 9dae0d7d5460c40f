"""Makes keys of stored households again, in small batches.

A household that cannot be read does not stop the renewal.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry.models import Household, Report
from services.registry.search.keys import SearchKeys
from services.registry.storage import Store
from services.registry.subjects import Subject
from shared import log
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events.vocabulary import ReportKind
from shared.places import Places
from shared.postgres import database

MOST_HOUSEHOLDS = 200
MOST_REPORTS = 500  # a batch is limited, because all reports of its households are decrypted
PAUSE_SECONDS = 0.1  # pause between two batches, because reports and alerts need the CPU
UNREADABLE = (InvalidTag, InvalidUnwrap, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class Renewal(ABC):
    """`kind` is also the name of a lock, so that only one worker makes the keys of a kind."""

    kind: ClassVar[str]

    sessions: async_sessionmaker[AsyncSession]
    encryption: EnvelopeEncryption
    search: SearchKeys
    places: Places

    async def run(self) -> int:
        """Returns the number of households that got new keys.

        An interrupted renewal continues with the batch in which it stopped, because each batch has its own transaction.
        """
        count = 0
        while ids := await self.next_batch():
            count += await self.renew(ids)
            await asyncio.sleep(PAUSE_SECONDS)
        return count

    async def next_batch(self) -> list[UUID]:
        async with self.sessions.begin() as session:
            is_old = await self.is_old(session)
            old = select(Household.household_id).where(is_old).limit(MOST_HOUSEHOLDS).subquery()
            sizes = select(old.c.household_id, func.count(Report.report_id)).outerjoin(
                Report, Report.subject_id == old.c.household_id
            )
            return fitting(dict(map(tuple, await session.execute(sizes.group_by(old.c.household_id)))))

    async def renew(self, ids: Sequence[UUID]) -> int:
        """A household that cannot be read is skipped."""
        try:
            async with self.sessions.begin() as session:
                return await self._renew(session, ids)
        except UNREADABLE as error:
            if len(ids) == 1:
                failed = {"keys": self.kind, "household_id": str(ids[0])}
                log.get().error("keys not made: the household cannot be read", **failed, **log.described(error))
                async with self.sessions.begin() as session:
                    await self.give_up(session, ids[0])
                return 0
        return sum([await self.renew([household_id]) for household_id in ids])

    async def _renew(self, session: AsyncSession, ids: Sequence[UUID]) -> int:
        # a lock, because two workers must not make the same keys
        await session.execute(database.advisory_lock(self.kind))
        is_old = Household.household_id.in_(ids), await self.is_old(session)
        old = (await session.scalars(select(Household.household_id).where(*is_old))).all()
        if old:
            store = Store(session, self.encryption, self.search, self.places)
            working_set = await store.open_at({(ReportKind.HOUSEHOLD.value, str(id)) for id in old}, [])
            subjects = [subject for subject in working_set.subjects.values() if subject.name[0] == ReportKind.HOUSEHOLD]
            await self.replace(session, old, subjects)
        return len(old)

    @abstractmethod
    async def is_old(self, session: AsyncSession) -> ColumnElement[bool]:
        """Whether the keys in a row of `households` must be made again."""

    @abstractmethod
    async def replace(self, session: AsyncSession, old: Sequence[UUID], subjects: Sequence[Subject]) -> None:
        """Replace the keys of the households in `old`. `subjects` are the loaded households of `old`."""

    @abstractmethod
    async def give_up(self, session: AsyncSession, household_id: UUID) -> None:
        """Mark the household as unreadable, so that the worker does not try it again at once."""


def fitting(sizes: Mapping[UUID, int]) -> list[UUID]:
    """A batch has at most MOST_REPORTS reports.

    A household with more than MOST_REPORTS reports is alone in its batch.
    """
    chosen: list[UUID] = []
    count = 0
    for household_id, reports in sizes.items():
        count += reports
        if chosen and count > MOST_REPORTS:
            break
        chosen.append(household_id)
    return chosen
