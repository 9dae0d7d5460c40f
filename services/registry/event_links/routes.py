"""Routes for people whose reports name no event: list the open questions, answer, reverse an answer, assign."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import assignments
from services.registry.event_links import queries as event_queries
from services.registry.event_links.links import EventAnswered
from services.registry.event_links.queries import OpenQuestion, Unanswered
from services.registry.models import EventAnswer, EventAssignment
from services.registry.places.queries import APPLIED
from services.registry.routes import Caller
from services.registry.visibility import visibility_of
from shared import audit
from shared.audit import Action, Result
from shared.auth.tokens import Principal
from shared.country import TIME_ZONE
from shared.events.fields import Body
from shared.events.vocabulary import HazardType, Precision, ReportKind, Status
from shared.postgres.database import Session
from shared.web import cursors
from shared.web.reads import note_read

router = APIRouter()
MOST = 200
MOST_LINKED = 5
Ids = Annotated[list[UUID], Field(min_length=1, max_length=MOST)]


class HowKnown(StrEnum):
    """How the person knows whether people left because of the event."""

    ASKED = "asked"
    FITS = "fits"  # place and time of the departure fit the event, or fit no event
    MISTAKE = "mistake"  # an earlier answer was wrong


class UnansweredDeparture(BaseModel):
    """One departure of one or more households, or of one or more groups.

    The field `kind` says whether they are households or groups.

    Intake needs the fields from `status` to `hazard_type` to propose hazards. `household_ids` are the
    ids of the households or groups.
    """

    kind: ReportKind
    status: Status
    pcode: str
    occurred_at: datetime
    occurred_at_precision: Precision
    hazard_type: HazardType | None
    since: datetime
    persons: int
    report_ids: list[UUID]
    household_ids: list[UUID]
    assignee: UUID | None


class AnsweredEvent(BaseModel):
    """A valid answer about one or more households or groups.

    `is_applied` is false until the worker has executed the answer.

    `household_ids` contains all ids, and `group_ids` only the ids of groups.
    """

    decision_ids: list[UUID]
    answer: Literal["yes", "no"]
    reason: HowKnown
    account: UUID
    decided_at: datetime
    is_applied: bool
    pcode: str
    occurred_at: datetime
    hazard_type: HazardType | None
    household_ids: list[UUID]
    group_ids: list[UUID]


class UnansweredPage(BaseModel):
    """The departures without an event. The departure that has waited longest comes first.

    The page also has the newest answers.

    `next` is the next page's cursor.
    """

    departures: list[UnansweredDeparture]
    answered: list[AnsweredEvent]
    next: str | None = None


class EventAnswers(Body):
    """One answer for the departures in all reports `report_ids`. A positive answer names the hazard and its type."""

    report_ids: Ids
    answer: Literal["yes", "no"]
    reason: HowKnown
    hazard_id: UUID | None = None
    hazard_type: HazardType | None = None

    @model_validator(mode="after")
    def hazard_fits(self) -> "EventAnswers":
        if {self.hazard_id is not None, self.hazard_type is not None} != {self.answer == "yes"}:
            raise ValueError("an answer names a hazard and its type if it is yes, and only then")
        return self


class EventReversals(Body):
    decision_ids: Ids
    reason: HowKnown


class EventAssignments(Body):
    """An assignment of open questions. If `account` is None, the questions are assigned to nobody."""

    report_ids: Ids
    account: UUID | None


class ChangedEvents(BaseModel):
    """The ids that the request changed. The other requested ids are unknown, or were answered earlier."""

    ids: list[UUID]


@router.get("/v1/events:unanswered")
async def unanswered(request: Request, session: Session, caller: Caller, cursor: str | None = None) -> UnansweredPage:
    """Households and groups in the caller's areas that may have left because of an event, but report no event."""
    rows = await event_queries.unanswered(session, question(request, caller, after=cursors.decoded(cursor)))
    questions, last = event_queries.by_departure(rows, request.app.state.places)
    report_ids = [row.report_id for departure in questions for row in departure.rows]
    assignees = await assignments.assignees(session, EventAssignment, report_ids)
    answered: list[AnsweredEvent] = []
    if cursor is None:
        visibility = visibility_of(caller, request.app.state.places)
        listed = event_queries.together(await event_queries.answers(session, visibility))
        subjects = [row.household_id for rows in listed for row in rows]
        groups = await event_queries.groups_among(session, subjects)
        answered = [shown_answers(rows, groups) for rows in listed]
    if read := sorted({id for departure in questions for id in linked(departure)}):
        await note_read(request, session, read)
    return UnansweredPage(
        departures=[shown(departure, request.app.state.settings.counted_status, assignees) for departure in questions],
        answered=answered,
        next=cursors.encoded(*event_queries.order_of(last)) if last else None,
    )


