"""Computes the alert that results from a person's action.

Each function returns a new value of the alert with the next `sequence`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.alerts.alerts import Alert
from services.alerts.notifications.quorums import Quorum
from services.alerts.transitions import (
    NOT_ACKNOWLEDGED,
    NOT_ASSIGNED,
    NOT_CONFIRMED,
    NOT_COUNTED,
    NOT_IN_PROGRESS,
    NOT_RESOLVED,
    NOT_SNOOZED,
    changed,
    replaced,
)
from shared.auth.tokens import Role
from shared.events.vocabulary import Closer, Verdict

UNDONE_WITHIN = timedelta(seconds=10)


class ActKind(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    ASSIGNED = "assigned"  # The timeline text of this action begins with the name of the assignee.
    CONFIRMED = "confirmed"
    PROGRESSED = "progressed"
    TAKEN_OVER = "taken_over"
    COMMENTED = "commented"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    GIVEN_BACK = "given_back"
    STEP_DONE = "step_done"  # The timeline text of this action is the id of the checklist's step.
    STEP_UNDONE = "step_undone"
    CALLED = "called"


class ActChannel(StrEnum):
    """`BOARD` stands for the board and for the page of an alert.

    Every value except `BOARD` is the channel of the message that the person answered.
    """

    BOARD = "board"
    TELEGRAM = "telegram"
    SMS = "sms"
    MAIL = "email"


@dataclass(frozen=True, slots=True)
class Actor:
    """`note` is the closing note.

    For an acknowledgement on somebody's behalf, `note` is encrypted and names that person.

    `roles` is empty if the person acts without signing in, for example by a message.
    """

    account: UUID
    name: str
    note: str | None = None
    channel: ActChannel | None = None
    roles: frozenset[Role] = frozenset()


def acknowledged(alert: Alert, person: Actor, now: datetime, idle: timedelta) -> Alert:
    return _seen(alert, now, idle, **_acknowledgement(person, now))


def partly_acknowledged(alert: Alert, person: Actor, now: datetime, quorum: Quorum) -> Alert:
    """Until the quorum is reached, an acknowledgement changes neither the ringing nor the escalation."""
    return changed(alert, now, **_parts((*alert.partly_acknowledged_by, person.account), quorum))


def named(alert: Alert, person: Actor, now: datetime) -> Alert:
    is_own = alert.acknowledged_by == person.account and alert.acknowledged_note is None
    return changed(alert, now, **({"acknowledged_note": person.note} if is_own else {}))


def unacknowledged(alert: Alert, person: Actor, now: datetime, wait: timedelta, quorum: Quorum) -> Alert:
    others = tuple(account for account in alert.partly_acknowledged_by if account != person.account)
    if alert.acknowledged_at is None:
        return changed(alert, now, **_parts(others, quorum))
    return _seen(alert, now, wait, **(NOT_ACKNOWLEDGED | _parts(others, quorum)))


def assigned(alert: Alert, person: Actor, to: UUID, name: str, now: datetime, idle: timedelta) -> Alert:
    """An assignment does not acknowledge the alert.

    If another person has the alert in progress, that work ends.

    A lapsed alert rings until somebody closes the alert.
    """
    named = {"assigned_at": now, "assigned_by": person.account, "assigned_to": to, "assigned_name": name}
    after = changed(alert, now, **named)
    if alert.progressed_at is None:
        return after
    waiting = {"is_ringing": True} if alert.is_over else {"waits_since": now, "escalates_at": _due(alert, now + idle)}
    return replaced(after, **waiting, **NOT_IN_PROGRESS, **NOT_SNOOZED)


def confirmed(alert: Alert, person: Actor, now: datetime, idle: timedelta) -> Alert:
    return _seen(
        alert,
        now,
        idle,
        nature="confirmed",
        **_first(alert, person, now),
        confirmed_at=now,
        confirmed_by=person.account,
        confirmed_name=person.name,
    )


def progressed(alert: Alert, person: Actor, now: datetime) -> Alert:
    """An alert in progress neither rings nor escalates."""
    return changed(
        alert,
        now,
        is_ringing=False,
        escalates_at=_due(alert, None),
        **NOT_SNOOZED,
        **NOT_ASSIGNED,
        **_first(alert, person, now),
        progressed_at=now,
        progressed_by=person.account,
        progressed_name=person.name,
    )


def commented(alert: Alert, person: Actor, now: datetime, idle: timedelta) -> Alert:
    """Return the alert after a comment, a call or a step of the checklist.

    If somebody has acknowledged or closed the alert, the ringing stops and the waiting time starts anew. A snooze of
    the alert still ends at its old time. If the alert is assigned to another person, neither the ringing nor the
    waiting time changes.
    """
    if alert.assigned_to not in (None, person.account):
        return changed(alert, now)
    if alert.is_answered and alert.escalates_at is not None and alert.snoozed_until is None:
        return _seen(alert, now, idle)
    return changed(alert, now, is_ringing=alert.is_ringing and not alert.is_answered)


def snoozed(alert: Alert, person: Actor, now: datetime, until: datetime) -> Alert:
    """A snooze keeps its length, even while all boards are unattended. Only other waiting times become shorter."""
    return changed(
        alert,
        now,
        is_ringing=False,
        waits_since=until,
        escalates_at=_due(alert, until),
        **_first(alert, person, now),
        snoozed_until=until,
        snoozed_by=person.account,
        snoozed_name=person.name,
    )


def resolved(alert: Alert, verdict: Verdict, person: Actor, now: datetime) -> Alert:
    return changed(
        alert,
        now,
        is_ringing=False,
        escalates_at=None,
        verdict=verdict,
        closed_by=Closer.PERSON,
        nature="confirmed" if verdict is Verdict.CONFIRMED else alert.nature,
        **NOT_SNOOZED,
        **NOT_ASSIGNED,
        resolved_at=now,
        resolved_by=person.account,
        resolved_name=person.name,
        resolved_note=person.note,
    )


def reopened(alert: Alert, person: Actor, now: datetime, wait: timedelta) -> Alert:
    """If somebody confirmed the alert earlier, the confirmation stays."""
    judged = {} if alert.confirmed_at else NOT_CONFIRMED | {"nature": "machine"}
    return _seen(
        alert,
        now,
        wait,
        **NOT_ACKNOWLEDGED,
        **NOT_ASSIGNED,
        **NOT_IN_PROGRESS,
        **NOT_RESOLVED,
        **judged,
        reopened_at=now,
        reopened_by=person.account,
        reopened_name=person.name,
    )


def _seen(alert: Alert, now: datetime, wait: timedelta, **changes: Any) -> Alert:
    """Stops the ringing. The alert rings again after `wait`.

    An alert in progress does not ring again. A lapsed alert rings again only if it is overdue.
    """
    after = changed(alert, now, is_ringing=False, escalates_at=_due(alert, None), **NOT_SNOOZED, **changes)
    if after.progressed_at is not None or (after.is_over and not after.is_overdue):
        return after
    return replaced(after, waits_since=now, escalates_at=_due(alert, now + wait))


def _due(alert: Alert, at: datetime | None) -> datetime | None:
    """Returns the end of the waiting time. A silenced alert waits for the end of its silence.

    At the end of the silence, the step that the alert has reached is notified.
    """
    return alert.escalates_at if alert.is_silenced and not alert.is_over else at


def _parts(accounts: tuple[UUID, ...], quorum: Quorum) -> dict[str, Any]:
    if quorum.needed <= 1:
        return {"partly_acknowledged_by": accounts, **NOT_COUNTED}
    return {
        "partly_acknowledged_by": accounts,
        "acknowledgements": quorum.counted(accounts),
        "acknowledgements_needed": quorum.needed,
    }


def _acknowledgement(person: Actor, now: datetime) -> dict[str, Any]:
    return {
        "acknowledged_at": now,
        "acknowledged_by": person.account,
        "acknowledged_name": person.name,
        "acknowledged_note": person.note,
        **NOT_COUNTED,
    }


def _first(alert: Alert, person: Actor, now: datetime) -> dict[str, Any]:
    return {} if alert.acknowledged_at else {**_acknowledgement(person, now), "acknowledged_note": None}
