"""Routes for places or hazards of open counts that may be the same: list the questions, answer, reverse an answer."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.counts.open_counts import OpenCount, Side
from services.registry.places import queries as place_queries
from services.registry.places.matches import About
from services.registry.places.proposals import Decided, PlaceAnswer, Proposal, ProposedPlace, proposals
from services.registry.places.same_places import HAZARD, SITE, SamePlaces
from services.registry.visibility import visibility_of
from shared import audit
from shared.audit import Action, Result
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.events.fields import Body
from shared.pages.languages import language_of
from shared.places import Places
from shared.postgres.database import Session
from shared.web import cursors

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]
MOST = 100  # a request may name this many questions or answers, and a page shows this many answers
MOST_SHOWN = 200
MOST_COUNTS = 5  # a place shows at most this many counts
Ids = Annotated[list[UUID], Field(min_length=1, max_length=MOST)]


class Because(StrEnum):
    """The reason for a person's answer."""

    KNOWN = "known"  # the person knows the place
    ASKED = "asked"  # the person asked the teams
    MAPPED = "mapped"  # a map or an official list shows that the answer is right
    MISTAKE = "mistake"  # an earlier answer was wrong


class StatedCount(BaseModel):
    """An open count of people at a place or from it. `destination` and `origin` are the places as reported."""

    model_config = ConfigDict(from_attributes=True)

    report_id: UUID
    group_id: UUID
    persons: int
    households: int | None
    household_unit: str | None
    is_full_recount: bool
    counted_at: datetime
    author: UUID
    hazard_id: UUID | None
    hazard_type: str | None
    origin: dict[str, str | None]
    destination: dict[str, str | None]


class PlaceView(BaseModel):
    """One of the two places of a question.

    `counts` are its newest counts, and `more_counts` is the number of all others.
    """

    name: str
    pcode: str
    is_site: bool
    has_code: bool
    counts: list[StatedCount]
    more_counts: int


class ProposalView(BaseModel):
    """A question whether two places are the same. `about` says whether the places are origins or present places.

    If `about` is `hazard`, the question is whether people fled the hazard that other counts name, or whether two
    hazards are one emergency. The counts are then listed like those of two places. `is_answerable` is false if the
    district of the places is outside the caller's areas. Such questions are shown because people in the caller's areas
    may come from another district. An answer would concern all counts that name the places.
    """

    proposal_id: UUID
    about: About
    since: datetime
    district: str
    is_answerable: bool
    places: list[PlaceView]


class DecidedPlaces(BaseModel):
    """An answer that is valid now. `is_applied` is false until the worker has computed the counts again."""

    decision_id: UUID
    answer: Literal["same", "different"]
    reason: Because
    account: UUID
    decided_at: datetime
    is_applied: bool
    district: str
    names: tuple[str, str]
    is_site: bool
    is_hazard: bool
    is_emergency: bool  # whether two hazards are one emergency


class AnswerPage(BaseModel):
    """One page of the valid answers, the newest first."""

    decided: list[DecidedPlaces]
    next: str | None = None


class ProposalPage(AnswerPage):
    """The oldest questions, at most MOST_SHOWN, the number of all questions, and the first page of the answers."""

    count: int
    proposals: list[ProposalView]


class PlaceAnswers(Body):
    proposal_ids: Ids
    answer: Literal["same", "different"]
    reason: Because


class Reversals(Body):
    decision_ids: Ids
    reason: Because


class ChangedPlaces(BaseModel):
    """The questions or answers that the request changed.

    All other requested ids are unknown, or were answered already.
    """

    ids: list[UUID]


