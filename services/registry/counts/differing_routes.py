"""Routes for differing counts of the same people: list the counts, choose the right count, reverse a choice, assign."""

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from pydantic_core import from_json
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import assignments
from services.registry.counts import differing_queries
from services.registry.counts.differing_queries import Stock
from services.registry.models import CountAssignment, CountDecision
from services.registry.places.queries import APPLIED
from services.registry.visibility import visibility_of
from shared import audit
from shared.audit import Action, Result
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.events.fields import Body
from shared.events.vocabulary import Precision
from shared.postgres.database import Session

MOST = 100
OF_PAIR = ("report_id", "version", "other_id", "other_version")
PLACES = ("origin", "origin_locality", "destination", "destination_locality", "site_id")

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]
Ids = Annotated[list[UUID], Field(min_length=1, max_length=MOST)]


class WhyRight(StrEnum):
    """The reason why a person finds one of the counts right."""

    ASKED = "asked"
    INCOMPLETE = "incomplete"  # the other count omits some people
    TWICE = "twice"  # the other count includes some people twice
    CHANGED = "changed"  # people came or left between the counts
    MISTAKE = "mistake"  # an earlier choice was wrong


class Count(BaseModel):
    """`persons` people were counted.

    `persons_left` is the number of counted people who were still at the place just before the newest count.

    The counts of the teams are compared by `persons_left`.
    """

    report_id: UUID
    group_id: UUID
    persons: int
    persons_left: int
    counted_at: datetime
    counted_at_precision: str
    author: UUID


class DifferingCounts(BaseModel):
    """Counts of the same people by several teams.

    The field `clear` has the origin and the present place of the people.
    """

    stock_id: UUID
    since: datetime
    assignee: UUID | None
    counts: list[Count]
    clear: dict[str, Any]


class ChosenCount(BaseModel):
    """A valid choice between two counts. `is_applied` is false until the worker has computed the counts again."""

    decision_id: UUID
    reason: WhyRight
    account: UUID
    decided_at: datetime
    is_applied: bool
    persons: int
    group_id: UUID
    other_persons: int
    other_group: UUID
    clear: dict[str, Any]


class DifferingPage(BaseModel):
    """The differing counts, beginning with those that have waited longest. The page also has the newest choices."""

    stocks: list[DifferingCounts]
    decided: list[ChosenCount]


class CountChosen(Body):
    """A person's choice that the count `report_id` is right.

    `other_ids` are all other counts of the same people that the page showed to the person.
    """

    stock_id: UUID
    report_id: UUID
    other_ids: Ids
    reason: WhyRight


class CountReversals(Body):
    decision_ids: Ids
    reason: WhyRight


class CountAssignments(Body):
    """An assignment of differing counts. If `account` is None, the counts are assigned to nobody."""

    stock_ids: Ids
    account: UUID | None


class ChangedCounts(BaseModel):
    """The ids that the request changed.

    A requested id is missing if the id is unknown, or if somebody else has changed the count meanwhile.
    """

    ids: list[UUID]


@router.get("/v1/counts:differing")
async def differing(request: Request, session: Session, caller: Caller) -> DifferingPage:
    """The differing counts and the choices in the caller's areas."""
    stocks = await visible(request, session, caller)
    assignees = await assignments.assignees(session, CountAssignment, [stock.stock_id for stock in stocks])
    places = request.app.state.places
    decided = await differing_queries.chosen(session, visibility_of(caller, places))
    return DifferingPage(
        stocks=[shown(stock, assignees.get(stock.stock_id)) for stock in stocks],
        decided=[shown_choice(row) for row in decided],
    )


@router.post("/v1/counts:choose")
async def choose(body: CountChosen, request: Request, session: Session, caller: Caller) -> ChangedCounts:
    """Choose the right count. The worker computes the counts again within seconds.

    Nothing changes if the person has not seen all counts that differ now.
    """
    await differing_queries.lock(session)
    named = {body.report_id, *body.other_ids}
    stocks = await visible(request, session, caller, [body.stock_id])
    versions = {count.report_id: count.version for stock in stocks for count in stock.counts}
    if versions.keys() != named:
        await note(request, session, Action.COUNTS_CHOSEN, body.reason, objects=[], unchanged=named)
        return ChangedCounts(ids=[])
    right = {"report_id": body.report_id, "version": versions.pop(body.report_id), "is_reversed": False}
    by = {"account": caller.account, "reason": body.reason}
    made = [CountDecision(**right, **by, other_id=other, other_version=version) for other, version in versions.items()]
    await differing_queries.store(session, made)
    await note(request, session, Action.COUNTS_CHOSEN, body.reason, objects=sorted(named), unchanged=())
    return ChangedCounts(ids=sorted(versions))


