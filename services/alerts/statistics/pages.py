"""Serves the page of statistics, and its tables as a workbook."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.alerts.delivery.listings import visible
from services.alerts.statistics import exports, queries
from services.alerts.statistics.filters import MOST_MONTHS, Grouping, StatisticsFilters, StatisticsQuery
from services.alerts.statistics.row_names import COLUMNS, row_name
from services.alerts.statistics.tables import OUTCOMES, Statistics, statistics
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.events.vocabulary import HazardType
from shared.failures import is_too_slow
from shared.pages import Pages, language_of
from shared.postgres import snapshots
from shared.sheets.refused import XLSX

router = APIRouter(include_in_schema=False)
Caller = Annotated[Principal, Depends(tokens.current)]
Filters = Annotated[StatisticsFilters, Query()]
PAGE_ROWS = 60
# Only one request at a time computes statistics, so that enough database connections stay free for alerts.
ONE_AT_A_TIME = asyncio.Semaphore(1)
LONGEST_WAIT = 5.0  # After this wait, the page says that somebody else's statistics are being computed.

Answer = Callable[[Request, StatisticsFilters, Statistics, datetime], Awaitable[Response]]


class StatisticsBusy(Exception):
    """Other statistics are being computed."""


@router.get("/statistics")
async def statistics_page(request: Request, caller: Caller, filters: Filters) -> Response:
    return await _answered(request, caller, filters, _page)


@router.get("/statistics/export")
async def statistics_export(request: Request, caller: Caller, filters: Filters) -> Response:
    """Returns the tables as an XLSX workbook. The export is recorded in the security log."""
    return await _answered(request, caller, filters, _export, audit.entry_of(request, Action.EXPORTED))


async def _answered(
    request: Request, caller: Principal, given: StatisticsFilters, answer: Answer, *entries: audit.Entry
) -> Response:
    """All numbers come from one snapshot of the database.

    Months that are not accepted get 422.
    """
    now = datetime.now(UTC)
    filters = given.usual(now)
    if filters.bad_period:
        return _rendered(request, filters, now, status=422)
    try:
        async with _turn(), request.app.state.sessions.begin() as session:
            await snapshots.begin(session)
            computed = await _computed(request, session, caller, filters, now)
            await audit.add(session, *entries)
    except StatisticsBusy:
        return _rendered(request, filters, now, status=503, is_busy=True)
    except DBAPIError as error:
        if not is_too_slow(error):
            raise
        return _rendered(request, filters, now, status=503, is_too_slow=True)
    # Writing the workbook takes time, so it is written after the transaction, while the next statistics are computed.
    return await answer(request, filters, computed, now)


@asynccontextmanager
async def _turn() -> AsyncIterator[None]:
    """Waits until nobody else's statistics are being computed. Raises StatisticsBusy after a wait of LONGEST_WAIT."""
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            await ONE_AT_A_TIME.acquire()
    except TimeoutError:
        raise StatisticsBusy from None
    try:
        yield
    finally:
        ONE_AT_A_TIME.release()


async def _computed(
    request: Request, session: AsyncSession, caller: Principal, filters: StatisticsFilters, now: datetime
) -> Statistics:
    state = request.app.state
    areas = visible(caller, state.places)
    query = StatisticsQuery.of(filters, state.settings.counted_status, areas, state.places, now)
    return statistics(
        filters,
        await queries.alerts(session, query),
        await queries.hazards(session, query),
        await queries.deliveries(session, query),
        areas,
    )


async def _page(request: Request, filters: StatisticsFilters, computed: Statistics, now: datetime) -> Response:
    return _rendered(request, filters, now, statistics=computed)


async def _export(request: Request, filters: StatisticsFilters, computed: Statistics, now: datetime) -> Response:
    writer = exports.Writer(request.app.state.pages, request.app.state.places, language_of(request))
    context = _context(request, filters, now)
    content = await asyncio.to_thread(writer.workbook, filters, computed, context)
    name = f"dayar-alerts-{filters.since}-{filters.until}-by-{filters.by.value.replace('_', '-')}.xlsx"
    return Response(content, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _rendered(
    request: Request,
    filters: StatisticsFilters,
    now: datetime,
    *,
    status: int = 200,
    statistics: Statistics | None = None,
    is_too_slow: bool = False,
    is_busy: bool = False,
) -> Response:
    pages: Pages = request.app.state.pages
    first = (filters.page - 1) * PAGE_ROWS
    return pages.render(
        request,
        "statistics.html",
        status=status,
        statistics=statistics,
        is_too_slow=is_too_slow,
        is_busy=is_busy,
        deliveries=statistics.deliveries[first : first + PAGE_ROWS] if statistics else (),
        first=first,
        page_rows=PAGE_ROWS,
        hazard_types=tuple(HazardType),
        groupings=tuple(Grouping),
        **_context(request, filters, now),
    )


def _context(request: Request, filters: StatisticsFilters, now: datetime) -> dict[str, Any]:
    state, language = request.app.state, language_of(request)
    areas = tokens.current(request).own_areas
    gettext = partial(state.pages.gettext, language)
    return {
        "filters": filters,
        "now": now,
        "places": state.places,
        "counted": state.settings.counted_status,
        "area_names": None if areas is None else [state.places.name(area, language) for area in areas],
        "outcomes": OUTCOMES,
        "columns": COLUMNS,
        "row_name": lambda key: row_name(filters.by, key, state.places, language, gettext),
        "most_months": MOST_MONTHS,
    }
