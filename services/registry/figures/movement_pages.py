"""The page of the figures of movements and of duration."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.responses import Response

from services.registry.figures.durations import CLASSES
from services.registry.figures.filters import Caller, PageDates
from services.registry.figures.movement_routes import (
    DurationFilters,
    MovementFilters,
    confirmation_of,
    durations_of,
    movements_of,
)
from services.registry.figures.movement_tables import ONWARD, by_month, by_route, kinds, monthly
from services.registry.figures.pages import OPTIONS, SHARED, PageNumber, TablePage, address, area_names
from shared.confirmations import confirmed_from
from shared.events.vocabulary import DISPLACED, Movement
from shared.pages import Pages

PATH = "/registry/figures/movements"

router = APIRouter(include_in_schema=False)


class MovementPageFilters(PageDates, MovementFilters, DurationFilters):
    routes_page: PageNumber = 1


@router.get("/figures/movements")
async def movements_page(
    request: Request, caller: Caller, filters: Annotated[MovementPageFilters, Query()]
) -> Response:
    """Movements by month and by route, and the duration of displacement, with the same filters as the other figures."""
    chosen = filters.usual(datetime.now(UTC))
    assert chosen.on is not None
    begin: async_sessionmaker[AsyncSession] = request.app.state.sessions
    async with begin() as session:
        movements = await movements_of(request, session, caller, chosen)
        durations = await durations_of(request, session, caller, chosen, chosen.on)
        confirmation = await confirmation_of(request, session, caller, chosen, chosen.on)
    months = by_month(movements)
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "movement-figures.html",
        filters=chosen,
        area_names=area_names(request, caller),
        months=months,
        monthly=(rows := monthly(months)),
        is_monthly_cut=bool(rows) and len(months.keys() - {row.period for row in rows}) > 0,
        onward=ONWARD,
        kinds=kinds(months),
        routes=TablePage.of(by_route(movements), "routes_page", filters, PATH),
        classes=CLASSES,
        durations={(figure.days, figure.has_ended): figure for figure in durations},
        confirmation=confirmation,
        confirmed_from={mobility.value: confirmed_from(mobility, chosen.ends_at) for mobility in DISPLACED},
        places=request.app.state.places,
        counted=request.app.state.settings.counted_status.value,
        options={**OPTIONS, "movements": Movement},
        link=lambda kind, **more: link(chosen, kind, **more),
        other_tab=address("/registry/figures", filters, SHARED),
    )


ACCEPTED: dict[str, Any] = {"movements": MovementFilters, "duration": DurationFilters}


def link(filters: MovementPageFilters, kind: str, **more: str) -> str:
    """The link keeps the filters of the page that the route accepts."""
    return address(f"/registry/v1/statistics/{kind}", filters, ACCEPTED[kind].model_fields.keys(), **more)
