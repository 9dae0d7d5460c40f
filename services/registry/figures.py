"""Routes for figures. Programs get JSON and CSV; people get a page."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.responses import Response

from services.registry import charts, exports
from services.registry.figure_queries import FigureQuery, MovementScope, View, day_after, today
from services.registry.kept_figures import KeptFigures
from services.registry.reports import MOVES
from services.registry.statistics import Figure, total
from services.registry.visibility import visibility_of, within
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.config import Settings
from shared.country import soate
from shared.events.fields import FIRST_YEAR, Day, PCode
from shared.events.vocabulary import DISPLACED, AgeBracket, Mobility, Reason, Sex, SubStock
from shared.pages import Pages, language_of
from shared.pages.languages import chosen
from shared.places import Places
from shared.postgres.database import Session

PAGE_ROWS = 50

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]


def moved(mobility: Mobility) -> Mobility:
    if mobility not in MOVES:
        raise ValueError("`unable_to_move` is not a move: no figure contains it")
    return mobility


class Filters(BaseModel):
    """Filters of figures. If a form field is empty, its default is used."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    view: View = View.DESTINATION
    level: Annotated[int, Field(ge=0, le=2)] = 2
    area: PCode | None = None
    reason: list[Reason] = []
    scope: list[MovementScope] = []
    mobility: list[Annotated[Mobility, AfterValidator(moved)]] = list(DISPLACED)
    sex: list[Sex] = []
    age: list[AgeBracket] = []
    format: str | None = None
    lang: str | None = None

    @field_validator("*", mode="before")
    @classmethod
    def not_empty(cls, value: Any, info: Any) -> Any:
        default = cls.model_fields[info.field_name].default
        if isinstance(value, list):
            return [item for item in value if item != ""] or default
        return default if value == "" else value

    @property
    def are_displaced(self) -> bool:
        """Whether the selected mobilities all count as displaced."""
        return set(self.mobility) <= set(DISPLACED)

    def query(self, settings: Settings, caller: Principal, places: Places, **period: Any) -> FigureQuery:
        visibility = visibility_of(caller, places)
        return FigureQuery(
            settings.counted_status,
            known=tuple(visibility.known),
            visible=None if visibility.pcodes is None else tuple(visibility.pcodes),
            pcodes=tuple(within(self.area, places)) if self.area else None,
            view=self.view,
            level=self.level,
            reasons=tuple(self.reason),
            scopes=tuple(self.scope),
            mobilities=tuple(self.mobility),
            sexes=tuple(self.sex),
            ages=tuple(self.age),
            **period,
        )


InStock = Literal[SubStock.IN_DISPLACEMENT, SubStock.IN_RETURN, SubStock.IN_SETTLEMENT]


class StockFilters(Filters):
    on: Annotated[Day | None, Field(alias="date")] = None
    sub_stock: Annotated[list[InStock], Field(min_length=1)] = [SubStock.IN_DISPLACEMENT]


