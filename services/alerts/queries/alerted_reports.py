"""Finds the reports whose people are counted in displacement alerts."""

# raw SQL throughout: this statement runs while a batch of households holds its locks, and must be fast

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.queries.groups import LEFT_ON
from services.alerts.rules.windows import AlertedWindow
from shared.events.vocabulary import Mobility, Status
from shared.postgres import database

ASKED = "unnest($1::text[], $2::text[], $3::date[], $4::date[]) AS asked (status, area, first, last)"
# All counts of a stock belong to the window of the stock's departure date, even counts that a recount replaced.
ASKED_STOCKS = f"""ARRAY(
    SELECT stock_id FROM {ASKED} JOIN counted_groups
        ON origin_area = asked.area AND departed_on BETWEEN asked.first AND asked.last
)"""  # noqa: S608
# A replaced count is included, because the recount counts its people. Counts of movements are left out.
IS_OF_PEOPLE = """(
    known.is_counted OR EXISTS (SELECT FROM replaced_counts WHERE replaced_counts.report_id = known.report_id)
)"""
REPORTS = f"""
SELECT asked.status, coalesce(movement_id, report_id)
FROM {ASKED} JOIN departures AS known
    ON known.status = asked.status AND known.area = asked.area AND occurred_on BETWEEN asked.first AND asked.last
WHERE mobility = ANY($5)
UNION
SELECT asked.status, coalesce(movement_id, report_id)
FROM ({LEFT_ON.format(stock_ids=ASKED_STOCKS)}) AS stocks
JOIN {ASKED} ON stocks.status = asked.status AND origin_area = asked.area
    AND left_on BETWEEN asked.first AND asked.last
JOIN counted_groups AS known USING (stock_id, origin_area)
WHERE known.status = asked.status AND mobility = ANY($5) AND {IS_OF_PEOPLE}
UNION
SELECT asked.status, report_id
FROM {ASKED} JOIN held_people AS known
    ON known.status = asked.status AND origin_area = asked.area AND departed_on BETWEEN asked.first AND asked.last
WHERE is_counted AND mobility = ANY($5)
"""  # noqa: S608
REPORTS_OF_STOCKS = f"""
SELECT known.status, coalesce(movement_id, known.report_id)
FROM unnest($1::text[], $2::text[], $3::uuid[]) AS asked (status, area, stock_id)
JOIN counted_groups AS known
    ON known.stock_id = asked.stock_id AND known.status = asked.status AND origin_area = asked.area
WHERE mobility = ANY($4) AND {IS_OF_PEOPLE}
"""  # noqa: S608


async def reports(
    session: AsyncSession, windows: Collection[AlertedWindow], mobility: Collection[Mobility]
) -> set[tuple[Status, UUID]]:
    if not windows:
        return set()
    connection = await database.driver(session)
    requested = [(status, area, window.first, window.last) for status, area, window in windows]
    rows = await connection.fetch(REPORTS, *map(list, zip(*requested, strict=True)), list(mobility))
    return {(Status(status), report_id) for status, report_id in rows}


async def reports_of_stocks(
    session: AsyncSession, stocks: Collection[tuple[Status, str, UUID]], mobility: Collection[Mobility]
) -> set[tuple[Status, UUID]]:
    if not stocks:
        return set()
    connection = await database.driver(session)
    rows = await connection.fetch(REPORTS_OF_STOCKS, *map(list, zip(*stocks, strict=True)), list(mobility))
    return {(Status(status), report_id) for status, report_id in rows}
