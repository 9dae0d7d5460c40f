"""Routes for figures as JSON and CSV."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import starmap
from operator import attrgetter
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.registry.figures import exports
from services.registry.figures.filters import Caller, Filters, FlowFilters, StockFilters
from services.registry.figures.kept import KeptFigures
from services.registry.figures.queries import today
from services.registry.figures.statistics import Figure, by_category, known_sum
from services.registry.models import ASSESSMENT_NAMES
from shared import audit
from shared.audit import Action
from shared.auth.tokens import Principal
from shared.events.vocabulary import SubStock
from shared.pages.languages import chosen
from shared.postgres.database import Session

router = APIRouter()


@router.get("/v1/statistics/stock")
async def stock(
    request: Request, session: Session, caller: Caller, filters: Annotated[StockFilters, Query()]
) -> Response:
    """The displaced people by place at the end of `date` (Bishkek time; default today)."""
    day = filters.on or today(datetime.now(UTC))
    figures = await stock_of(request, session, caller, filters, day)
    return await answer(request, session, caller, filters, figures, day=day)


@router.get("/v1/statistics/flows")
async def flows(
    request: Request, session: Session, caller: Caller, filters: Annotated[FlowFilters, Query()]
) -> Response:
    """New displacements by month (Bishkek time), from `since` to `until`, both included."""
    return await answer(request, session, caller, filters, await flows_of(request, session, caller, filters))


async def stock_of(
    request: Request, session: AsyncSession, caller: Principal, filters: StockFilters, day: date, **more: Any
) -> list[Figure]:
    """The stock. The fields in `more` replace fields of the query."""
    state = request.app.state
    query = filters.stock_query(state.settings, caller, state.places, day, **more)
    kept: KeptFigures = state.figures
    return await kept.answer(session, "stock", query, state.places)


async def flows_of(request: Request, session: AsyncSession, caller: Principal, filters: FlowFilters) -> list[Figure]:
    state = request.app.state
    query = filters.query(state.settings, caller, state.places, **filters.period)
    kept: KeptFigures = state.figures
    return await kept.answer(session, "flows", query, state.places)


async def answer(
    request: Request,
    session: Session,
    caller: Principal,
    filters: Filters,
    figures: list[Figure],
    *,
    day: date | None = None,
) -> Response:
    """Answer with JSON, or with CSV if the caller asks for CSV."""
    is_csv = wants_csv(request, filters)
    if is_csv:
        await audit.add(session, audit.entry_of(request, Action.EXPORTED))
    # Commit before the answer is serialised: this can take long, and PostgreSQL ends idle transactions.
    await session.commit()
    state, areas = request.app.state, caller.own_areas
    status, on = state.settings.counted_status.value, day.isoformat() if day else None
    language = chosen(request) or "en"
    exported = exports.rows(
        filters.rows(figures),
        state.places,
        status=status,
        level=filters.level,
        by=filters.by,
        date=on,
        language=language,
    )
    names = exports.names(is_stock=day is not None, by=filters.by, profile=filters.profile)
    if is_csv:
        people = exports.people(
            filters.mobility, filters.scopes, getattr(filters, "sub_stock", [SubStock.IN_DISPLACEMENT])
        )
        tags = exports.tags(names, people=people, view=filters.view, level=filters.level, profile=filters.profile)
        return csv_file(exports.as_csv(exported, names, tags), file_name(f"stock-{on}" if on else "flows", areas))
    row_type = exports.row_type(tuple(names))
    whole = {of.value: numbers(same, filters) for of, same in by_category(figures).items()}
    selected = list(filters.categories)
    return Response(
        msgspec.json.encode(
            {
                "counted_status": status,
                "areas": areas,
                "mobility": filters.mobility,
                "scope": filters.scopes,
                "rank": filters.rank,
                "view": filters.view,
                "level": filters.level,
                "age_profile": filters.age_profile,
                "places_version": state.places.version,
                "total": whole[selected[0].value] if len(selected) == 1 else None,
                "totals": whole,
                "rows": list(starmap(row_type, exported)),
            }
        ),
        media_type="application/json",
        headers={"vary": "Accept, Cookie"},
    )


def wants_csv(request: Request, filters: Filters) -> bool:
    return filters.format == "csv" or "text/csv" in request.headers.get("accept", "")


def csv_file(text: str, name: str) -> Response:
    return Response(
        text,
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"', "vary": "Accept, Cookie"},
    )


NUMBERS = ("households", "persons", *ASSESSMENT_NAMES, "groups", "group_persons")


def numbers(figures: Sequence[Figure], filters: Filters) -> dict[str, int | None]:
    """The totals of the figures.

    If sexes or ages are selected, the numbers of assessed persons are None, because they are not stored by sex and age.
    """
    sums = {name: known_sum(map(attrgetter(name), figures)) for name in NUMBERS}
    return sums if filters.are_all_persons else {**sums, **dict.fromkeys(ASSESSMENT_NAMES)}


def file_name(name: str, areas: Sequence[str] | None) -> str:
    """A file name. If the figures do not cover the whole country, the name contains the area or the number of areas."""
    if areas is None:
        return f"{name}.csv"
    return f"{name}-only-{areas[0]}.csv" if len(areas) == 1 else f"{name}-only-{len(areas)}-areas.csv"
