"""The page of the search for households, and the page of one household."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.registry import openings, queries
from services.registry.duplicate_routes import duplicates_of, pairs_of
from services.registry.models import CODE_CHARACTERS
from services.registry.queries import HouseholdQuery
from services.registry.routes import Caller, at_hand, note_read, opened
from services.registry.search import HouseholdSearch
from services.registry.search_routes import SearchResult, found_by
from services.registry.timelines import timeline, why_not_counted
from services.registry.visibility import visibility_of
from shared.auth.tokens import Principal
from shared.country import TIME_ZONE
from shared.pages import Pages, language_of
from shared.pages.terms import term
from shared.places import Places
from shared.postgres.database import Session

router = APIRouter(include_in_schema=False)

PAIRS = URGENT = 20  # the most rows of a list


@router.get("/search")
async def search_page(request: Request, session: Session, caller: Caller) -> Response:
    """The form, the newest urgent households, and the newest duplicates.

    The browser sends the criteria in the body of a separate request.
    """
    places: Places = request.app.state.places
    pairs = await pairs_of(request, session, caller, PAIRS)
    urgent = await urgent_of(request, session, caller)
    return render(request, "search.html", options=places.options(language_of(request)), pairs=pairs, urgent=urgent)


@router.post("/search")
async def search_results(criteria: HouseholdSearch, request: Request, session: Session, caller: Caller) -> Response:
    """The found households as a part of the page."""
    result: SearchResult = await found_by(criteria, request, session, caller)
    return render(request, "search-results.html", result=result)


@router.get("/households/{household_id}")
async def household_page(household_id: UUID, request: Request, session: Session, caller: Caller) -> Response:
    encryption, _ = at_hand(request, caller)
    household = await opened(household_id, request, session, caller)
    alike = await duplicates_of(household, request, session, caller)
    versions = await queries.history(session, encryption, household_id)
    course = await queries.course(session, household_id)
    await note_read(request, session, [household_id])
    await openings.watch(session, caller)
    return render(
        request,
        "household.html",
        duplicates=alike.duplicates,
        has_all_duplicates=alike.is_complete,
        household=household,
        details=household["sealed"],
        members=household["members"],
        counted=course.counted,
        why_not_counted=partial(why_not_counted, counted_status=request.app.state.settings.counted_status),
        timeline=timeline(versions, course),
    )


async def urgent_of(request: Request, session: AsyncSession, caller: Principal) -> Sequence[RowMapping]:
    """The clear fields of the newest households whose people need help at once."""
    visibility = visibility_of(caller, request.app.state.places)
    status = request.app.state.settings.counted_status
    rows = await queries.page(session, HouseholdQuery(visibility, URGENT, status=status, is_urgent=True))
    if rows:
        await note_read(request, session, [row["household_id"] for row in rows])
    return rows


def render(request: Request, template: str, **context: Any) -> Response:
    pages: Pages = request.app.state.pages
    gettext = partial(pages.gettext, language_of(request))
    shared = {
        "places": request.app.state.places,
        "date_of": date.fromisoformat,
        "date_time": datetime.fromisoformat,
        "local": lambda moment: moment.astimezone(TIME_ZONE),
        "code_of": lambda report_id: str(report_id)[-CODE_CHARACTERS:].upper(),
        "short_id": lambda account: str(account)[:8],
        "field_name": lambda name: term("household_field", name, gettext),
    }
    return pages.render(request, template, **shared, **context)
