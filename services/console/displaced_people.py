"""The displaced people of areas, for the board and the page of an area. Readers of the same areas share the figures."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.console.queries import groups as group_queries
from services.console.queries import snapshots
from services.console.shared_figures import FiguresOfAreas
from shared.events.vocabulary import Status
from shared.places import Places


async def registered(
    session: AsyncSession, shared: FiguresOfAreas, areas: Iterable[str], status: Status, places: Places, now: datetime
) -> Sequence[Any]:
    """The registered households by destination and origin."""
    since = now - snapshots.RECENT
    return await shared.get(
        "households", ["households"], lambda: snapshots.households(session, status, since, areas, places)
    )


async def counted(
    session: AsyncSession, shared: FiguresOfAreas, areas: Iterable[str], status: Status, places: Places
) -> Sequence[Any]:
    """The people of counted groups by the stated places."""
    return await shared.get(
        "groups", ["groups", "sites"], lambda: group_queries.by_stated_place(session, status, areas, places)
    )