Month = Annotated[str, Field(pattern=r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$")]  # 1900 to 2199, as in `Day`


class FlowFilters(Filters):
    """The filters of flows, from the month `since` to the month `until`. Both months are included."""

    since: Month | None = None
    until: Month | None = None

    @property
    def period(self) -> dict[str, date | None]:
        return {
            "since": date.fromisoformat(f"{self.since}-01") if self.since else None,
            "until": date.fromisoformat(f"{charts.after(self.until)}-01") if self.until else None,
        }


PageNumber = Annotated[int, Field(ge=1, le=10_000)]


class PageFilters(FlowFilters, StockFilters):
    stock_page: PageNumber = 1
    flows_page: PageNumber = 1

    def usual(self, now: datetime) -> Self:
        """The filters with default dates: today for the stock, and the last twelve months for the flows."""
        day = self.on or today(now)
        is_open = self.until or day.year == FIRST_YEAR  # no data exists before the first year
        since = self.since or (None if is_open else charts.after(f"{day.year - 1}-{day.month:02}"))
        until = self.until or max(f"{max(day, today(now)):%Y-%m}", self.since or "")
        return self.model_copy(update={"on": day, "since": since, "until": until})


@router.get("/v1/statistics/stock")
async def stock(
    request: Request, session: Session, caller: Caller, filters: Annotated[StockFilters, Query()]
) -> Response:
    """The displaced by place at the end of `date` (Bishkek time; default today)."""
    day = filters.on or today(datetime.now(UTC))
    figures = await stock_of(request, session, caller, filters, day)
    return await answer(request, session, caller, filters, figures, day=day)


@router.get("/v1/statistics/flows")
async def flows(
    request: Request, session: Session, caller: Caller, filters: Annotated[FlowFilters, Query()]
) -> Response:
    """New displacements by month (Bishkek time), `since` and `until` inclusive."""
    return await answer(request, session, caller, filters, await flows_of(request, session, caller, filters))


@router.get("/figures")
async def figures_page(request: Request, caller: Caller, filters: Annotated[PageFilters, Query()]) -> Response:
    pages: Pages = request.app.state.pages
    places: Places = request.app.state.places
    chosen_filters = filters.usual(datetime.now(UTC))
    assert chosen_filters.on is not None
    stock, flows = await stock_and_flows(request, caller, chosen_filters, chosen_filters.on)
    return pages.render(
        request,
        "figures.html",
        filters=chosen_filters,
        area_names=area_names(request, caller),
        stock_total=total(stock),
        flows_total=total(flows),
        stock=TablePage.of(stock, "stock_page", filters),
        flows=TablePage.of(flows, "flows_page", filters),
        chart=charts.monthly(flows),
        where=(where := charts.by_place(stock)),
        widest=charts.widest(where),
        places=places,
        counted=request.app.state.settings.counted_status.value,
        options={
            "views": View,
            "scopes": MovementScope,
            "reasons": Reason,
            "moves": MOVES,
            "sexes": Sex,
            "ages": AgeBracket,
        },
        link=lambda kind, **more: link(chosen_filters, kind, **more),
        soate=soate,
    )


@dataclass(frozen=True, slots=True)
class TablePage:
    """One page of a table, with links to the previous and the next page. CSV and JSON have all rows."""

    rows: Sequence[Figure]
    first: int
    count: int
    previous: str | None = None
    next: str | None = None

    @classmethod
    def of(cls, figures: Sequence[Figure], name: str, filters: PageFilters) -> Self:
        pages = max(1, -(-len(figures) // PAGE_ROWS))
        number = min(getattr(filters, name), pages)
        first = (number - 1) * PAGE_ROWS

        def address(number: int) -> str:
            kept = filters.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"format"})
            return f"/registry/figures?{urlencode({**kept, name: number}, doseq=True)}#{name.removesuffix('_page')}"

        return cls(
            figures[first : first + PAGE_ROWS],
            first + 1,
            len(figures),
            address(number - 1) if number > 1 else None,
            address(number + 1) if number < pages else None,
        )

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


async def stock_and_flows(
    request: Request, caller: Principal, filters: PageFilters, day: date
) -> tuple[list[Figure], list[Figure]]:
    """Compute stock and flows on two connections at the same time. In sequence, both take 1.5 times as long.

    The caller must hold no connection, because requests that hold one and wait for two more could block each other.
    """
    begin: async_sessionmaker[AsyncSession] = request.app.state.sessions

    async def with_session(ask: Callable[[AsyncSession], Awaitable[list[Figure]]]) -> list[Figure]:
        async with begin() as session:
            return await ask(session)

    try:
        async with asyncio.TaskGroup() as tasks:
            stock = tasks.create_task(with_session(lambda session: stock_of(request, session, caller, filters, day)))
            flows = tasks.create_task(with_session(lambda session: flows_of(request, session, caller, filters)))
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None  # the first error, for example of an unavailable PostgreSQL
    return stock.result(), flows.result()


async def stock_of(
    request: Request, session: AsyncSession, caller: Principal, filters: StockFilters, day: date
) -> list[Figure]:
    state = request.app.state
    sub_stocks = tuple(filters.sub_stock)
    query = filters.query(state.settings, caller, state.places, until=day_after(day), sub_stocks=sub_stocks)
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
    is_csv = filters.format == "csv" or "text/csv" in request.headers.get("accept", "")
    if is_csv:
        await audit.add(session, audit.entry_of(request, Action.EXPORTED))
    # Commit first, because serialising many rows takes long and PostgreSQL ends idle transactions.
    await session.commit()
    state, areas = request.app.state, caller.own_areas
    status, on = state.settings.counted_status.value, day.isoformat() if day else None
    language = chosen(request) or "en"
    rows = exports.rows(figures, state.places, status=status, level=filters.level, date=on, language=language)
    names = exports.names(is_stock=day is not None)
    if is_csv:
        people = exports.people(
            filters.mobility, filters.scope, getattr(filters, "sub_stock", [SubStock.IN_DISPLACEMENT])
        )
        tags = exports.tags(names, people=people, view=filters.view, level=filters.level)
        return Response(
            exports.as_csv(rows, names, tags),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{file_name(on, areas)}"', "vary": "Accept, Cookie"},
        )
    whole = total(figures)
    return Response(
        to_json(
            {
                "counted_status": status,
                "areas": areas,
                "mobility": filters.mobility,
                "view": filters.view,
                "level": filters.level,
                "places_version": state.places.version,
                "total": {
                    "households": whole.households,
                    "persons": whole.persons,
                    "groups": whole.groups,
                    "group_persons": whole.group_persons,
                },
                "rows": rows,
            }
        ),
        media_type="application/json",
        headers={"vary": "Accept, Cookie"},
    )


def area_names(request: Request, caller: Principal) -> list[str] | None:
    areas, language = caller.own_areas, language_of(request)
    return None if areas is None else [request.app.state.places.name(area, language) for area in areas]


def file_name(day: str | None, areas: Sequence[str] | None) -> str:
    """A file name. If the figures do not cover the whole country, the name contains the area or the number of areas."""
    name = f"stock-{day}" if day else "flows"
    if areas is None:
        return f"{name}.csv"
    return f"{name}-only-{areas[0]}.csv" if len(areas) == 1 else f"{name}-only-{len(areas)}-areas.csv"


ADDRESSES: dict[str, type[Filters]] = {"stock": StockFilters, "flows": FlowFilters}


def link(filters: PageFilters, kind: str, **more: str) -> str:
    """A link to JSON or CSV with the current filters, without the filters that this route does not accept."""
    taken = ADDRESSES[kind].model_fields.keys() - {"format", "lang"}
    kept = filters.model_dump(mode="json", by_alias=True, exclude_defaults=True, include=taken)
    return f"/registry/v1/statistics/{kind}?{urlencode({**kept, **more}, doseq=True)}"
