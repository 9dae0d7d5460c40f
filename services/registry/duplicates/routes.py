"""Routes that list the exact duplicates of one household or of all households.

Authors of reports cannot read duplicates.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import openings, queries
from services.registry.duplicates.comparisons import Comparison, compared
from services.registry.duplicates.duplicates import Duplicate, DuplicateReason, OpenedHousehold
from services.registry.models import DuplicatePair
from services.registry.routes import Caller, HouseholdSummary, at_hand, opened
from services.registry.search.routes import FoundPerson
from services.registry.visibility import visibility_of
from shared.auth.tokens import Principal
from shared.postgres.database import Session
from shared.web import cursors
from shared.web.reads import note_read

router = APIRouter()


class DuplicateHousehold(HouseholdSummary):
    """A household that was probably registered twice.

    `found_members` are the persons who are members of both households. If `found_members` is empty, `contact_name` is
    the name of the contact person.

    `contact_name` is None if no contact person is known.
    """

    duplicate_reasons: tuple[DuplicateReason, ...]
    found_members: list[FoundPerson]
    contact_name: str | None


class DuplicateHouseholds(BaseModel):
    """The duplicates, the strongest reason first.

    `is_complete` is false if too many households share a value, so that only some of these households were compared.
    """

    duplicates: list[DuplicateHousehold]
    is_complete: bool


class PairView(BaseModel):
    """Two records that probably describe the same household."""

    model_config = ConfigDict(from_attributes=True)

    household_id: UUID
    other_id: UUID
    reasons: tuple[DuplicateReason, ...]
    found_at: datetime


class PairPage(BaseModel):
    duplicates: list[PairView]
    next: str | None = None


@router.get("/v1/duplicates")
async def pairs(
    request: Request,
    session: Session,
    caller: Caller,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PairPage:
    """All pairs of households in the caller's areas that were probably registered twice, the newest first."""
    rows = await pairs_of(request, session, caller, limit, cursor)
    more = cursors.encoded(rows[-1].found_at, rows[-1].household_id) if len(rows) == limit else None
    return PairPage(duplicates=[PairView.model_validate(row) for row in rows], next=more)


async def pairs_of(
    request: Request, session: AsyncSession, caller: Principal, limit: int, cursor: str | None = None
) -> Sequence[DuplicatePair]:
    visibility = visibility_of(caller, request.app.state.places)
    rows = await queries.duplicate_pairs(session, visibility, limit, cursors.decoded(cursor))
    if rows:
        await note_read(
            request, session, [household_id for row in rows for household_id in (row.household_id, row.other_id)]
        )
    return rows


@router.get("/v1/households/{household_id}/duplicates")
async def duplicate_households(
    household_id: UUID, request: Request, session: Session, caller: Caller
) -> DuplicateHouseholds:
    """Households in the caller's areas that were probably registered twice."""
    household = await opened(household_id, request, session, caller)
    comparison = await duplicates_of(household, request, session, caller)
    await note_read(request, session, [household_id])
    await openings.watch(session, caller)
    return DuplicateHouseholds(
        duplicates=[shown(alike) for alike in comparison.duplicates], is_complete=comparison.is_complete
    )


async def duplicates_of(
    household: OpenedHousehold, request: Request, session: AsyncSession, caller: Principal
) -> Comparison:
    """The security log records that the caller read the duplicates."""
    encryption, visibility = at_hand(request, caller)
    duplicates = await compared(
        session, encryption, request.app.state.search, request.app.state.places, household, visibility
    )
    if duplicates.duplicates:
        ids = [alike.household["household_id"] for alike in duplicates.duplicates]
        await note_read(request, session, ids, among=openings.DUPLICATES)
    return duplicates


def shown(alike: Duplicate) -> DuplicateHousehold:
    more = {"duplicate_reasons": alike.reasons, "found_members": alike.members, "contact_name": alike.contact_name}
    return DuplicateHousehold.model_validate({**alike.household, **more})
