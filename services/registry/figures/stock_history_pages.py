"""The page with the stock at the end of each month.

The page of figures shows this page as a section.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.responses import Response

from services.registry.figures.filters import Caller
from services.registry.figures.kept import KeptFigures
from services.registry.figures.pages import PageFilters, address, area_names
from services.registry.figures.queries import FigureCategory, View, today
from services.registry.figures.stock_history import StockOnDay, is_cut, last_days, stock_on
from shared.auth.tokens import Principal
from shared.pages import Pages
from shared.postgres import snapshots

router = APIRouter(include_in_schema=False)


@router.get("/figures/history")
async def stock_history_page(request: Request, caller: Caller, filters: Annotated[PageFilters, Query()]) -> Response:
    """The displaced people at the end of each month, with the filters of the page of figures."""
    pages: Pages = request.app.state.pages
    chosen, history, is_too_slow = filters.usual(now := datetime.now(UTC)), list[StockOnDay](), False
    begin: async_sessionmaker[AsyncSession] = request.app.state.sessions
    try:
        async with begin() as session:
            await snapshots.begin(session)
            history = await history_of(request, session, caller, chosen)
    except asyncpg.QueryCanceledError:  # the query runs in asyncpg, so asyncpg's error is raised, and not SQLAlchemy's
        is_too_slow = True
    return pages.render(
        request,
        "stock-history.html",
        status=503 if is_too_slow else 200,
        filters=chosen,
        area_names=area_names(request, caller),
        categories=[category for category in FigureCategory if category in filters.categories],
        history=history,
        is_history_cut=is_cut(history, chosen.since or ""),
        is_reversed=(chosen.since or "") > (chosen.until or ""),
        is_ahead=not days_of(chosen, now),
        is_too_slow=is_too_slow,
        now=now,
        places=request.app.state.places,
        counted=request.app.state.settings.counted_status.value,
        figures_path=address("/registry/figures", filters, PageFilters.model_fields.keys()),
    )


def days_of(filters: PageFilters, now: datetime) -> list[date]:
    return last_days(filters.since or "", filters.until or "", today(now))


async def history_of(
    request: Request, session: AsyncSession, caller: Principal, filters: PageFilters
) -> list[StockOnDay]:
    """Returns an empty list if the stored sums cannot answer the query."""
    state, now = request.app.state, datetime.now(UTC)
    days = days_of(filters, now)
    totals: dict[str, Any] = {"by": (), "is_by_reason": False, "has_cells": False, "level": 0}
    # without an area, both views count the same people
    view = filters.view if filters.area else View.DESTINATION
    query = filters.stock_query(state.settings, caller, state.places, today(now), **totals, view=view)
    summary = query.summary("stock")
    if not days or not query.is_whole or summary is None:
        return []
    kept: KeptFigures = state.figures
    question = f"stock on {days[0]} to {days[-1]}", query
    return await kept.kept(session, question, lambda: stock_on(session, query, summary, days))
