"""The stock on several days, such as the last day of each month.

One statement reads households, and another statement reads groups.
"""

# raw SQL throughout: the statements are the same as for a stock

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.figures.conditions import SHELTER, conditions
from services.registry.figures.queries import FigureCategory, FigureQuery, Summary, category_of, day_after, midnight
from services.registry.figures.statements import OF_SUMS, SPANS_OF_STOCK, statement
from services.registry.figures.statistics import MOBILITIES, fetched, scope_of, without_nested_loops
from shared import months

MOST_DAYS = 24
# Selects all changes of the stock: changes in the sums, and changes that the worker has not yet added to the sums. Days
# are numbered from 0. The position of a change is the number of days that end before the change. The stock on day N is
# the total of all changes with a position from 0 to N. Each sum is read once for all days.
REGISTERED = """
SELECT position, mobility, origin_country, destination_country, sum(displaced)::bigint FROM (
    SELECT position, {dimensions}, displaced FROM (
        SELECT dimensions_id, width_bucket(since, CAST(:ends AS date[])) AS position, sum(displaced) AS displaced
        FROM ({spans}) AS spans GROUP BY 1, 2
    ) AS changes JOIN figure_dimensions AS dimensions USING (dimensions_id) WHERE dimensions.summary = '{summary}'
    UNION ALL
    SELECT width_bucket(day, CAST(:ends AS date[])), {dimensions_of_changes}, sign * displaced
    FROM figure_changes CROSS JOIN LATERAL (VALUES (began_on, 1), (ended_on, -1)) AS limits (day, sign)
    WHERE began_on < ended_on AND day < :until_day
) AS sums
WHERE {conditions} GROUP BY 1, 2, 3, 4
"""
# There are few groups, so the stock of groups is computed anew for each day.
COUNTED = """
SELECT days.position, stock.*
FROM unnest(CAST(:ends_at AS timestamptz[])) WITH ORDINALITY AS days (ends_at, position)
CROSS JOIN LATERAL ({statement}) AS stock
"""
END = re.compile(r"(?<!:):until\b")


@dataclass(frozen=True, slots=True)
class StockOnDay:
    """Categories must never be added. Registered persons and counted persons must never be added."""

    day: date
    persons: Mapping[FigureCategory, int]
    group_persons: Mapping[FigureCategory, int]


def last_days(since: str, until: str, today: date) -> list[date]:
    """Returns at most MOST_DAYS days: the last day of each month.

    For the current month, today is used instead of the last day.
    """
    days, month = list[date](), min(until, f"{today:%Y-%m}")
    while month >= since and len(days) < MOST_DAYS:
        days.append(min(months.first_day(months.after(month)) - timedelta(days=1), today))
        month = months.before(month)
    return days[::-1]


def is_cut(history: Sequence[StockOnDay], since: str) -> bool:
    """Whether the user selected months that are before the first day of the history."""
    return bool(history) and f"{history[0].day:%Y-%m}" > since


async def stock_on(
    session: AsyncSession, query: FigureQuery, summary: Summary, days: Sequence[date]
) -> list[StockOnDay]:
    """The people on each day, in the order of `days`. The day of `query` has no effect."""
    registered = await registered_on(session, query, summary, days)
    counted = await counted_on(session, query, days)
    return [StockOnDay(*numbers) for numbers in zip(days, registered, counted, strict=True)]


async def registered_on(
    session: AsyncSession, query: FigureQuery, summary: Summary, days: Sequence[date]
) -> list[Counter[FigureCategory]]:
    first, last = (replace(query, until=day_after(day)).parameters() for day in (days[0], days[-1]))
    parameters = {**last, "year_day": first["year_day"], "ends": [day_after(day) for day in days]}
    own = REGISTERED.format(
        summary=summary,
        spans=SPANS_OF_STOCK.format(summary=summary),
        dimensions=OF_SUMS,
        dimensions_of_changes=OF_SUMS.replace("shelter", f"{SHELTER} AS shelter"),
        conditions=" AND ".join(conditions(query, "stock", "sums")),
    )
    changes = [Counter[FigureCategory]() for _ in days]
    for position, mobility, origin, destination, persons in await fetched(session, own, parameters):
        changes[position][category_of(MOBILITIES[mobility], scope_of(origin, destination))] += persons
    present, stocks = Counter[FigureCategory](), list[Counter[FigureCategory]]()
    for change in changes:
        present.update(change)
        stocks.append(present.copy())
    return stocks


async def counted_on(session: AsyncSession, query: FigureQuery, days: Sequence[date]) -> list[Counter[FigureCategory]]:
    parameters = {**query.parameters(), "ends_at": [midnight(day_after(day)) for day in days]}
    of_days = COUNTED.format(statement=END.sub("days.ends_at", statement(query, "stock", "counts")))
    stocks = [Counter[FigureCategory]() for _ in days]
    async with without_nested_loops(session):
        rows = await fetched(session, of_days, parameters)
    for position, _, _, origin, destination, mobility, *_, persons in rows:
        stocks[position - 1][category_of(MOBILITIES[mobility], scope_of(origin, destination))] += persons
    return stocks
