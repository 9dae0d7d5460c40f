"""Routes for places or hazards of open counts that may be the same.

The routes list, answer and assign the questions, and reverse answers.
"""

import asyncio
from collections.abc import Iterable
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import assignments
from services.registry.models import PlaceAssignment
from services.registry.places import queries as place_queries
from services.registry.places.proposals import Decided, PlaceAnswer, Proposal, proposals
from services.registry.places.same_places import HAZARD, SamePlaces
from services.registry.places.views import (
    MOST_COUNTS,
    Because,
    DecidedPlaces,
    ProposalView,
    is_answerable,
    shown,
    shown_answer,
)
from services.registry.visibility import visibility_of
from shared import audit
from shared.audit import Action, Result
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.events.fields import Body
from shared.pages.languages import language_of
from shared.postgres.database import Session
from shared.web import cursors

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]
MOST = 100
MOST_SHOWN = 200
Ids = Annotated[list[UUID], Field(min_length=1, max_length=MOST)]


class AnswerPage(BaseModel):
    """One page of the valid answers, the newest first."""

    decided: list[DecidedPlaces]
    next: str | None = None


class ProposalPage(AnswerPage):
    """The oldest questions (at most MOST_SHOWN), the number of all questions, and the first page of the answers."""

    count: int
    proposals: list[ProposalView]


class PlaceAnswers(Body):
    proposal_ids: Ids
    answer: Literal["same", "different"]
    reason: Because


class Reversals(Body):
    decision_ids: Ids
    reason: Because


class PlaceAssignments(Body):
    """An assignment of open questions. If `account` is None, the questions are assigned to nobody."""

    proposal_ids: Ids
    account: UUID | None


class ChangedPlaces(BaseModel):
    """The questions or answers that the request changed.

    A requested id is missing if the id is unknown, or if the question was answered earlier.
    """

    ids: list[UUID]


@router.get("/v1/places:proposed")
async def proposed(request: Request, session: Session, caller: Caller) -> ProposalPage:
    """Places in the caller's areas that may be the same, because their names are nearly equal."""
    places = request.app.state.places
    proposals = await questions(request, session, caller, await place_queries.decided(session, places))
    listed = proposals[:MOST_SHOWN]
    assignees = await assignments.assignees(session, PlaceAssignment, [proposal.id for proposal in listed])
    answers = await answer_page(request, session, caller)
    return ProposalPage(
        count=len(proposals),
        proposals=[shown(proposal, caller, places, assignees.get(proposal.id)) for proposal in listed],
        decided=answers.decided,
        next=answers.next,
    )


@router.get("/v1/places:decided")
async def answered(request: Request, session: Session, caller: Caller, cursor: str | None = None) -> AnswerPage:
    """The valid answers about places in the caller's areas."""
    return await answer_page(request, session, caller, cursor)


async def answer_page(
    request: Request, session: AsyncSession, caller: Principal, cursor: str | None = None
) -> AnswerPage:
    visibility, after = visibility_of(caller, request.app.state.places), cursors.decoded(cursor)
    rows = await place_queries.answers(session, visibility, limit=MOST, after=after)
    more = cursors.encoded(rows[-1].decided_at, rows[-1].decision_id) if len(rows) == MOST else None
    return AnswerPage(decided=[shown_answer(row) for row in rows], next=more)


@router.post("/v1/places:decide")
async def decide(body: PlaceAnswers, request: Request, session: Session, caller: Caller) -> ChangedPlaces:
    """Answer questions about places in the caller's areas.

    Within seconds, the registry's worker computes the counts again.
    """
    await place_queries.lock(session)
    decided, answer, places = (
        await place_queries.decided(session, request.app.state.places),
        PlaceAnswer(body.answer),
        request.app.state.places,
    )
    proposals = await questions(request, session, caller, decided)
    wanted = [
        proposal
        for proposal in proposals
        if proposal.id in body.proposal_ids and is_answerable(proposal, caller, places)
    ]
    answered = list(consistent(wanted, decided.accepted)) if answer is PlaceAnswer.SAME else wanted
    made = [
        place_queries.decision(
            proposal.pair,
            [place.label for place in sorted(proposal.places, key=lambda place: place.key)],
            district=places.district(proposal.places[0].pcode),
            account=caller.account,
            reason=body.reason,
            answer=answer,
        )
        for proposal in answered
    ]
    await place_queries.store(session, made)
    reports = [
        count.report_id for proposal in answered for place in proposal.places for count in place.counts[:MOST_COUNTS]
    ]
    changed = [proposal.id for proposal in answered]
    await note(
        request, session, f"{answer}/{body.reason}", objects=reports, unchanged={*body.proposal_ids} - {*changed}
    )
    return ChangedPlaces(ids=changed)


