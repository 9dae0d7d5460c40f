"""SQL for counts of groups. The caller commits."""

# raw SQL throughout: these statements run for every batch of groups and must be fast

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from datetime import date
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import CountedGroupRow, ReplacedCount
from services.alerts.projections import CountedGroup, Stock
from shared.events.vocabulary import Status
from shared.postgres import database
from shared.postgres.upsert import upsert

_group = TypeAdapter(CountedGroup)
COLUMNS = tuple(field.name for field in fields(CountedGroup))
SELECT_GROUPS = f"SELECT {', '.join(COLUMNS)} FROM counted_groups WHERE report_id = ANY($1)"  # noqa: S608
# A stock's departure date is the earliest date of all its counts, including replaced counts. A recount with a later
# date therefore leaves the people in their window. People who leave again after more than 30 days have a new
# displacement. Dates more than 30 days before the latest date are therefore ignored.
LEFT_ON = """
SELECT status, origin_area, stock_id, min(departed_on) AS left_on
FROM (
    SELECT *, max(departed_on) OVER (PARTITION BY status, origin_area, stock_id) AS latest_on
    FROM counted_groups WHERE stock_id = ANY({stock_ids})
) AS counts
WHERE departed_on >= latest_on - 30
GROUP BY status, origin_area, stock_id
"""
LEFT_ON_OF = LEFT_ON.format(stock_ids="$1")
COVERING = "SELECT DISTINCT stock_id FROM counted_groups WHERE site_id = ANY($1) AND covers_site AND is_counted"


async def groups(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, CountedGroup]:
    if not ids:
        return {}
    connection = await database.driver(session)
    rows = await connection.fetch(SELECT_GROUPS, list(ids))
    return {row["report_id"]: _group.validate_python(dict(row)) for row in rows}


async def save_groups(session: AsyncSession, groups: Iterable[CountedGroup]) -> None:
    await upsert(session, CountedGroupRow, [{column: getattr(group, column) for column in COLUMNS} for group in groups])


async def save_replaced(session: AsyncSession, replaced: Mapping[UUID, int]) -> None:
    """`replaced` maps a replaced count's report to the sequence of the recount.

    The recount may arrive before the count that it replaces.
    """
    rows = [{"report_id": id, "sequence": sequence} for id, sequence in replaced.items()]
    await upsert(session, ReplacedCount, rows, newer_by="sequence")


async def covering(session: AsyncSession, site_ids: Collection[UUID]) -> set[UUID]:
    """Returns the stocks that have a count of everybody at these sites.

    A count of everybody adds only people whom other counts at the site lack, so each change of another count matters.
    """
    if not site_ids:
        return set()
    connection = await database.driver(session)
    return {row["stock_id"] for row in await connection.fetch(COVERING, list(site_ids))}


async def left_on(session: AsyncSession, stock_ids: Collection[UUID]) -> dict[Stock, date]:
    """A stock is missing if none of its counts has a date."""
    if not stock_ids:
        return {}
    connection = await database.driver(session)
    rows = await connection.fetch(LEFT_ON_OF, list(stock_ids))
    return {(Status(status), area, stock_id): day for status, area, stock_id, day in rows}