@router.get("/v1/places:proposed")
async def proposed(request: Request, session: Session, caller: Caller) -> ProposalPage:
    """Places in the caller's areas that may be the same, because their names are nearly equal."""
    decided = await place_queries.decided(session, request.app.state.places)
    found = await questions(request, session, caller, decided)
    answers = await answer_page(request, session, caller)
    return ProposalPage(
        count=len(found),
        proposals=[shown(proposal, caller, request.app.state.places) for proposal in found[:MOST_SHOWN]],
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
    """Answer questions about places in the caller's areas. The registry's worker then computes the counts again."""
    await place_queries.lock(session)
    decided, answer, places = (
        await place_queries.decided(session, request.app.state.places),
        PlaceAnswer(body.answer),
        request.app.state.places,
    )
    found = await questions(request, session, caller, decided)
    wanted = [each for each in found if each.id in body.proposal_ids and is_answerable(each, caller, places)]
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
    reports = [count.report_id for each in answered for place in each.places for count in place.counts[:MOST_COUNTS]]
    changed = [proposal.id for proposal in answered]
    await note(
        request, session, f"{answer}/{body.reason}", objects=reports, unchanged={*body.proposal_ids} - {*changed}
    )
    return ChangedPlaces(ids=changed)


@router.post("/v1/places:reverse")
async def reverse(body: Reversals, request: Request, session: Session, caller: Caller) -> ChangedPlaces:
    """Reverse answers. The questions are asked again, and the counts are computed as they were before the answers."""
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


async def questions(request: Request, session: AsyncSession, caller: Principal, decided: Decided) -> list[Proposal]:
    places, status = request.app.state.places, request.app.state.settings.counted_status
    visibility = visibility_of(caller, places)
    counts = await place_queries.open_counts(session, visibility, status, places)
    sites = await place_queries.open_sites(session, visibility, language_of(request))
    # in a thread, because the comparison of many names would block the event loop
    return await asyncio.to_thread(proposals, counts, sites, decided, places.district)


def consistent(wanted: Iterable[Proposal], same: SamePlaces) -> Iterable[Proposal]:
    """The proposals that can be accepted together.

    Left out are those that would join two sites, or two codes of the gazetteer.
    """
    for proposal in wanted:
        if same.may_join(proposal.pair):
            same = same.joined_by(proposal.pair)
            yield proposal


async def note(
    request: Request, session: AsyncSession, reason: str, *, objects: list[UUID], unchanged: Iterable[UUID]
) -> None:
    entries = []
    if objects:
        entries.append(audit.entry_of(request, Action.PLACES_DECIDED, objects=objects, reason=reason))
    if others := sorted(unchanged):
        refused = {"result": Result.REFUSED, "objects": others, "reason": "not-found"}
        entries.append(audit.entry_of(request, Action.PLACES_DECIDED, **refused))
    await audit.add(session, *entries)


def is_answerable(proposal: Proposal, caller: Principal, places: Places) -> bool:
    """Whether the caller's areas contain the places.

    Two hazards concern the whole country, so only callers for the country may answer.
    """
    if all(kind == HAZARD for kind, _ in proposal.pair):
        return caller.covers_country
    return all(caller.covers(places.district(place.pcode), places) for place in proposal.places)


def shown(proposal: Proposal, caller: Principal, places: Places) -> ProposalView:
    return ProposalView(
        proposal_id=proposal.id,
        about=proposal.about,
        since=proposal.since,
        district=places.district(proposal.places[0].pcode),
        is_answerable=is_answerable(proposal, caller, places),
        places=[shown_place(place) for place in proposal.places],
    )


def shown_place(place: ProposedPlace) -> PlaceView:
    unit, name = place.key
    return PlaceView(
        name=place.label,
        pcode=place.pcode,
        is_site=unit == SITE,
        has_code=not name,
        counts=[shown_count(count) for count in place.counts[:MOST_COUNTS]],
        more_counts=max(0, len(place.counts) - MOST_COUNTS),
    )


def shown_count(count: OpenCount) -> StatedCount:
    stated: dict[str, Any] = {name: getattr(count, name) for name in StatedCount.model_fields}
    for side in Side:
        stated[side] = getattr(count, side)._asdict()
    return StatedCount.model_validate(stated)


def shown_answer(row: Any) -> DecidedPlaces:
    return DecidedPlaces(
        decision_id=row.decision_id,
        answer=row.answer,
        reason=row.reason,
        account=row.account,
        decided_at=row.decided_at,
        is_applied=row.result == place_queries.APPLIED,
        district=row.district,
        names=(row.label, row.other_label),
        is_site=SITE in (row.unit, row.other_unit),
        is_hazard=HAZARD in (row.unit, row.other_unit),
        is_emergency=row.unit == row.other_unit == HAZARD,
    )