@router.post("/v1/events:answer")
async def answer(body: EventAnswers, request: Request, session: Session, caller: Caller) -> ChangedEvents:
    """Answer whether people left because of an event.

    Within seconds, the worker publishes these people with the event.
    """
    await event_queries.lock(session)
    rows = await event_queries.unanswered(session, question(request, caller, report_ids=body.report_ids))
    fitting = [row for row in rows if body.answer == "no" or row.hazard_type in (None, body.hazard_type)]
    given = body.model_dump(include={"answer", "reason", "hazard_id", "hazard_type"})
    by = {"account": caller.account, "decided_at": datetime.now(UTC)}
    made = [
        EventAnswer(
            household_id=row.subject_id,
            report_id=row.report_id,
            origin_pcode=row.origin_pcode,
            occurred_at=row.occurred_at,
            **given,
            **by,
        )
        for row in fitting
    ]
    await event_queries.store(session, made)
    changed = [row.report_id for row in fitting]
    reason = "/".join((body.answer, *([str(body.hazard_id)] if body.hazard_id else []), body.reason))
    objects = [row.subject_id for row in fitting]
    await note(request, session, reason, objects=objects, unchanged={*body.report_ids} - {*changed})
    return ChangedEvents(ids=changed)


@router.post("/v1/events:reverse")
async def reverse(body: EventReversals, request: Request, session: Session, caller: Caller) -> ChangedEvents:
    """Reverse answers. After the reversal, the question is open again."""
    await event_queries.lock(session)
    visibility = visibility_of(caller, request.app.state.places)
    rows = await event_queries.answers(session, visibility, body.decision_ids)
    by = {"account": caller.account, "decided_at": datetime.now(UTC), "reason": body.reason}
    kept = ("household_id", "report_id", "origin_pcode", "occurred_at")
    pairs = [{name: getattr(row, name) for name in kept} for row in rows]
    await event_queries.store(session, [EventAnswer(**pair, **by, answer=EventAnswered.OPEN) for pair in pairs])
    changed = [row.decision_id for row in rows]
    objects = [row.household_id for row in rows]
    reason = f"{EventAnswered.OPEN}/{body.reason}"
    await note(request, session, reason, objects=objects, unchanged={*body.decision_ids} - {*changed})
    return ChangedEvents(ids=changed)


@router.post("/v1/events:assign")
async def assign(body: EventAssignments, request: Request, session: Session, caller: Caller) -> ChangedEvents:
    """Assign open questions to a person who answers them, or to nobody."""
    rows = await event_queries.unanswered(session, question(request, caller, report_ids=body.report_ids))
    report_ids = [row.report_id for row in rows]
    await assignments.assign(session, EventAssignment, report_ids, account=body.account, by=caller.account)
    objects, reason = [row.subject_id for row in rows], str(body.account or "nobody")
    unchanged = {*body.report_ids} - {*report_ids}
    await note(request, session, reason, objects=objects, unchanged=unchanged, action=Action.EVENTS_ASSIGNED)
    return ChangedEvents(ids=report_ids)


def question(request: Request, caller: Principal, **wanted: Any) -> OpenQuestion:
    visibility, status = visibility_of(caller, request.app.state.places), request.app.state.settings.counted_status
    return OpenQuestion(visibility, status, datetime.now(UTC), **wanted)


async def note(
    request: Request,
    session: AsyncSession,
    reason: str,
    *,
    objects: list[UUID],
    unchanged: Iterable[UUID],
    action: Action = Action.EVENTS_ANSWERED,
) -> None:
    """The ids without a change are logged too, because the caller may have guessed ids."""
    entries = []
    if objects:
        entries.append(audit.entry_of(request, action, objects=objects, reason=reason))
    if others := sorted(unchanged):
        refused = {"result": Result.REFUSED, "objects": others, "reason": "not-found"}
        entries.append(audit.entry_of(request, action, **refused))
    await audit.add(session, *entries)


def linked(unanswered: Unanswered) -> list[UUID]:
    """The caller gets links to the pages of the first few households or groups."""
    return list(dict.fromkeys(row.subject_id for row in unanswered.rows))[:MOST_LINKED]


def shown(unanswered: Unanswered, status: Status, assignees: Mapping[UUID, UUID]) -> UnansweredDeparture:
    departure = unanswered.departure
    noon = datetime.combine(departure.day, time(12), TIME_ZONE)
    report_ids = [row.report_id for row in unanswered.rows]
    return UnansweredDeparture(
        kind=departure.kind,
        status=status,
        pcode=departure.district,
        occurred_at=departure.occurred_at or noon,
        occurred_at_precision=Precision.HOUR if departure.occurred_at else Precision.DAY,
        hazard_type=HazardType(departure.hazard_type) if departure.hazard_type else None,
        since=unanswered.since,
        persons=sum(row.persons for row in unanswered.rows),
        report_ids=report_ids,
        household_ids=linked(unanswered),
        assignee=next(filter(None, map(assignees.get, report_ids)), None),
    )


def shown_answers(rows: list[EventAnswer], groups: Collection[UUID]) -> AnsweredEvent:
    first, ids = rows[0], [row.household_id for row in rows][:MOST_LINKED]
    return AnsweredEvent(
        decision_ids=[row.decision_id for row in rows],
        answer="yes" if first.answer == EventAnswered.YES else "no",
        reason=HowKnown(first.reason),
        account=first.account,
        decided_at=first.decided_at,
        is_applied=all(row.result == APPLIED for row in rows),
        pcode=first.origin_pcode,
        occurred_at=first.occurred_at,
        hazard_type=HazardType(first.hazard_type) if first.hazard_type else None,
        household_ids=ids,
        group_ids=[id for id in ids if id in groups],
    )
