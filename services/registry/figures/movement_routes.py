"""Routes for the figures of movements and of the duration of displacement, as JSON and CSV."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated, Any, Self, TypeVar

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import model_validator
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.registry.figures import durations, exports, movement_exports, movement_figures
from services.registry.figures.durations import ConfirmationFigure, DurationFigure
from services.registry.figures.filters import WITHOUT_EFFECT, Caller, DayFilters, Filters, FlowFilters
from services.registry.figures.kept import KeptFigures
from services.registry.figures.movement_figures import MovementFigure
from services.registry.figures.queries import FigureQuery, day_after, today
from services.registry.figures.routes import FiguresAnswer, csv_file, file_name, json_answer, wants_csv
from services.registry.figures.row_pages import RowFilters, RowPage
from shared import audit
from shared.audit import Action
from shared.auth.tokens import Principal
from shared.events.vocabulary import Movement, Status
from shared.pages.languages import chosen
from shared.postgres.database import Session

T = TypeVar("T")
router = APIRouter()


def check_effect(filters: Filters) -> None:
    if ignored := sorted(filters.model_fields_set & WITHOUT_EFFECT):
        raise ValueError(f"no filter {', '.join(ignored)} is expected for these figures")


class MovementFilters(FlowFilters):
    movement: list[Movement] = []  # noqa: RUF012 - as pydantic reads it

    @model_validator(mode="after")
    def has_effect(self) -> Self:
        check_effect(self)
        return self


class MovementRowFilters(MovementFilters, RowFilters):
    pass


class DurationFilters(DayFilters):
    @model_validator(mode="after")
    def has_effect(self) -> Self:
        check_effect(self)
        return self


class MovementAnswer(FiguresAnswer):
    """At most `limit` figures. If there are more rows, `next` is the `cursor` of the next answer.

    If `version` differs from the version of the first answer, the figures have changed meanwhile.
    """

    version: str
    rows: list[MovementFigure]
    next: str | None


class DurationAnswer(FiguresAnswer):
    """The people by class of duration at the end of the day, and the people whom nobody has confirmed for too long."""

    day: date
    rows: list[DurationFigure]
    confirmation: ConfirmationFigure


@router.get("/v1/statistics/movements", response_model=MovementAnswer)
async def movements(
    request: Request, session: Session, caller: Caller, filters: Annotated[MovementRowFilters, Query()]
) -> MovementAnswer | Response:
    """The people who returned, were transferred, died or moved otherwise, by month (Bishkek time), from place to place.

    An answer has at most `limit` rows, like an answer about the stock.
    """

    async def encoded(version: str) -> bytes:
        rows = await movements_of(request, session, caller, filters)
        page = RowPage.of(rows, filters)
        more = {"version": version, "rows": rows[page.first : page.last], "next": page.next}
        # pydantic would check each row, which is slow
        return msgspec.json.encode({**described(request, caller), **more})

    if not wants_csv(request, filters):
        figures: KeptFigures = request.app.state.figures
        query, page = movement_query(request, caller, filters), (filters.limit, filters.cursor)
        question = "movements in JSON", query, caller.own_areas, *page
        return json_answer(await figures.encoded(session, question, encoded))
    rows = await movements_of(request, session, caller, filters)
    level, status = filters.level, counted_status(request)
    exported = movement_exports.movement_rows(
        rows, request.app.state.places, status=status, level=level, language=chosen(request) or "en"
    )
    text = exports.as_csv(exported, movement_exports.MOVEMENT_NAMES, movement_exports.movement_tags(level))
    return await exported_file(request, session, text, file_name("movements", caller.own_areas))


@router.get("/v1/statistics/duration", response_model=DurationAnswer)
async def duration(
    request: Request, session: Session, caller: Caller, filters: Annotated[DurationFilters, Query()]
) -> DurationAnswer | Response:
    """How long people have been displaced at the end of `date` (Bishkek time; default today), by DELTA's classes."""
    day = filters.on or today(datetime.now(UTC))
    rows = await durations_of(request, session, caller, filters, day)
    if not wants_csv(request, filters):
        confirmation = await confirmation_of(request, session, caller, filters, day)
        return DurationAnswer(**described(request, caller), day=day, rows=rows, confirmation=confirmation)
    exported = movement_exports.duration_rows(rows, status=counted_status(request), date=day.isoformat())
    text = exports.as_csv(exported, movement_exports.DURATION_NAMES, movement_exports.DURATION_TAGS)
    return await exported_file(request, session, text, file_name(f"duration-{day}", caller.own_areas))


async def movements_of(
    request: Request, session: AsyncSession, caller: Principal, filters: MovementFilters
) -> list[MovementFigure]:
    query, places = movement_query(request, caller, filters), request.app.state.places
    return await kept(request, session, "movements", query, lambda: movement_figures.movements(session, query, places))


def movement_query(request: Request, caller: Principal, filters: MovementFilters) -> FigureQuery:
    return query_of(request, caller, filters, **filters.period, movements=tuple(filters.movement))


async def durations_of(
    request: Request, session: AsyncSession, caller: Principal, filters: Filters, day: date
) -> list[DurationFigure]:
    query = query_of(request, caller, filters, until=day_after(day))
    return await kept(request, session, "duration", query, lambda: durations.durations(session, query))


async def confirmation_of(
    request: Request, session: AsyncSession, caller: Principal, filters: Filters, day: date
) -> ConfirmationFigure:
    query = query_of(request, caller, filters, until=day_after(day))
    [confirmation] = await kept(
        request, session, "confirmation", query, lambda: durations.confirmations(session, query)
    )
    return confirmation


async def exported_file(request: Request, session: AsyncSession, text: str, name: str) -> Response:
    """The security log records the export."""
    await audit.add(session, audit.entry_of(request, Action.EXPORTED))
    return csv_file(text, name)


def counted_status(request: Request) -> str:
    status: Status = request.app.state.settings.counted_status
    return status.value


def query_of(request: Request, caller: Principal, filters: Filters, **more: Any) -> FigureQuery:
    """Figures of movements and of duration include people of all scopes, but have no numbers by sex and age."""
    state = request.app.state
    query = filters.query(state.settings, caller, state.places, **more)
    return replace(query, scopes=(), has_cells=False)


async def kept(
    request: Request, session: AsyncSession, kind: str, query: FigureQuery, compute: Callable[[], Awaitable[list[T]]]
) -> list[T]:
    figures: KeptFigures = request.app.state.figures
    return await figures.kept(session, (kind, query), compute)


def described(request: Request, caller: Principal) -> dict[str, Any]:
    areas = caller.own_areas
    return {
        "counted_status": request.app.state.settings.counted_status,
        "areas": None if areas is None else list(areas),
    }
