"""Routes that search households. The criteria are in the body, because URLs are logged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import openings, search, search_queries
from services.registry.envelope_encryption import EnvelopeEncryption
from services.registry.routes import Caller, HouseholdSummary, check_purpose, note_read
from services.registry.search import HouseholdSearch
from services.registry.search_keys import Field, SearchKeys, Term, terms
from services.registry.search_queries import SearchPage, SearchQuery
from services.registry.visibility import visibility_of, within
from shared.auth.tokens import Principal
from shared.events.vocabulary import Relationship, Sex
from shared.places import Places
from shared.postgres.database import Session
from shared.web import cursors
from shared.web.problems import Problem

router = APIRouter()


class FoundPerson(BaseModel):
    """A member of a found household, with the fields that distinguish persons."""

    model_config = ConfigDict(extra="ignore")

    member_id: UUID
    relationship: Relationship = Relationship.UNKNOWN
    sex: Sex = Sex.UNKNOWN
    birth_date: str | None = None
    birth_year: int | None = None
    given_name: str | None = None
    family_name: str | None = None
    patronymic: str | None = None


class FoundHousehold(HouseholdSummary):
    """`found_members` are the members who match the search, or the first member if nobody matches."""

    found_members: list[FoundPerson]


class HouseholdsFound(BaseModel):
    """A page of the found households, the latest change first.

    `count` is the number of households on this page and all later pages; null if the search has only places and days.
    While `is_complete` is false, the registry is still preparing older households for the search.
    """

    households: list[FoundHousehold]
    count: int | None
    is_complete: bool
    next: str | None = None


@dataclass(frozen=True, slots=True)
class SearchResult:
    found: SearchPage
    members: search_queries.OpenedMembers
    terms: Sequence[Term]
    next: str | None

    def meant(self, row: RowMapping) -> list[dict[str, Any]]:
        return search.meant(self.members[row["household_id"]], self.terms)


@router.post("/v1/households:search")
async def search_households(
    criteria: HouseholdSearch, request: Request, session: Session, caller: Caller
) -> HouseholdsFound:
    """Households in the caller's areas by name, telephone, personal number, code, place and day."""
    result = await found_by(criteria, request, session, caller)
    return HouseholdsFound(
        households=[
            FoundHousehold.model_validate({**row, "found_members": result.meant(row)}) for row in result.found.rows
        ],
        count=result.found.count,
        is_complete=result.found.is_complete,
        next=result.next,
    )


async def found_by(
    criteria: HouseholdSearch, request: Request, session: AsyncSession, caller: Principal
) -> SearchResult:
    """Search and open the found households. The security log records the search and the found households."""
    await check_purpose(request, caller)
    places: Places = request.app.state.places
    encryption: EnvelopeEncryption = request.app.state.encryption
    search_keys: SearchKeys = request.app.state.search
    found = await search_queries.find(session, search_keys, await query_of(criteria, session, caller, places))
    ids = [row["household_id"] for row in found.rows]
    members = await search_queries.members(session, encryption, ids)
    await note_read(request, session, ids)
    await openings.watch_searches(session, caller)
    rows = found.rows
    more = cursors.encoded(rows[-1]["changed_at"], rows[-1]["household_id"]) if len(rows) == criteria.limit else None
    return SearchResult(found, members, criteria.terms, more)


async def query_of(criteria: HouseholdSearch, session: AsyncSession, caller: Principal, places: Places) -> SearchQuery:
    return SearchQuery(
        visibility=visibility_of(caller, places),
        limit=criteria.limit,
        terms=criteria.terms,
        alternatives=await at_site(session, criteria.site_id) if criteria.site_id else (),
        within=within(criteria.area, places) if criteria.area else None,
        origin_within=within(criteria.origin, places) if criteria.origin else None,
        birth_year=criteria.birth_year,
        since=criteria.began,
        until=criteria.ended,
        after=cursors.decoded(criteria.cursor),
    )


async def at_site(session: AsyncSession, site_id: UUID) -> list[Term]:
    """Reports name a site by its id, or in words as a locality."""
    names = await search_queries.site_names(session, site_id)
    if not names:
        raise Problem(404, "not-found", "There is no such site.")
    named = [term for name in names for term in terms(Field.LOCALITY, name)]
    return [*terms(Field.SITE, str(site_id)), *named]
