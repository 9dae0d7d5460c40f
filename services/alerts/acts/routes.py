"""HTTP routes for actions on alerts. If two people do the same action, the second request gets the status 409."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.alerts import presences
from services.alerts.acts import acting_accounts
from services.alerts.acts.acts import ActChannel, Actor
from services.alerts.acts.answers import AnswerRefused, Answers
from services.alerts.acts.behalf import sealed_once
from services.alerts.routes import Caller, seen
from services.alerts.ruleset import Ruleset
from services.alerts.views import (
    Acknowledgement,
    AlertAssignment,
    AlertView,
    Assignees,
    Attendance,
    Comment,
    Note,
    Presence,
    Resolution,
    Snooze,
)
from shared.auth.tokens import Principal
from shared.postgres.database import Session
from shared.web.problems import Problem, answered

router = APIRouter()

TITLES = {
    "already-acknowledged": "Somebody else has acknowledged this alert.",
    "already-confirmed": "Somebody else has confirmed this alert.",
    "already-in-progress": "Somebody else is at work on this alert.",
    "already-snoozed": "Somebody else has snoozed this alert.",
    "already-resolved": "This alert is closed.",
    "snooze-too-long": "An alert of this severity is snoozed for a shorter time only.",
    "not-closed": "This alert is not closed.",
    "too-late": "An acknowledgement can be taken back for ten seconds, and before any further act.",
    "one-by-one": "An Extreme alert is answered by itself, not with others.",
    "assignee-not-permitted": "It is not known that this person may act on alerts.",
    "assignee-not-found": "No person who gets alerts like this one has this account.",
    "suppressed": "This alert was recorded only: nobody was told of it.",
}
# A field of the alert with this prefix says who acted first, and when.
FIRST = {
    "already-acknowledged": "acknowledged",
    "already-confirmed": "confirmed",
    "already-in-progress": "progressed",
    "already-snoozed": "snoozed",
    "already-resolved": "resolved",
}


@dataclass(frozen=True, slots=True)
class Desk:
    answers: Answers
    caller: Principal

    def person(self, note: str | None = None) -> Actor:
        return person_of(self.caller, note)


def person_of(caller: Principal, note: str | None = None) -> Actor:
    return Actor(caller.account, caller.name, note, ActChannel.BOARD, caller.roles)


async def desk(alert_id: UUID, request: Request, session: Session, caller: Caller) -> Desk:
    await answerable(alert_id, request, session, caller)
    return Desk(answers_of(request, session), caller)


async def answerable(alert_id: UUID, request: Request, session: Session, caller: Caller) -> None:
    """Raises a Problem if the caller may not see the alert, or if the alert is suppressed."""
    if (await seen(alert_id, request, session, caller)).is_suppressed:
        raise Problem(409, "suppressed", TITLES["suppressed"])


def answers_of(request: Request, session: Session) -> Answers:
    state = request.app.state
    return Answers(session, state.rules, state.places, state.access, datetime.now(UTC))


OneDesk = Annotated[Desk, Depends(desk, scope="function")]


@router.put("/v1/alerts/{alert_id}/acknowledgement")
async def acknowledge(
    alert_id: UUID, request: Request, session: Session, desk: OneDesk, body: Acknowledgement | None = None
) -> AlertView:
    """Acknowledges the alert.

    The person who acknowledged first gets 200, also for a repeated request. Every other person gets 409, with the name
    of the first person and the time.
    """
    behalf = body.on_behalf_of if body else None
    account, box = desk.person().account, request.app.state.box
    note = await sealed_once(session, behalf.note, alert_id, account, box) if behalf else None
    return AlertView.model_validate(await desk.answers.acknowledge(alert_id, desk.person(note)))


@router.delete("/v1/alerts/{alert_id}/acknowledgement")
async def take_back(alert_id: UUID, desk: OneDesk) -> AlertView:
    """Withdraws the caller's own acknowledgement.

    The request is refused ten seconds after the acknowledgement, or after another action on the alert.
    """
    return AlertView.model_validate(await desk.answers.take_back(alert_id, desk.person()))


@router.put("/v1/alerts/{alert_id}/confirmation")
async def confirm(alert_id: UUID, desk: OneDesk, body: Note | None = None) -> AlertView:
    """Confirms that the alert is true. A confirmed alert stays open.

    If nobody has acknowledged the alert, the confirmation also acknowledges it.
    """
    return AlertView.model_validate(await desk.answers.confirm(alert_id, desk.person(), body.note if body else None))


@router.put("/v1/alerts/{alert_id}/progress")
async def progress(alert_id: UUID, desk: OneDesk, body: Note | None = None) -> AlertView:
    """Marks the alert as in progress.

    An alert in progress does not ring, even if nobody acts on it for a long time.
    """
    return AlertView.model_validate(await desk.answers.progress(alert_id, desk.person(), body.note if body else None))


@router.put("/v1/alerts/{alert_id}/takeover")
async def take_over(alert_id: UUID, desk: OneDesk, body: Note | None = None) -> AlertView:
    """Marks the alert as in progress by the caller, even if somebody else is working on it."""
    return AlertView.model_validate(await desk.answers.take_over(alert_id, desk.person(), body.note if body else None))


@router.get("/v1/alerts/{alert_id}/assignees")
async def assignees_of(alert_id: UUID, request: Request, session: Session, caller: Caller) -> Assignees:
    """Returns the people to whom the caller can assign the alert.

    People on duty come first, then the others by name.
    """
    alert, now, state = await seen(alert_id, request, session, caller), datetime.now(UTC), request.app.state
    people = await acting_accounts.offered(session, [alert], state.places, state.access, now, besides=caller.account)
    return Assignees(assignees=people)


@router.put("/v1/alerts/{alert_id}/assignment")
async def assign(alert_id: UUID, desk: OneDesk, body: AlertAssignment) -> AlertView:
    """Assigns the alert to another person, and notifies this person. The alert escalates until the assignee acts."""
    return AlertView.model_validate(await desk.answers.assign(alert_id, desk.person(), body.account_id, body.note))


@router.post("/v1/alerts/{alert_id}/comments", status_code=201)
async def comment(alert_id: UUID, desk: OneDesk, body: Comment) -> AlertView:
    """Adds a comment to the timeline of an open or a closed alert."""
    return AlertView.model_validate(await desk.answers.comment(alert_id, desk.person(), body.text))


@router.put("/v1/alerts/{alert_id}/snooze")
async def snooze(alert_id: UUID, desk: OneDesk, body: Snooze) -> AlertView:
    """Silences the alert.

    After the snooze, the alert rings and escalates again. Only the person who snoozed the alert may change the end of
    the snooze.

    The severity of the alert and the caller's roles limit the length of the snooze (`snoozes.py`).
    """
    wait = timedelta(minutes=body.minutes)
    return AlertView.model_validate(await desk.answers.snooze(alert_id, desk.person(), wait, body.reason))


@router.put("/v1/alerts/{alert_id}/resolution")
async def resolve(alert_id: UUID, desk: OneDesk, body: Resolution) -> AlertView:
    """Closes the alert.

    The person who closed the alert gets 200 for a repeated request with the same verdict. The caller gets 409 if
    another person has closed the alert, or if the verdict differs. The 409 answer has the closing person's name, the
    time and the verdict.
    """
    return AlertView.model_validate(await desk.answers.resolve(alert_id, desk.person(body.note), body.verdict))


@router.put("/v1/alerts/{alert_id}/reopening")
async def reopen(alert_id: UUID, desk: OneDesk, body: Note | None = None) -> AlertView:
    """Reopens a closed alert. The alert escalates until somebody acknowledges it again."""
    return AlertView.model_validate(await desk.answers.reopen(alert_id, desk.person(), body.note if body else None))


@router.put("/v1/presence")
async def note_presence(body: Presence, request: Request, session: Session, caller: Caller) -> Attendance:
    """Each open board sends this request once a minute.

    While all boards are unattended, alerts escalate in half the time.
    """
    rules: Ruleset = request.app.state.rules
    now = datetime.now(UTC)
    await presences.note(session, body.board_id, caller.account, body.last_input_at, now)
    await acting_accounts.note(session, caller.account, now)
    return Attendance(
        is_unattended=await presences.is_unattended(session, now, rules.escalation.unattended),
        unattended_minutes=rules.escalation.unattended_minutes,
    )


async def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, AnswerRefused)
    return answered(request, problem_of(error))


def problem_of(refused: AnswerRefused) -> Problem:
    name, at = first(refused)
    alert, deed = refused.alert, FIRST.get(refused.kind, "")
    parts = [f"{deed}_{part}" for part in ("at", "until", "by", "name") if hasattr(alert, f"{deed}_{part}")]
    fields: dict[str, Any] = {part: written(getattr(alert, part)) for part in parts}
    detail = f"{name or alert.closed_by}, {at:%Y-%m-%d %H:%M} UTC" if at else None
    fields |= {"verdict": alert.verdict, "closed_by": alert.closed_by}
    return Problem(409, refused.kind, TITLES[refused.kind], detail=detail, **fields)


def first(refused: AnswerRefused) -> tuple[str | None, datetime | None]:
    alert, deed = refused.alert, FIRST.get(refused.kind)
    if deed is None:
        return None, None
    return getattr(alert, f"{deed}_name"), getattr(alert, "snoozed_until" if deed == "snoozed" else f"{deed}_at")


def written(value: datetime | UUID | str | None) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else str(value)
