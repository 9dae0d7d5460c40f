"""The route that lists exact duplicates of a household. Authors of reports never learn of duplicates."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import openings, queries, search_queries
from services.registry.duplicates import Duplicate, DuplicateReason, OpenedHousehold, duplicate
from services.registry.routes import Caller, HouseholdSummary, at_hand, check_purpose, missing, note_read
from services.registry.search_routes import FoundPerson
from shared.auth.tokens import Principal
from shared.postgres.database import Session

router = APIRouter()


class DuplicateHousehold(HouseholdSummary):
    """A household that was probably registered twice. `found_members` are the persons who are in both."""

    duplicate_reasons: tuple[DuplicateReason, ...]
    found_members: list[FoundPerson]


class DuplicateHouseholds(BaseModel):
    duplicates: list[DuplicateHousehold]


@router.get("/v1/households/{household_id}/duplicates")
async def duplicate_households(
    household_id: UUID, request: Request, session: Session, caller: Caller
) -> DuplicateHouseholds:
    """Households in the caller's areas that were probably registered twice."""
    encryption, visibility = at_hand(request, caller)
    await check_purpose(request, caller, household_id)
    household = await queries.household(session, encryption, household_id, visibility)
    if household is None:
        raise await missing(request, household_id)
    alike = await duplicates_of(household, request, session, caller)
    await note_read(request, session, [household_id])
    await openings.watch(session, caller)
    return DuplicateHouseholds(duplicates=[shown(each) for each in alike])


async def duplicates_of(
    household: OpenedHousehold, request: Request, session: AsyncSession, caller: Principal
) -> Sequence[Duplicate]:
    """The duplicates in the caller's areas. The security log has them as read."""
    encryption, visibility = at_hand(request, caller)
    ids = await search_queries.like(session, request.app.state.search, household, visibility)
    others = await queries.households(session, encryption, ids, visibility)
    alike = [found for other in others if (found := duplicate(household, other))]
    if alike:
        await note_read(request, session, [each.household["household_id"] for each in alike])
    return alike


def shown(each: Duplicate) -> DuplicateHousehold:
    more = {"duplicate_reasons": each.reasons, "found_members": each.members}
    return DuplicateHousehold.model_validate({**each.household, **more})
