"""Counts the people at sites who are only in held counts, because no recorded count includes them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.models import HeldStock
from services.registry.sites import queries as site_queries
from services.registry.sites.occupancies import CountAtSite, occupancies
from shared.events.vocabulary import Status

FACTS = (
    HeldStock.site_id,
    HeldStock.counted_at,
    HeldStock.reported_at,
    HeldStock.report_id,
    HeldStock.stock_id,
    HeldStock.persons,
    HeldStock.covers_site,
)


async def only_held(session: AsyncSession, at_sites: Select[Any], status: Status) -> int:
    """Returns the sum over all sites.

    `at_sites` selects the columns FACTS of held counts.
    """
    held = [count_at_site(*row) for row in await session.execute(at_sites)]
    recorded = await site_queries.counts(session, status, {count.site_id for count in held}) if held else []
    return excess(held, recorded)


def excess(held: Sequence[CountAtSite], recorded: Sequence[CountAtSite]) -> int:
    """Computes how many more people would be at the sites if the held counts were accepted."""
    before, after = occupancies(recorded), occupancies([*recorded, *held])
    return sum(
        max(0, occupancy.highest - (before[site_id].highest if site_id in before else 0))
        for site_id, occupancy in after.items()
    )


def count_at_site(
    site_id: UUID,
    counted_at: datetime,
    reported_at: datetime,
    report_id: UUID,
    stock_id: UUID,
    persons: int,
    covers_site: bool,
) -> CountAtSite:
    return CountAtSite(
        site_id, counted_at, reported_at, report_id, stock_id, None, persons, covers_site, counted=persons
    )
