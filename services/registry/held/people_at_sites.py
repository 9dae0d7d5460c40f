"""Counts the people at sites who are only in held counts, because no recorded count includes them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import CTE, RowMapping, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.counts.headcounts import Headcount
from services.registry.households.people import People
from services.registry.models import Report
from services.registry.sites import queries as site_queries
from services.registry.sites.occupancies import CountAtSite, occupancies
from shared.events.displacements import GroupClear
from shared.events.vocabulary import Status


async def only_held(session: AsyncSession, placed: CTE, status: Status) -> int:
    """The number of people by which the held counts exceed the recorded counts, for all sites together.

    `placed` has the outcome ids of the held reports, and the site and the stock of each count at a site.
    """
    columns = Report.report_id, Report.author, Report.team, Report.received_at, Report.clear
    reports = (
        select(*columns, placed.c.stock_id, placed.c.site_id)
        .join(placed, placed.c.outcome_id == Report.outcome_id)
        .where(placed.c.site_id.is_not(None))
    )
    held = [count_at_site(row) for row in (await session.execute(reports)).mappings()]
    recorded = await site_queries.counts(session, status, {count.site_id for count in held}) if held else []
    return excess(held, recorded)


def excess(held: Sequence[CountAtSite], recorded: Sequence[CountAtSite]) -> int:
    """The people who are at the sites if the held counts are accepted, and who are in no recorded count."""
    before, after = occupancies(recorded), occupancies([*recorded, *held])
    return sum(
        max(0, occupancy.highest - (before[site_id].highest if site_id in before else 0))
        for site_id, occupancy in after.items()
    )


def count_at_site(row: RowMapping) -> CountAtSite:
    """The count as it would be recorded. The row is a held count at a site."""
    clear = GroupClear.model_validate_json(row["clear"])
    team = row["team"] and str(row["team"])
    count = Headcount(
        group_id=str(clear.group_id),
        report_id=str(row["report_id"]),
        clear=clear,
        author=str(row["author"]),
        team=team,
        places_version=None,
        received_at=row["received_at"],
        people=People(),
        typed_site=UUID(row["site_id"]),
    )
    assert count.site_id is not None, "the report is not about people at a site"
    return CountAtSite(
        site_id=count.site_id,
        counted_at=count.counted_at,
        reported_at=clear.reported_at,
        report_id=row["report_id"],
        stock_id=row["stock_id"],
        superseded_by=None,
        persons=clear.persons,
        covers_site=count.covers_site,
        counted=clear.persons,
    )
