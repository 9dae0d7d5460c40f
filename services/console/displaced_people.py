"""Counts the displaced people of areas, for the board, the map and an area's page.

The console computes the counts once for all readers of the same areas.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.console import groups
from services.console.groups import CountedGroups
from services.console.queries import groups as group_queries
from services.console.queries import snapshots
from services.console.shared_figures import FiguresOfAreas
from shared.events.vocabulary import Status
from shared.places import Places

GROUP_TOPICS = ("groups", "sites")


async def registered(
    session: AsyncSession, shared: FiguresOfAreas, areas: Iterable[str], status: Status, places: Places, now: datetime
) -> Sequence[Any]:
    since = now - snapshots.RECENT
    return await shared.get(
        "households", ["households"], lambda: snapshots.households(session, status, since, areas, places)
    )


async def counted(
    session: AsyncSession,
    shared: FiguresOfAreas,
    areas: Iterable[str],
    status: Status,
    places: Places,
    *,
    by_district: bool,
) -> CountedGroups:
    """With `by_district`, the places are districts, because some readers may not see localities."""

    async def rows() -> Sequence[Any]:
        return await group_queries.by_stated_place(session, status, areas, places)

    async def by_place() -> CountedGroups:
        return groups.by_place(await shared.get("groups", GROUP_TOPICS, rows), places.district if by_district else None)

    return await shared.get("groups by district" if by_district else "groups by place", GROUP_TOPICS, by_place)
