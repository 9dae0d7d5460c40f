"""How questions and answers about places are shown to the caller."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.registry.counts.open_counts import OpenCount, Side
from services.registry.places import queries as place_queries
from services.registry.places.matches import About
from services.registry.places.proposals import Proposal, ProposedPlace
from services.registry.places.same_places import HAZARD, SITE
from shared.auth.tokens import Principal
from shared.places import Places

MOST_COUNTS = 5


class Because(StrEnum):
    """The reason for an answer."""

    KNOWN = "known"
    ASKED = "asked"
    MAPPED = "mapped"  # a map or an official list shows that the answer is right
    MISTAKE = "mistake"  # an earlier answer was wrong


class StatedCount(BaseModel):
    """An open count of people who are at a place, or came from the place.

    `destination` and `origin` are the places as reported.
    """

    model_config = ConfigDict(from_attributes=True)

    report_id: UUID
    group_id: UUID
    persons: int
    households: int | None
    household_unit: str | None
    is_full_recount: bool
    counted_at: datetime
    counted_at_precision: str
    author: UUID
    hazard_id: UUID | None
    hazard_type: str | None
    origin: dict[str, str | None]
    destination: dict[str, str | None]


class PlaceView(BaseModel):
    """One of the two places of a question.

    `counts` are the newest counts of the place, and `more_counts` is the number of its other counts.
    """

    name: str
    pcode: str
    is_site: bool
    has_code: bool
    counts: list[StatedCount]
    more_counts: int


class ProposalView(BaseModel):
    """A question whether two places are the same. `about` says whether the places are origins or present places.

    If `about` is `hazard`, the question is whether the people fled a hazard that other counts name, or whether two
    hazards are one emergency. If the question is about hazards, the counts are listed in the form of two places.
    `is_answerable` is false if the district of the places is outside the caller's areas. The caller sees questions
    about another district if people in the caller's areas may come from that district. An answer concerns all counts
    that name one of the places.
    """

    proposal_id: UUID
    about: About
    since: datetime
    district: str
    is_answerable: bool
    assignee: UUID | None
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


def is_answerable(proposal: Proposal, caller: Principal, places: Places) -> bool:
    """Only callers for the whole country may answer, because two hazards concern the whole country."""
    if all(kind == HAZARD for kind, _ in proposal.pair):
        return caller.covers_country
    return all(caller.covers(places.district(place.pcode), places) for place in proposal.places)


def shown(proposal: Proposal, caller: Principal, places: Places, assignee: UUID | None) -> ProposalView:
    return ProposalView(
        proposal_id=proposal.id,
        about=proposal.about,
        since=proposal.since,
        district=places.district(proposal.places[0].pcode),
        is_answerable=is_answerable(proposal, caller, places),
        assignee=assignee,
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
