"""Routes for households that were probably registered twice and wait for a person: list, answer, assign."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy import RowMapping, and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.registry.duplicates.duplicates import DuplicateReason
from services.registry.models import DuplicatePair, DuplicateReview, Household
from services.registry.queries import IS_UNANSWERED
from services.registry.routes import Caller
from services.registry.visibility import Visibility, here, visibility_of
from shared import audit
from shared.audit import Action, Result
from shared.events.fields import Body
from shared.postgres.database import Session
from shared.postgres.upsert import upsert
from shared.web.reads import note_read

router = APIRouter()
MOST = 200
SIDES = {name: aliased(Household, name=name) for name in ("one", "another")}
SHOWN = ("household_id", "persons", "current_pcode", "current_country", "registered_at", "author")


class WhyTwo(StrEnum):
    """Why a person answers that the pair describes two households."""

    NAMESAKES = "namesakes"  # different people with the same name
    ASKED = "asked"
    DOCUMENTS = "documents"  # the documents show two households


class Pair(Body):
    household_id: UUID
    other_id: UUID


Pairs = Annotated[list[Pair], Field(min_length=1, max_length=MOST)]


class HouseholdOfPair(BaseModel):
    """The unencrypted fields of a household."""

    household_id: UUID
    persons: int
    current_pcode: str | None
    current_country: str | None
    registered_at: datetime
    author: UUID


class WaitingPair(BaseModel):
    """Two records that probably describe the same household. The record that was registered first comes first."""

    household_id: UUID
    other_id: UUID
    reasons: tuple[DuplicateReason, ...]
    found_at: datetime
    assignee: UUID | None
    households: list[HouseholdOfPair]


class WaitingPairs(BaseModel):
    """At most MOST pairs, which have waited the longest, and the number of all waiting pairs."""

    pairs: list[WaitingPair]
    count: int


class TwoHouseholds(Body):
    """A person's answer that each of these pairs describes two different households."""

    pairs: Pairs
    because: WhyTwo


class PairAssignment(Body):
    """An assignment of pairs. If `account` is None, the pairs are assigned to nobody."""

    pairs: Pairs
    account: UUID | None


class ChangedPairs(BaseModel):
    """The pairs that the request changed.

    The other requested pairs were answered earlier, or the caller may not see them.
    """

    pairs: list[Pair]


@router.get("/v1/duplicates:waiting")
async def waiting_pairs(request: Request, session: Session, caller: Caller) -> WaitingPairs:
    """The unanswered pairs. The caller may see both households of each pair. The oldest pair comes first."""
    visibility = visibility_of(caller, request.app.state.places)
    rows = await unanswered(session, visibility)
    if rows:
        await note_read(request, session, [id for row in rows for id in (row["household_id"], row["other_id"])])
    count = await session.scalar(
        select(func.count()).select_from(visible(select(DuplicatePair), visibility).subquery())
    )
    return WaitingPairs(pairs=[shown(row) for row in rows], count=count or 0)


@router.post("/v1/duplicates:answer")
async def answer(body: TwoHouseholds, request: Request, session: Session, caller: Caller) -> ChangedPairs:
    """Answer that each pair describes two different households. The answered pairs no longer wait."""
    rows = await unanswered(session, visibility_of(caller, request.app.state.places), body.pairs)
    given = {"because": body.because, "account": caller.account, "answered_at": datetime.now(UTC)}
    reviews = [{**key(row), **given, "reasons": list(row["reasons"])} for row in rows]
    await upsert(session, DuplicateReview, reviews)
    return await changed(request, session, Action.DUPLICATES_ANSWERED, body.pairs, rows, body.because)


@router.post("/v1/duplicates:assign")
async def assign(body: PairAssignment, request: Request, session: Session, caller: Caller) -> ChangedPairs:
    rows = await unanswered(session, visibility_of(caller, request.app.state.places), body.pairs)
    await upsert(session, DuplicateReview, [{**key(row), "assignee": body.account} for row in rows])
    assignee = str(body.account or "nobody")
    return await changed(request, session, Action.DUPLICATES_ASSIGNED, body.pairs, rows, assignee)


async def unanswered(
    session: AsyncSession, visibility: Visibility, pairs: Collection[Pair] | None = None
) -> Sequence[RowMapping]:
    """If `pairs` is given, only these pairs are returned."""
    fields = [getattr(household, name).label(f"{side}_{name}") for side, household in SIDES.items() for name in SHOWN]
    assigned = select(DuplicateReview.assignee).where(OF_PAIR).scalar_subquery().label("assignee")
    columns = (DuplicatePair.household_id, DuplicatePair.other_id, DuplicatePair.reasons, DuplicatePair.found_at)
    wanted = visible(select(*columns, assigned, *fields), visibility)
    if pairs is not None:
        ids = [(pair.household_id, pair.other_id) for pair in pairs]
        wanted = wanted.where(tuple_(DuplicatePair.household_id, DuplicatePair.other_id).in_(ids))
    oldest = wanted.order_by(DuplicatePair.found_at, DuplicatePair.household_id).limit(MOST)
    return (await session.execute(oldest)).mappings().all()


OF_PAIR = and_(
    DuplicateReview.household_id == DuplicatePair.household_id, DuplicateReview.other_id == DuplicatePair.other_id
)


def visible(pairs: Any, visibility: Visibility) -> Any:
    for name, household_id in (("one", DuplicatePair.household_id), ("another", DuplicatePair.other_id)):
        pairs = pairs.join(SIDES[name], SIDES[name].household_id == household_id).where(visibility.covers(here(name)))
    return pairs.where(IS_UNANSWERED)


def key(row: RowMapping) -> dict[str, UUID]:
    return {"household_id": row["household_id"], "other_id": row["other_id"]}


def shown(row: RowMapping) -> WaitingPair:
    sides = [{name: row[f"{side}_{name}"] for name in SHOWN} for side in SIDES]
    in_order = sorted(sides, key=lambda household: (household["registered_at"], household["household_id"]))
    return WaitingPair.model_validate({**row, "households": in_order})


async def changed(
    request: Request,
    session: AsyncSession,
    action: Action,
    pairs: Collection[Pair],
    rows: Iterable[RowMapping],
    reason: str,
) -> ChangedPairs:
    """All requested pairs are logged, because a caller may guess ids."""
    done = [Pair(**key(row)) for row in rows]
    others = [pair for pair in pairs if pair not in done]
    entries = []
    if done:
        entries.append(audit.entry_of(request, action, objects=ids(done), reason=reason))
    if others:
        entries.append(audit.entry_of(request, action, result=Result.REFUSED, objects=ids(others), reason="not-found"))
    await audit.add(session, *entries)
    return ChangedPairs(pairs=done)


def ids(pairs: Iterable[Pair]) -> list[UUID]:
    return [household_id for pair in pairs for household_id in (pair.household_id, pair.other_id)]
