"""The route for the figures of needs, as JSON."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.figures import needs as need_figures
from services.registry.figures.filters import Caller, StockFilters
from services.registry.figures.kept import KeptFigures
from services.registry.figures.movement_routes import described
from services.registry.figures.needs import NeedFigure
from services.registry.figures.queries import today
from services.registry.figures.routes import FiguresAnswer
from shared.auth.tokens import Principal
from shared.postgres.database import Session

router = APIRouter()


class NeedAnswer(FiguresAnswer):
    """The row whose `need` is None counts all people with at least one need.

    People with several needs are in several rows.
    """

    day: date
    rows: list[NeedFigure]


@router.get("/v1/statistics/needs")
async def needs(
    request: Request, session: Session, caller: Caller, filters: Annotated[StockFilters, Query()]
) -> NeedAnswer:
    """What the displaced need at the end of `date` (Bishkek time; default today)."""
    day = filters.on or today(datetime.now(UTC))
    rows = await needs_of(request, session, caller, filters, day)
    return NeedAnswer(**described(request, caller), day=day, rows=rows)


async def needs_of(
    request: Request, session: AsyncSession, caller: Principal, filters: StockFilters, day: date
) -> list[NeedFigure]:
    state = request.app.state
    query = filters.stock_query(state.settings, caller, state.places, day)
    kept: KeptFigures = state.figures
    return await kept.kept(session, ("needs", query), lambda: need_figures.needs(session, query))
