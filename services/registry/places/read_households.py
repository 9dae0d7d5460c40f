"""Keeps in memory the values that a background task needs from each household.

Only changed households are read again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry.renewals import UNREADABLE
from services.registry.search.keys import SearchKeys
from services.registry.storage import Store
from services.registry.subjects import Subject
from shared import log
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events.vocabulary import ReportKind
from shared.places import Places

HOUSEHOLDS_AT_ONCE = 50
Read = TypeVar("Read")


class ReadHouseholds(Generic[Read]):
    """Values are kept only in memory, because they may reveal where households are."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        encryption: EnvelopeEncryption,
        search: SearchKeys,
        places: Places,
        of: Callable[[Subject], Read],
    ) -> None:
        self._sessions, self._encryption, self._search, self._places = sessions, encryption, search, places
        self._of = of
        # maps each household to the version of its row, or to None if the row cannot be read
        self._read: dict[UUID, tuple[int, Read | None]] = {}

    @property
    def households(self) -> Iterable[Read | None]:
        return (read for _, read in self._read.values())

    def unread(self, versions: Mapping[UUID, int]) -> list[UUID]:
        """`versions` has the version of each household's row.

        Households that are missing in `versions` are removed.
        """
        self._read = {household_id: read for household_id, read in self._read.items() if household_id in versions}
        return [id for id, row_version in versions.items() if self._read.get(id, (None,))[0] != row_version]

    async def read(self, ids: Sequence[UUID], versions: Mapping[UUID, int]) -> None:
        """A household that cannot be read is left out until its row changes."""
        try:
            households = await self._opened(ids)
        except UNREADABLE as error:
            if len(ids) > 1:
                for household_id in ids:
                    await self.read([household_id], versions)
                return
            failed = {"household_id": str(ids[0]), **log.described(error)}
            log.get().error("household left out of the sums by place: it cannot be read", **failed)
            households = {}
        self._read |= {household_id: (versions[household_id], households.get(household_id)) for household_id in ids}

    async def _opened(self, ids: Iterable[UUID]) -> dict[UUID, Read]:
        names = [(ReportKind.HOUSEHOLD.value, str(household_id)) for household_id in ids]
        async with self._sessions.begin() as session:
            store = Store(session, self._encryption, self._search, self._places)
            known = (await store.open_at(names, ())).subjects
        return {UUID(name[1]): self._of(known[name]) for name in names if name in known}
