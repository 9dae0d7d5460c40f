"""The stock on several days, such as the last day of each month: one statement for households, and one for groups."""

# raw SQL throughout: the statements are those of a stock, computed for each day

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.figures.queries import FigureCategory, FigureQuery, day_after
from services.registry.figures.statements import statements
from services.registry.figures.statistics import Figure, fetched, figure, location, totals
from shared import months
from shared.places import Places

MOST_DAYS = 24
# The parameters of a stock that depend on its day.
OF_DAY = {
    "until": "timestamptz",
    "until_day": "date",
    "month_day": "date",
    "year_day": "date",
    "last_year": "integer",
    "evacuated_from": "timestamptz",
    "displaced_from": "timestamptz",
}
ON_DAYS = f"""
SELECT days.position, stock.*
FROM unnest({", ".join(f"CAST(:all_{name} AS {kind}[])" for name, kind in OF_DAY.items())})
    WITH ORDINALITY AS days ({", ".join(OF_DAY)}, position)
CROSS JOIN LATERAL ({{statement}}) AS stock
"""  # noqa: S608 - constants
DAY_PARAMETER = re.compile(rf"(?<!:):({'|'.join(sorted(OF_DAY, key=len, reverse=True))})\b")


@dataclass(frozen=True, slots=True)
class StockOnDay:
    """The totals of a day. Totals of different categories are never added."""

    day: date
    totals: dict[FigureCategory, Figure]


def last_days(since: str, until: str, today: date) -> list[date]:
    """The last day of each month, at most MOST_DAYS. The current month has today, later months have no day."""
    days, month = list[date](), min(until, f"{today:%Y-%m}")
    while month >= since and len(days) < MOST_DAYS:
        days.append(min(months.first_day(months.after(month)) - timedelta(days=1), today))
        month = months.before(month)
    return days[::-1]


def is_cut(history: Sequence[StockOnDay], since: str) -> bool:
    """Whether months before these days were chosen, too."""
    return bool(history) and f"{history[0].day:%Y-%m}" > since


async def stock_on(session: AsyncSession, query: FigureQuery, days: Sequence[date], places: Places) -> list[StockOnDay]:
    """The totals of each day. The query's own day has no effect."""
    own = [replace(query, until=day_after(day)).parameters() for day in days]
    parameters: dict[str, Any] = query.parameters() | {f"all_{name}": [each[name] for each in own] for name in OF_DAY}
    located = cache(lambda *codes: location(*codes, query=query, places=places))
    figures = defaultdict[int, list[Figure]](list)
    for statement, is_registered in statements(query, "stock", query.summary("stock")):
        of_days = ON_DAYS.format(statement=DAY_PARAMETER.sub(r"days.\1", statement))
        for position, *row in await fetched(session, of_days, parameters):
            figures[position].append(figure(row, located, is_registered=is_registered))
    return [StockOnDay(day, totals(figures[position])) for position, day in enumerate(days, 1)]
