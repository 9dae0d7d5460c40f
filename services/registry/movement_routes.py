"""Routes for the figures of movements and of the duration of displacement, as JSON."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Self, TypeVar

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, model_validator

from services.registry import movement_figures
from services.registry.figure_filters import Caller, Filters, FlowFilters
from services.registry.figure_queries import FigureQuery, day_after, today
from services.registry.kept_figures import KeptFigures
from services.registry.movement_figures import ConfirmationFigure, DurationFigure, MovementFigure
from shared.auth.tokens import Principal
from shared.events.fields import Day
from shared.events.vocabulary import Movement, Status
from shared.postgres.database import Session

T = TypeVar("T")
router = APIRouter()
# filters that only other figures use
WITHOUT_EFFECT = {
    *("reason", "rank", "onset", "hazard_type", "shelter", "by"),
    *("sex", "age", "age_profile", "scope", "format"),
}


def check_effect(filters: Filters) -> None:
    """Raise ValueError for a filter that has no effect on these figures."""
    if ignored := sorted(filters.model_fields_set & WITHOUT_EFFECT):
        raise ValueError(f"no filter {', '.join(ignored)} is expected for these figures")


class MovementFilters(FlowFilters):
    movement: list[Movement] = []  # noqa: RUF012 - as pydantic reads it

    @model_validator(mode="after")
    def has_effect(self) -> Self:
        check_effect(self)
        return self


class DurationFilters(Filters):
    on: Annotated[Day | None, Field(alias="date")] = None

    @model_validator(mode="after")
    def has_effect(self) -> Self:
        check_effect(self)
        return self


class FiguresAnswer(BaseModel):
    """`areas` are the caller's areas, to which the figures are limited; None means the whole country."""

    counted_status: Status
    areas: list[str] | None


class MovementAnswer(FiguresAnswer):
    rows: list[MovementFigure]


class DurationAnswer(FiguresAnswer):
    """The classes of duration at the end of the day, and the people whose presence nobody has confirmed for long."""

    day: date
    rows: list[DurationFigure]
    confirmation: ConfirmationFigure


@router.get("/v1/statistics/movements")
async def movements(
    request: Request, session: Session, caller: Caller, filters: Annotated[MovementFilters, Query()]
) -> MovementAnswer:
    """Returns, transfers, deaths and other movements by month (Bishkek time), from each place to each place."""
    query = query_of(request, caller, filters, **filters.period, movements=tuple(filters.movement))
    places = request.app.state.places
    rows = await kept(request, session, "movements", query, lambda: movement_figures.movements(session, query, places))
    return MovementAnswer(**described(request, caller), rows=rows)


@router.get("/v1/statistics/duration")
async def duration(
    request: Request, session: Session, caller: Caller, filters: Annotated[DurationFilters, Query()]
) -> DurationAnswer:
    """How long people have been displaced at the end of `date` (Bishkek time; default today), by DELTA's classes."""
    day = filters.on or today(datetime.now(UTC))
    query = query_of(request, caller, filters, until=day_after(day))
    rows = await kept(request, session, "duration", query, lambda: movement_figures.durations(session, query))
    [confirmation] = await kept(
        request, session, "confirmation", query, lambda: movement_figures.confirmations(session, query)
    )
    return DurationAnswer(**described(request, caller), day=day, rows=rows, confirmation=confirmation)


def query_of(request: Request, caller: Principal, filters: Filters, **more: Any) -> FigureQuery:
    state = request.app.state
    return filters.query(state.settings, caller, state.places, **more)


async def kept(
    request: Request, session: Session, kind: str, query: FigureQuery, compute: Callable[[], Awaitable[list[T]]]
) -> list[T]:
    figures: KeptFigures = request.app.state.figures
    return await figures.kept(session, (kind, query), compute)


def described(request: Request, caller: Principal) -> dict[str, Any]:
    areas = caller.own_areas
    return {
        "counted_status": request.app.state.settings.counted_status,
        "areas": None if areas is None else list(areas),
    }