@router.post("/v1/counts:reverse")
async def reverse(body: CountReversals, request: Request, session: Session, caller: Caller) -> ChangedCounts:
    """Reverse choices. After the reversal of a choice, both counts are in effect again."""
    await differing_queries.lock(session)
    visibility = visibility_of(caller, request.app.state.places)
    rows = await differing_queries.chosen(session, visibility, body.decision_ids)
    decisions: list[CountDecision] = [row.CountDecision for row in rows]
    by = {"account": caller.account, "reason": body.reason}
    pairs = [{name: getattr(row, name) for name in OF_PAIR} for row in decisions]
    made = [CountDecision(**pair, **by, is_reversed=True) for pair in pairs]
    await differing_queries.store(session, made)
    changed = [row.decision_id for row in decisions]
    reports = [report_id for row in decisions for report_id in (row.report_id, row.other_id)]
    unchanged = {*body.decision_ids} - {*changed}
    reason = f"reversed/{body.reason}"
    await note(request, session, Action.COUNTS_CHOSEN, reason, objects=reports, unchanged=unchanged)
    return ChangedCounts(ids=changed)


@router.post("/v1/counts:assign")
async def assign(body: CountAssignments, request: Request, session: Session, caller: Caller) -> ChangedCounts:
    """Assign differing counts to a person who chooses between them, or to nobody."""
    stock_ids = [stock.stock_id for stock in await visible(request, session, caller, body.stock_ids)]
    await assignments.assign(session, CountAssignment, stock_ids, account=body.account, by=caller.account)
    unchanged = {*body.stock_ids} - {*stock_ids}
    assignee = str(body.account or "nobody")
    await note(request, session, Action.COUNTS_ASSIGNED, assignee, objects=stock_ids, unchanged=unchanged)
    return ChangedCounts(ids=stock_ids)


async def visible(
    request: Request, session: AsyncSession, caller: Principal, ids: Collection[UUID] | None = None
) -> list[Stock]:
    status = request.app.state.settings.counted_status
    return await differing_queries.stocks(session, visibility_of(caller, request.app.state.places), status, ids)


async def note(
    request: Request,
    session: AsyncSession,
    action: Action,
    reason: str,
    *,
    objects: list[UUID],
    unchanged: Iterable[UUID],
) -> None:
    """The ids without a change are logged too, because the caller may have guessed ids."""
    entries = []
    if objects:
        entries.append(audit.entry_of(request, action, objects=objects, reason=reason))
    if others := sorted(unchanged):
        entries.append(audit.entry_of(request, action, result=Result.REFUSED, objects=others, reason="not-found"))
    await audit.add(session, *entries)


def shown(stock: Stock, assignee: UUID | None) -> DifferingCounts:
    return DifferingCounts(
        stock_id=stock.stock_id,
        since=stock.since,
        assignee=assignee,
        counts=[shown_count(stock, count) for count in stock.counts],
        clear=places_of(stock.counts[0].clear),
    )


def shown_count(stock: Stock, count: Any) -> Count:
    return Count(
        report_id=count.report_id,
        group_id=count.group_id,
        persons=count.persons,
        persons_left=stock.persons_left(count),
        counted_at=count.counted_at,
        counted_at_precision=count.counted_at_precision or Precision.HOUR,
        author=count.author,
    )


def shown_choice(row: Any) -> ChosenCount:
    decision: CountDecision = row.CountDecision
    return ChosenCount(
        decision_id=decision.decision_id,
        reason=WhyRight(decision.reason),
        account=decision.account,
        decided_at=decision.decided_at,
        is_applied=decision.result == APPLIED,
        persons=row.persons,
        group_id=row.group_id,
        other_persons=row.other_persons,
        other_group=row.other_group,
        clear=places_of(row.clear),
    )


def places_of(clear: Any) -> dict[str, Any]:
    stated = from_json(clear)
    return {name: stated[name] for name in PLACES if name in stated}
