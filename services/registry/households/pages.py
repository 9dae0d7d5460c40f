"""The page of the search for households, and the page of one household."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.registry import openings, queries
from services.registry.duplicates.routes import duplicates_of, pairs_of
from services.registry.households.functioning import has_disability
from services.registry.households.timelines import timeline, why_not_counted
from services.registry.queries import HouseholdQuery
from services.registry.record_pages import name_of, named_in, render, site_links
from services.registry.report_queries import in_order
from services.registry.routes import Caller, at_hand, opened
from services.registry.search.criteria import HouseholdSearch
from services.registry.search.routes import SearchResult, found_by
from services.registry.sites import histories as site_histories
from services.registry.sites import queries as site_queries
from services.registry.visibility import visibility_of
from shared.auth.tokens import Principal
from shared.pages import language_of
from shared.places import Places
from shared.postgres.database import Session
from shared.web import cursors
from shared.web.reads import note_read

router = APIRouter(include_in_schema=False)

PAIRS = URGENT = 20  # on the page


@router.get("/search")
async def search_page(
    request: Request,
    session: Session,
    caller: Caller,
    site: UUID | None = None,
    hazard: UUID | None = None,
    urgent: str | None = None,
) -> Response:
    """The form, a page of the urgent households, and the newest duplicates.

    The browser sends the search criteria in the body of a request, and never in the URL. With `site`, the form searches
    for households at this site. With `hazard`, the form searches at once for households that left because of this
    hazard. `urgent` is the cursor of the page of urgent households.
    """
    places: Places = request.app.state.places
    pairs = await pairs_of(request, session, caller, PAIRS)
    wanted = await site_queries.site(session, site) if site else None
    return render(
        request,
        "search.html",
        options=places.options(language_of(request)),
        pairs=pairs,
        urgent=await urgent_of(request, session, caller, urgent),
        site=wanted and (wanted.site_id, name_of(wanted, language_of(request))),
        hazard=hazard,
    )


@router.post("/search")
async def search_results(criteria: HouseholdSearch, request: Request, session: Session, caller: Caller) -> Response:
    """The part of the page that shows the found households."""
    result: SearchResult = await found_by(criteria, request, session, caller)
    return render(request, "search-results.html", result=result)


@router.get("/households/{household_id}")
async def household_page(household_id: UUID, request: Request, session: Session, caller: Caller) -> Response:
    encryption, _ = at_hand(request, caller)
    household = await opened(household_id, request, session, caller)
    alike = await duplicates_of(household, request, session, caller)
    versions = await queries.history(session, encryption, household_id)
    of_sites = await site_histories.movements_of(session, encryption, household_id, versions)
    course = await queries.course(session, household_id)
    entries = timeline(in_order([*versions, *of_sites]), course)
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
        has_disability=has_disability,
        counted=course.counted,
        now=datetime.now(UTC),
        why_not_counted=partial(why_not_counted, counted_status=request.app.state.settings.counted_status),
        timeline=entries,
        sites=await site_links(session, request, caller, named_in(entries)),
    )


@dataclass(frozen=True, slots=True)
class UrgentHouseholds:
    """The newest household comes first.

    `older` is the cursor of the next page, or None on the last page.
    """

    rows: Sequence[RowMapping]
    is_first_page: bool
    older: str | None


async def urgent_of(request: Request, session: AsyncSession, caller: Principal, cursor: str | None) -> UrgentHouseholds:
    visibility, after = visibility_of(caller, request.app.state.places), cursors.decoded(cursor)
    status = request.app.state.settings.counted_status
    query = HouseholdQuery(visibility, URGENT + 1, status=status, is_urgent=True, after=after)
    household_page = await queries.page(session, query)
    rows = household_page[:URGENT]
    if rows:
        await note_read(request, session, [row["household_id"] for row in rows])
    older = cursors.encoded(rows[-1]["changed_at"], rows[-1]["household_id"]) if len(household_page) > URGENT else None
    return UrgentHouseholds(rows, is_first_page=after is None, older=older)
