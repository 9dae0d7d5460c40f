"""Makes the words of rows of the board that have changed. A task of the worker, separate from the consumer."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import defer

from services.console.models import BoardAlert, BoardGroup, BoardHazard, BoardSite, SearchChange, SearchEntry
from services.console.search.entries import SearchWords
from services.console.search.kinds import SearchKind
from shared.failures import retry_while_unavailable
from shared.postgres import database
from shared.postgres.upsert import upsert

EVERY_SECONDS = 1.0
MOST = 100  # a transaction makes the words of about this many rows
NO_SHAPES = defer(BoardHazard.shapes, raiseload=True)
LOCK = "search entries"  # the advisory lock with this name lets only one worker make words at a time


class SearchIndex:
    def __init__(self, sessions: async_sessionmaker[AsyncSession], words: SearchWords) -> None:
        self._sessions, self._words = sessions, words

    async def run(self) -> None:
        """Runs until cancelled. At the start, the words of older rules or places are made again."""
        await retry_while_unavailable(self.renew)
        while True:
            if await retry_while_unavailable(self.step) < MOST:
                await asyncio.sleep(EVERY_SECONDS)

    async def renew(self) -> None:
        of_others = select(SearchEntry.kind, SearchEntry.id).where(SearchEntry.version != self._words.version)
        async with self._sessions.begin() as session:
            await session.execute(insert(SearchChange).from_select(["kind", "id"], of_others))

    async def step(self) -> int:
        """Makes the words of up to MOST changed rows; returns the number of changes."""
        async with self._sessions.begin() as session:
            if await session.scalar(select(SearchChange.change_id).limit(1)) is None:
                return 0
            # two workers at a time could store the older of two versions of a row last
            await session.execute(database.advisory_lock(LOCK))
            oldest = select(SearchChange).order_by(SearchChange.change_id).limit(MOST)
            changes = (await session.scalars(oldest)).all()
            changed = {kind: [each.id for each in changes if each.kind == kind] for kind in SearchKind}
            await upsert(session, SearchEntry, await self._entries(session, changed))
            handled = SearchChange.change_id.in_([change.change_id for change in changes])
            await session.execute(delete(SearchChange).where(handled))
        return len(changes)

    async def _entries(
        self, session: AsyncSession, changed: Mapping[SearchKind, Sequence[UUID]]
    ) -> list[dict[str, Any]]:
        """The entries of the changed rows, of the alerts of changed hazards, and of the groups at changed sites."""
        hazards, sites = changed[SearchKind.HAZARDS], changed[SearchKind.SITES]
        entries: dict[tuple[SearchKind, UUID], str] = {}
        for site in await session.scalars(select(BoardSite).where(BoardSite.site_id.in_(sites))):
            entries[SearchKind.SITES, site.site_id] = self._words.of_site(site)
        for hazard in await session.scalars(
            select(BoardHazard).options(NO_SHAPES).where(BoardHazard.hazard_id.in_(hazards))
        ):
            entries[SearchKind.HAZARDS, hazard.hazard_id] = self._words.of_hazard(hazard)
            await asyncio.sleep(0)  # other tasks of the worker run between two rows
        for alert, hazard in await session.execute(_alerts(changed[SearchKind.ALERTS], hazards)):
            entries[SearchKind.ALERTS, alert.alert_id] = self._words.of_alert(alert, hazard)
            await asyncio.sleep(0)
        for group, site in await session.execute(_groups(changed[SearchKind.GROUPS], sites)):
            entries[SearchKind.GROUPS, group.report_id] = self._words.of_group(group, site)
        return [
            {"kind": kind, "id": id, "words": words, "version": self._words.version}
            for (kind, id), words in sorted(entries.items())
        ]


def _alerts(alerts: Sequence[UUID], hazards: Sequence[UUID]) -> Any:
    """Each alert with its hazard, or with None if the board does not know the hazard."""
    wanted = select(BoardAlert, BoardHazard).options(NO_SHAPES)
    wanted = wanted.outerjoin(BoardHazard, BoardHazard.hazard_id == BoardAlert.hazard_id)
    return wanted.where(or_(BoardAlert.alert_id.in_(alerts), BoardAlert.hazard_id.in_(hazards)))


def _groups(groups: Sequence[UUID], sites: Sequence[UUID]) -> Any:
    """Each count with its site, or with None."""
    wanted = select(BoardGroup, BoardSite).outerjoin(BoardSite, BoardSite.site_id == BoardGroup.site_id)
    return wanted.where(or_(BoardGroup.report_id.in_(groups), BoardGroup.site_id.in_(sites)))
