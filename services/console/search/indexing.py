"""Makes the search words of changed rows, in a separate task of the worker.

An unexpected error leaves a row without words, so no search for a text finds the row. The worker tries again after the
row's next change, or at the worker's next start.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import defer

from services.console.models import BoardAlert, BoardGroup, BoardHazard, BoardSite, SearchChange, SearchEntry
from services.console.search.entries import FAILED, SearchWords
from services.console.search.kinds import SearchKind
from shared import log
from shared.failures import is_dependency_unavailable, retry_while_unavailable
from shared.postgres import database
from shared.postgres.upsert import upsert

EVERY_SECONDS = 1.0
MOST = 100  # a transaction handles about this number of changed rows
NO_SHAPES = defer(BoardHazard.shapes, raiseload=True)
LOCK = "search entries"  # an advisory lock: only one worker makes words at a time

Entry = dict[str, Any]


class SearchIndex:
    def __init__(self, sessions: async_sessionmaker[AsyncSession], words: SearchWords) -> None:
        self._sessions, self._words = sessions, words

    async def run(self) -> None:
        """Renews words from older rules or an older list of places at the start, and then handles changed rows."""
        await retry_while_unavailable(self.renew)
        while True:
            if await retry_while_unavailable(self.step) < MOST:
                await asyncio.sleep(EVERY_SECONDS)

    async def renew(self) -> None:
        of_others = select(SearchEntry.kind, SearchEntry.id).where(SearchEntry.version != self._words.version)
        async with self._sessions.begin() as session:
            await session.execute(insert(SearchChange).from_select(["kind", "id"], of_others))

    async def step(self) -> int:
        async with self._sessions.begin() as session:
            if await session.scalar(select(SearchChange.change_id).limit(1)) is None:
                return 0
            # without the lock, a worker with an old row could overwrite words made from the newer row
            await session.execute(database.advisory_lock(LOCK))
            oldest = select(SearchChange).order_by(SearchChange.change_id).limit(MOST)
            changes = (await session.scalars(oldest)).all()
            changed = {kind: [change.id for change in changes if change.kind == kind] for kind in SearchKind}
            await _store(session, await self._entries(session, changed))
            handled = SearchChange.change_id.in_([change.change_id for change in changes])
            await session.execute(delete(SearchChange).where(handled))
        return len(changes)

    async def _entries(self, session: AsyncSession, changed: Mapping[SearchKind, Sequence[UUID]]) -> list[Entry]:
        hazards, sites = changed[SearchKind.HAZARDS], changed[SearchKind.SITES]
        entries: dict[tuple[SearchKind, UUID], Entry] = {}

        def add(kind: SearchKind, id: UUID, words_of: Callable[..., str], *rows: Any) -> None:
            entries[kind, id] = self._entry(kind, id, words_of, *rows)

        for site in await session.scalars(select(BoardSite).where(BoardSite.site_id.in_(sites))):
            add(SearchKind.SITES, site.site_id, self._words.of_site, site)
        for hazard in await session.scalars(
            select(BoardHazard).options(NO_SHAPES).where(BoardHazard.hazard_id.in_(hazards))
        ):
            add(SearchKind.HAZARDS, hazard.hazard_id, self._words.of_hazard, hazard)
            await asyncio.sleep(0)  # other tasks of the worker run between two rows
        for alert, hazard in await session.execute(_alerts(changed[SearchKind.ALERTS], hazards)):
            add(SearchKind.ALERTS, alert.alert_id, self._words.of_alert, alert, hazard)
            await asyncio.sleep(0)
        for group, site in await session.execute(_groups(changed[SearchKind.GROUPS], sites)):
            add(SearchKind.GROUPS, group.report_id, self._words.of_group, group, site)
        return [entry for _, entry in sorted(entries.items())]

    def _entry(self, kind: SearchKind, id: UUID, words_of: Callable[..., str], *rows: Any) -> Entry:
        try:
            return {"kind": kind, "id": id, "words": words_of(*rows), "version": self._words.version}
        except Exception as error:  # noqa: BLE001 - one row must not stop the worker
            return _failed(kind, id, error)


async def _store(session: AsyncSession, entries: Sequence[Entry]) -> None:
    if await _refusal(session, entries) is None:
        return
    for entry in entries:
        if error := await _refusal(session, [entry]):
            await upsert(session, SearchEntry, [_failed(entry["kind"], entry["id"], error)])


async def _refusal(session: AsyncSession, entries: Sequence[Entry]) -> Exception | None:
    """Stores the entries in a savepoint. Returns PostgreSQL's error, or None.

    The transaction can continue after an error.
    """
    connection = await database.driver(session)
    try:
        async with connection.transaction():  # a savepoint
            await upsert(session, SearchEntry, entries)
    except Exception as error:
        if is_dependency_unavailable(error):
            raise
        return error
    return None


def _failed(kind: SearchKind, id: UUID, error: Exception) -> Entry:
    """Returns an entry without words, so that no search for a text finds the row.

    With the old words, a search would find the row by words that the row no longer has.
    """
    log.get().error("search words failed", kind=kind, id=str(id), **log.described(error))
    return {"kind": kind, "id": id, "words": "", "version": FAILED}


def _alerts(alerts: Sequence[UUID], hazards: Sequence[UUID]) -> Any:
    """Selects alerts, each with its hazard, or with None if the board does not know the hazard."""
    wanted = select(BoardAlert, BoardHazard).options(NO_SHAPES)
    wanted = wanted.outerjoin(BoardHazard, BoardHazard.hazard_id == BoardAlert.hazard_id)
    return wanted.where(or_(BoardAlert.alert_id.in_(alerts), BoardAlert.hazard_id.in_(hazards)))


def _groups(groups: Sequence[UUID], sites: Sequence[UUID]) -> Any:
    wanted = select(BoardGroup, BoardSite).outerjoin(BoardSite, BoardSite.site_id == BoardGroup.site_id)
    return wanted.where(or_(BoardGroup.report_id.in_(groups), BoardGroup.site_id.in_(sites)))
