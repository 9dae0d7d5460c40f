"""The page of figures."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, Any, Generic, Self, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.responses import Response

from services.registry.figures import charts
from services.registry.figures.age_profiles import PROFILES, AgeProfile
from services.registry.figures.figure_values import Figure
from services.registry.figures.filters import WITHOUT_EFFECT, Caller, Filters, FlowFilters, PageDates, StockFilters
from services.registry.figures.need_routes import needs_of
from services.registry.figures.needs import NeedFigure
from services.registry.figures.queries import Dimension, FigureCategory, MovementScope, ReasonRank, View
from services.registry.figures.routes import flows_of, stock_of
from services.registry.figures.row_pages import USUAL_ROWS
from services.registry.figures.totals import by_evacuation, by_shelter, totals
from services.registry.reports import MOVES
from shared.auth.tokens import Principal
from shared.country import soate
from shared.displacement_reasons import BY_ONSET
from shared.events.vocabulary import HazardType, Sex
from shared.hazard_definitions import Onset
from shared.pages import Pages, language_of
from shared.places import Places
from shared.shelters import BY_ARRANGEMENT

PAGE_ROWS = 50
MOST_PLACES = 12
ON_MAP = ("pcode", "persons", "group_persons")
T = TypeVar("T")

router = APIRouter()
PageNumber = Annotated[int, Field(ge=1, le=10_000)]


OPTIONS: dict[str, Any] = {
    "views": View,
    "reasons": BY_ONSET,
    "ranks": ReasonRank,
    "onsets": Onset,
    "hazard_types": HazardType,
    "moves": MOVES,
    "sexes": Sex,
    "age_profiles": PROFILES.values(),
    "json_rows": USUAL_ROWS,
}


class PageFilters(PageDates, StockFilters):
    stock_page: PageNumber = 1
    flows_page: PageNumber = 1


@router.get("/figures")
async def figures_page(request: Request, caller: Caller, filters: Annotated[PageFilters, Query()]) -> Response:
    pages: Pages = request.app.state.pages
    places: Places = request.app.state.places
    chosen_filters = filters.usual(now := datetime.now(UTC))
    assert chosen_filters.on is not None
    page_figures = await PageFigures.of(request, caller, chosen_filters, chosen_filters.on)
    stock = [figure for figure in page_figures.stock if filters.selects(figure)]
    where = charts.by_place(stock)
    return pages.render(
        request,
        "figures.html",
        filters=chosen_filters,
        area_names=area_names(request, caller),
        categories=[category for category in FigureCategory if category in filters.categories],
        stock_totals=totals(stock),
        flows_totals=totals(page_figures.flows),
        apart=totals(page_figures.stock),
        evacuated=by_evacuation(page_figures.shelters),
        by_age=totals(page_figures.by_age),
        stock=TablePage.of(filters.rows(stock), "stock_page", filters),
        flows=TablePage.of(filters.rows(page_figures.flows), "flows_page", filters),
        monthly=charts.monthly(page_figures.flows),
        history_path=address(HISTORY, chosen_filters, HISTORY_FILTERS),
        now=now,
        where=where[:MOST_PLACES],
        widest=charts.widest(where),
        on_map=[{name: getattr(figure, name) for name in ON_MAP} for figure in where if figure.pcode],
        shelters=by_shelter(page_figures.shelters),
        needs=page_figures.needs,
        places=places,
        counted=request.app.state.settings.counted_status.value,
        options={**OPTIONS, "scopes": MovementScope, "shelters": BY_ARRANGEMENT, "dimensions": Dimension},
        link=lambda kind, **more: link(chosen_filters, kind, **more),
        other_tab=address("/registry/figures/movements", filters, SHARED),
        soate=soate,
    )


@dataclass(frozen=True, slots=True)
class TablePage(Generic[T]):
    """One page of a table, with links to the previous and the next page.

    A CSV file has all rows, and a JSON answer has one page of rows.
    """

    rows: Sequence[T]
    first: int
    count: int
    previous: str | None = None
    next: str | None = None

    @classmethod
    def of(cls, figures: Sequence[T], name: str, filters: Filters, path: str = "/registry/figures") -> Self:
        pages = max(1, -(-len(figures) // PAGE_ROWS))
        number = min(getattr(filters, name), pages)
        first = (number - 1) * PAGE_ROWS

        def address(number: int) -> str:
            kept = filters.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"format"})
            return f"{path}?{urlencode({**kept, name: number}, doseq=True)}#{name.removesuffix('_page')}"

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


@dataclass(frozen=True, slots=True)
class PageFigures:
    """`stock` contains all categories. `shelters` has the figures by kind of shelter and evacuation.

    One of UNHCR's age brackets begins at the age of 5, so `by_age` uses UNHCR's brackets. The page shows the number of
    persons aged 5 and over, because only they are asked about functioning. `by_age` is empty if nobody was asked about
    functioning, or if the filters select sexes or ages.
    """

    stock: list[Figure]
    shelters: list[Figure]
    by_age: list[Figure]
    flows: list[Figure]
    needs: list[NeedFigure]

    @classmethod
    async def of(cls, request: Request, caller: Principal, filters: PageFilters, day: date) -> Self:
        """The queries run at the same time on several connections, because one connection would take 1.5 times as long.

        The caller must hold no database connection while the queries run. If two requests each held a connection, the
        two requests could wait for each other for ever.
        """
        begin: async_sessionmaker[AsyncSession] = request.app.state.sessions
        # without an area, both views count the same people
        view = filters.view if filters.area else View.DESTINATION
        sheltered: dict[str, Any] = {
            "by": (Dimension.SHELTER, Dimension.EVACUATION),
            "is_by_reason": False,
            "has_cells": False,
        }
        aged: dict[str, Any] = {"age_profile": AgeProfile.UNHCR, "is_by_reason": False, "view": view, "level": 0}

        async def with_session(ask: Callable[[AsyncSession], Awaitable[list[T]]]) -> list[T]:
            async with begin() as session:
                return await ask(session)

        def stock(session: AsyncSession, **more: Any) -> Awaitable[list[Figure]]:
            return stock_of(request, session, caller, filters, day, **more)

        async def by_age() -> list[Figure]:
            is_anybody_asked = any(figure.assessed for figure in await stocked)
            return await with_session(partial(stock, **aged)) if is_anybody_asked else []

        try:
            async with asyncio.TaskGroup() as tasks:
                stocked = tasks.create_task(with_session(partial(stock, mobilities=MOVES, scopes=())))
                requested = (
                    tasks.create_task(with_session(partial(stock, **sheltered, view=view, level=0))),
                    tasks.create_task(by_age()),
                    tasks.create_task(with_session(lambda session: flows_of(request, session, caller, filters))),
                    tasks.create_task(with_session(lambda session: needs_of(request, session, caller, filters, day))),
                )
        except ExceptionGroup as errors:
            # If PostgreSQL is unavailable, all queries fail, but only one of the errors is raised.
            raise errors.exceptions[0] from None
        shelters, aged_stock, flows, needs = requested
        return cls(stocked.result(), shelters.result(), aged_stock.result(), flows.result(), needs.result())


def area_names(request: Request, caller: Principal) -> list[str] | None:
    areas, language = caller.own_areas, language_of(request)
    return None if areas is None else [request.app.state.places.name(area, language) for area in areas]


# The page of figures and the page of movements share these filters.
SHARED = PageDates.model_fields.keys() - WITHOUT_EFFECT
# The chart takes as long as the rest of the page, so the browser requests the chart separately.
HISTORY = "/registry/figures/history"
HISTORY_FILTERS = PageFilters.model_fields.keys() - {"stock_page", "flows_page"}
ADDRESSES: dict[str, type[Filters]] = {"stock": StockFilters, "flows": FlowFilters}


def link(filters: PageFilters, kind: str, **more: str) -> str:
    return address(f"/registry/v1/statistics/{kind}", filters, ADDRESSES[kind].model_fields.keys(), **more)


def address(path: str, filters: Filters, accepted: Collection[str], **more: str) -> str:
    taken = {*accepted} - {"format", "lang"}
    kept = filters.model_dump(mode="json", by_alias=True, exclude_defaults=True, include=taken)
    return f"{path}?{urlencode({**kept, **more}, doseq=True)}"
