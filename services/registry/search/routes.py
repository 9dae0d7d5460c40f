"""Routes that search households. The criteria are sent in the body, because URLs are logged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import openings
from services.registry.held import queries as held
from services.registry.routes import Caller, HouseholdSummary
from services.registry.search import queries as search_queries
from services.registry.search.criteria import HouseholdSearch
from services.registry.search.keys import SearchKeys
from services.registry.search.queries import SearchPage, SearchQuery, SiteWanted
from services.registry.visibility import visibility_of, within
from shared.auth.tokens import Principal
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events.vocabulary import Relationship, Sex
from shared.failures import is_too_slow
from shared.places import Places
from shared.postgres.database import Session
from shared.web import cursors
from shared.web.problems import Problem
from shared.web.reads import check_purpose, note_read, refused

router = APIRouter()


class FoundPerson(BaseModel):
    """A member of a found household, with the fields that distinguish persons."""

    model_config = ConfigDict(extra="ignore")

    member_id: UUID
    relationship: Relationship = Relationship.UNKNOWN
    sex: Sex = Sex.UNKNOWN
    birth_date: str | None = None
    birth_year: int | None = None
    age: int | None = None
    age_reported_on: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    patronymic: str | None = None


class FoundHousehold(HouseholdSummary):
    """A found household.

    `found_members` are the members who match. If no member matches, `found_members` has the first member.

    If the report lists no members, `contact_name` is the name of the contact person. `contact_name` is None if the
    report names no contact person.
    """

    found_members: list[FoundPerson]
    contact_name: str | None


class HouseholdsFound(BaseModel):
    """A page of the found households, the latest change first.

    `count` is the number of households on this page and all later pages; 1001 means more than 1,000. If places and days
    are the only criteria, `count` is null. While `is_complete` is false, a search by name or number may miss some
    households. `held` are the outcome ids of held reports with the searched code. The households of held reports are
    not registered.
    """

    households: list[FoundHousehold]
    count: int | None
    is_complete: bool
    held: Sequence[UUID]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class SearchResult:
    found: SearchPage
    persons: search_queries.OpenedPersons
    criteria: HouseholdSearch
    held: Sequence[UUID]
    next: str | None

    def meant(self, row: RowMapping) -> list[Mapping[str, Any]]:
        return self.criteria.members_meant(self.persons.members[row["household_id"]])

    def contact_name(self, row: RowMapping) -> str | None:
        return self.persons.contact_names.get(row["household_id"])


@router.post("/v1/households:search")
async def search_households(
    criteria: HouseholdSearch, request: Request, session: Session, caller: Caller
) -> HouseholdsFound:
    """Search the households in the caller's areas by name, telephone, personal number, code, place and day."""
    result = await found_by(criteria, request, session, caller)
    return HouseholdsFound(
        households=[
            FoundHousehold.model_validate(
                {**row, "found_members": result.meant(row), "contact_name": result.contact_name(row)}
            )
            for row in result.found.rows
        ],
        count=result.found.count,
        is_complete=result.found.is_complete,
        held=result.held,
        next=result.next,
    )


async def found_by(
    criteria: HouseholdSearch, request: Request, session: AsyncSession, caller: Principal
) -> SearchResult:
    """The security log records the search and the found households."""
    await check_purpose(request, caller)
    encryption: EnvelopeEncryption = request.app.state.encryption
    search_keys: SearchKeys = request.app.state.search
    query = await query_of(criteria, request, session, caller)
    try:
        search_page = await search_queries.find(session, search_keys, query)
    except DBAPIError as error:
        if is_too_slow(error):
            raise await too_slow(request) from None
        raise
    ids = [row["household_id"] for row in search_page.rows]
    persons = await search_queries.persons(session, encryption, ids)
    await note_read(request, session, ids)
    await openings.watch(session, caller)
    rows = search_page.rows
    more = cursors.encoded(rows[-1]["changed_at"], rows[-1]["household_id"]) if len(rows) == criteria.limit else None
    waiting = await held.of_unknown_households(session, criteria.code, query.visibility) if criteria.code else ()
    return SearchResult(search_page, persons, criteria, waiting, more)


async def too_slow(request: Request) -> Problem:
    """PostgreSQL ended the search, which took too long.

    The request is written to the security log.
    """
    await refused(request, "too-slow")
    return Problem(503, "search-too-slow", "The search took too long. Fill in another field.")


async def query_of(
    criteria: HouseholdSearch, request: Request, session: AsyncSession, caller: Principal
) -> SearchQuery:
    places: Places = request.app.state.places
    search_keys: SearchKeys = request.app.state.search
    return SearchQuery(
        visibility=visibility_of(caller, places),
        limit=criteria.limit,
        terms=criteria.terms_in(places),
        code=criteria.code,
        site=await site_of(criteria.site_id, session, search_keys, places) if criteria.site_id else None,
        hazard=(criteria.hazard_id, request.app.state.settings.counted_status) if criteria.hazard_id else None,
        within=within(criteria.area, places) if criteria.area else None,
        origin_within=within(criteria.origin, places) if criteria.origin else None,
        birth_year=criteria.birth_year,
        since=criteria.begins_at,
        until=criteria.ends_at,
        after=cursors.decoded(criteria.cursor),
    )


async def site_of(site_id: UUID, session: AsyncSession, search_keys: SearchKeys, places: Places) -> SiteWanted:
    site = await search_queries.site_wanted(session, search_keys, site_id, places)
    if site is None:
        raise Problem(404, "not-found", "There is no such site.")
    return site
