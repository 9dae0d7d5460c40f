"""Routes for figures as JSON and CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import starmap
from operator import attrgetter
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.registry.figures import exports
from services.registry.figures.age_profiles import AgeProfile
from services.registry.figures.figure_values import Figure
from services.registry.figures.filters import Caller, Filters, FlowFilters, StockFilters
from services.registry.figures.kept import KeptFigures
from services.registry.figures.queries import FigureCategory, FigureQuery, Kind, MovementScope, ReasonRank, View, today
from services.registry.figures.row_pages import RowFilters, RowPage
from services.registry.figures.totals import by_category, known_sum
from services.registry.models import ASSESSMENT_NAMES
from shared import audit
from shared.audit import Action
from shared.auth.tokens import Principal
from shared.events.vocabulary import Mobility, Status, SubStock
from shared.pages.languages import chosen
from shared.places import Places
from shared.postgres.database import Session

router = APIRouter()


class StockRowFilters(StockFilters, RowFilters):
    pass


class FlowRowFilters(FlowFilters, RowFilters):
    pass


class FiguresAnswer(BaseModel):
    """`areas` are the caller's areas. The figures are limited to these areas; None means the whole country."""

    counted_status: Status
    areas: list[str] | None


class FigureRows(FiguresAnswer):
    """A page of the rows. `total` and `totals` are sums over all pages. `next` is the `cursor` of the next page.

    `total` is None if the filters select several categories, because their people are never added.
    """

    mobility: list[Mobility]
    scope: list[MovementScope]
    rank: ReasonRank
    view: View
    level: int
    age_profile: AgeProfile
    places_version: str
    version: str
    total: dict[str, int | None] | None
    totals: dict[FigureCategory, dict[str, int | None]]
    rows: list[dict[str, Any]]
    next: str | None


# Answers are encoded without pydantic, because pydantic would check each row. The model `FigureRows` only documents the
# fields.
DOCUMENTED: dict[int | str, dict[str, Any]] = {200: {"model": FigureRows}}


@router.get("/v1/statistics/stock", responses=DOCUMENTED)
async def stock(
    request: Request, session: Session, caller: Caller, filters: Annotated[StockRowFilters, Query()]
) -> Response:
    """The displaced people by place at the end of `date` (Bishkek time; default today).

    The JSON answer has at most `limit` rows. If there are more rows, `next` is the `cursor` of the next answer;
    otherwise `next` is null. `total` and `totals` are sums over all pages. If `version` differs from the version of the
    first answer, the figures changed meanwhile; request the first page again. With `format=csv`, the answer is a CSV
    file with all rows.
    """
    state, day = request.app.state, filters.on or today(datetime.now(UTC))
    query = filters.stock_query(state.settings, caller, state.places, day)
    return await answer(request, session, caller, filters, "stock", query, day=day)


@router.get("/v1/statistics/flows", responses=DOCUMENTED)
async def flows(
    request: Request, session: Session, caller: Caller, filters: Annotated[FlowRowFilters, Query()]
) -> Response:
    """New displacements by month (Bishkek time), from `since` to `until`, both included.

    An answer has at most `limit` rows, like an answer about the stock.
    """
    state = request.app.state
    query = filters.query(state.settings, caller, state.places, **filters.period)
    return await answer(request, session, caller, filters, "flows", query)


async def stock_of(
    request: Request, session: AsyncSession, caller: Principal, filters: StockFilters, day: date, **more: Any
) -> list[Figure]:
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
    filters: RowFilters,
    kind: Kind,
    query: FigureQuery,
    *,
    day: date | None = None,
) -> Response:
    state, areas, language = request.app.state, caller.own_areas, chosen(request) or "en"
    kept: KeptFigures = state.figures
    writer = FigureWriter(state.places, state.settings.counted_status, filters, areas, language, day)

    async def figures() -> list[Figure]:
        figures = await kept.answer(session, kind, query, state.places)
        # The transaction ends before the answer is serialised: serialising can take long, and PostgreSQL ends idle
        # transactions.
        await session.commit()
        return figures

    async def encoded(version: str) -> bytes:
        return writer.page(await figures(), version)

    if not wants_csv(request, filters):
        question = f"{kind} in JSON", query, areas, language, filters.limit, filters.cursor
        return json_answer(await kept.encoded(session, question, encoded))
    await audit.add(session, audit.entry_of(request, Action.EXPORTED))
    return csv_file(writer.csv(await figures()), file_name(f"stock-{day}" if day else "flows", areas))


@dataclass(frozen=True, slots=True)
class FigureWriter:
    places: Places
    counted: Status
    filters: RowFilters
    areas: Sequence[str] | None
    language: str
    day: date | None

    @property
    def names(self) -> list[str]:
        return exports.names(is_stock=self.day is not None, by=self.filters.by, profile=self.filters.profile)

    def rows(self, figures: Sequence[Figure]) -> list[exports.Row]:
        return exports.rows(
            figures,
            self.places,
            status=self.counted.value,
            level=self.filters.level,
            by=self.filters.by,
            date=self.day.isoformat() if self.day else None,
            language=self.language,
        )

    def page(self, figures: list[Figure], version: str) -> bytes:
        """If two answers have different versions, the figures may have changed meanwhile.

        The version of a stock contains the day, because the default day changes at midnight.
        """
        filters = self.filters
        rows, selected, row_type = filters.rows(figures), list(filters.categories), exports.row_type(tuple(self.names))
        page = RowPage.of(rows, filters)
        whole = {of.value: numbers(same, filters) for of, same in by_category(figures).items()}
        return msgspec.json.encode(
            {
                "counted_status": self.counted.value,
                "areas": self.areas,
                "mobility": filters.mobility,
                "scope": filters.scopes,
                "rank": filters.rank,
                "view": filters.view,
                "level": filters.level,
                "age_profile": filters.age_profile,
                "places_version": self.places.version,
                "version": f"{version}-{self.day}" if self.day else version,
                "total": whole[selected[0].value] if len(selected) == 1 else None,
                "totals": whole,
                "rows": list(starmap(row_type, self.rows(rows[page.first : page.last]))),
                "next": page.next,
            }
        )

    def csv(self, figures: list[Figure]) -> str:
        filters = self.filters
        sub_stocks = getattr(filters, "sub_stock", [SubStock.IN_DISPLACEMENT])
        people = exports.people(filters.mobility, filters.scopes, sub_stocks)
        tags = exports.tags(self.names, people=people, view=filters.view, level=filters.level, profile=filters.profile)
        return exports.as_csv(self.rows(filters.rows(figures)), self.names, tags)


def json_answer(content: bytes) -> Response:
    return Response(content, media_type="application/json", headers={"vary": "Accept, Cookie"})


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
    """Assessed persons are None if sexes or ages are selected, because they are stored without sex and age."""
    sums = {name: known_sum(map(attrgetter(name), figures)) for name in NUMBERS}
    return sums if filters.are_all_persons else {**sums, **dict.fromkeys(ASSESSMENT_NAMES)}


def file_name(name: str, areas: Sequence[str] | None) -> str:
    """The name of a file for some areas contains the area, or the number of areas.

    The name of a file for the whole country contains no area.
    """
    if areas is None:
        return f"{name}.csv"
    return f"{name}-only-{areas[0]}.csv" if len(areas) == 1 else f"{name}-only-{len(areas)}-areas.csv"