@router.post("/v1/places:reverse")
async def reverse(body: Reversals, request: Request, session: Session, caller: Caller) -> ChangedPlaces:
    """Reverse answers.

    Reverse answers. After the reversal, the questions are open again, and the worker computes the counts without the
    answers.
    """
    await place_queries.lock(session)
    visibility = visibility_of(caller, request.app.state.places)
    listed = await place_queries.answers(session, visibility, limit=MOST, ids=body.decision_ids)
    rows = [row for row in listed if caller.covers_country or not row.unit == row.other_unit == HAZARD]
    made = [
        place_queries.decision(
            place_queries.pair_of(row),
            [row.label, row.other_label],
            district=row.district,
            account=caller.account,
            reason=body.reason,
            answer=PlaceAnswer.OPEN,
        )
        for row in rows
    ]
    await place_queries.store(session, made)
    changed = [row.decision_id for row in rows]
    unchanged = {*body.decision_ids} - {*changed}
    await note(request, session, f"{PlaceAnswer.OPEN}/{body.reason}", objects=changed, unchanged=unchanged)
    return ChangedPlaces(ids=changed)


@router.post("/v1/places:assign")
async def assign(body: PlaceAssignments, request: Request, session: Session, caller: Caller) -> ChangedPlaces:
    """Assign open questions about places in the caller's areas to a person who answers them, or to nobody."""
    places = request.app.state.places
    proposals = await questions(request, session, caller, await place_queries.decided(session, places))
    ids = [
        proposal.id
        for proposal in proposals
        if proposal.id in body.proposal_ids and is_answerable(proposal, caller, places)
    ]
    await assignments.assign(session, PlaceAssignment, ids, account=body.account, by=caller.account)
    unchanged = {*body.proposal_ids} - {*ids}
    reason = str(body.account or "nobody")
    await note(request, session, reason, objects=ids, unchanged=unchanged, action=Action.PLACES_ASSIGNED)
    return ChangedPlaces(ids=ids)


async def questions(request: Request, session: AsyncSession, caller: Principal, decided: Decided) -> list[Proposal]:
    places, status = request.app.state.places, request.app.state.settings.counted_status
    visibility = visibility_of(caller, places)
    counts = await place_queries.open_counts(session, visibility, status, places)
    sites = await place_queries.open_sites(session, visibility, language_of(request))
    # names are compared in a thread, because the comparison would block the event loop
    return await asyncio.to_thread(proposals, counts, sites, decided, places.district)


def consistent(wanted: Iterable[Proposal], same: SamePlaces) -> Iterable[Proposal]:
    """Answers that would join two sites, or two codes of the gazetteer, are left out."""
    for proposal in wanted:
        if same.may_join(proposal.pair):
            same = same.joined_by(proposal.pair)
            yield proposal


async def note(
    request: Request,
    session: AsyncSession,
    reason: str,
    *,
    objects: list[UUID],
    unchanged: Iterable[UUID],
    action: Action = Action.PLACES_DECIDED,
) -> None:
    entries = []
    if objects:
        entries.append(audit.entry_of(request, action, objects=objects, reason=reason))
    if others := sorted(unchanged):
        refused = {"result": Result.REFUSED, "objects": others, "reason": "not-found"}
        entries.append(audit.entry_of(request, action, **refused))
    await audit.add(session, *entries)
