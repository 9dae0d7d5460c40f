"""HTTP routes that do one action on several alerts, each independently of the others."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from services.alerts.acts import acting_accounts
from services.alerts.acts.acts import Actor
from services.alerts.acts.answers import AnswerRefused, Answers
from services.alerts.acts.routes import answerable, first, person_of
from services.alerts.alerts import Alert
from services.alerts.queries.alerts import AlertUnreadable
from services.alerts.routes import UNREADABLE, Caller, seen
from services.alerts.views import (
    Acknowledged,
    AlertIds,
    AlertView,
    AssignedAlerts,
    Assignees,
    Assignments,
    NotDone,
    Resolutions,
    Resolved,
    SeveralAlerts,
    Snoozed,
    Snoozes,
    TakenBack,
    TakenOver,
)
from shared.postgres.database import Session
from shared.web.problems import Problem

router = APIRouter()
ActOn = Callable[[Answers, UUID, Actor], Awaitable[Alert]]


class OneByOne:
    def __init__(self, request: Request, session: Session, caller: Caller) -> None:
        self._request, self._session, self._caller = request, session, caller

    async def act(
        self, body: SeveralAlerts, act_on: ActOn, note: str | None = None
    ) -> tuple[list[AlertView], list[NotDone]]:
        done, refused = list[AlertView](), list[NotDone]()
        request, session, caller = self._request, self._session, self._caller
        state, now, person = request.app.state, datetime.now(UTC), person_of(caller, note)
        # Two requests that lock the alerts in different orders could deadlock, so the ids are sorted.
        for alert_id in sorted(set(body.alert_ids)):
            at = body.seen.get(alert_id)
            answers = Answers(session, state.rules, state.places, state.access, now, seen=at, is_one_of_many=True)
            try:
                await answerable(alert_id, request, session, caller)
                done.append(AlertView.model_validate(await act_on(answers, alert_id, person)))
            except AnswerRefused as error:
                name, at_time = first(error)
                refused.append(NotDone(alert_id=alert_id, reason=error.kind, name=name, at=at_time))
            except AlertUnreadable:
                refused.append(NotDone(alert_id=alert_id, reason=UNREADABLE))
            except Problem as problem:
                refused.append(NotDone(alert_id=alert_id, reason=problem.kind))
        return done, refused


Several = Annotated[OneByOne, Depends()]


@router.post("/v1/alerts:acknowledge")
async def acknowledge(body: SeveralAlerts, several: Several) -> Acknowledged:
    """Acknowledges several alerts, each independently of the others.

    The response names each refused alert with the reason.
    """
    done, refused = await several.act(body, Answers.acknowledge)
    return Acknowledged(acknowledged=done, refused=refused)


@router.post("/v1/alerts:take-back")
async def take_back(body: SeveralAlerts, several: Several) -> TakenBack:
    """Withdraws the caller's own acknowledgements of several alerts, each independently of the others.

    The response names each refused alert with the reason.
    """
    done, refused = await several.act(body, Answers.take_back)
    return TakenBack(taken_back=done, refused=refused)


@router.post("/v1/alerts:snooze")
async def snooze(body: Snoozes, several: Several) -> Snoozed:
    """Snoozes several alerts for the same time and reason, each independently of the others.

    The response names each refused alert with the reason.
    """
    snoozing = partial(Answers.snooze, wait=timedelta(minutes=body.minutes), reason=body.reason)
    done, refused = await several.act(body, snoozing)
    return Snoozed(snoozed=done, refused=refused)


@router.post("/v1/alerts:takeover")
async def take_over(body: SeveralAlerts, several: Several) -> TakenOver:
    """The caller starts work on several alerts, each independently of the others, even if other people work on them.

    The response names each refused alert with the reason.
    """
    done, refused = await several.act(body, Answers.take_over)
    return TakenOver(taken_over=done, refused=refused)


@router.post("/v1/alerts:assignees")
async def assignees(body: AlertIds, request: Request, session: Session, caller: Caller) -> Assignees:
    """Returns the people to whom the caller can assign each of these alerts.

    People on duty come first, then the others by name.

    An alert that the caller cannot read any more is left out. If all alerts are left out, the request is refused.
    """
    alerts, refusals = list[Alert](), list[Exception]()
    for alert_id in body.alert_ids:
        try:
            alerts.append(await seen(alert_id, request, session, caller))
        except (AlertUnreadable, Problem) as refusal:
            refusals.append(refusal)
    if not alerts and refusals:
        raise refusals[0]
    state, now = request.app.state, datetime.now(UTC)
    people = await acting_accounts.offered(session, alerts, state.places, state.access, now, besides=caller.account)
    return Assignees(assignees=people)


@router.post("/v1/alerts:assign")
async def assign(body: Assignments, several: Several) -> AssignedAlerts:
    """Assigns several alerts to the same person, each independently of the others.

    The person is notified of each alert.

    The response names each refused alert with the reason.
    """
    done, refused = await several.act(body, partial(Answers.assign, to=body.account_id, text=body.note))
    return AssignedAlerts(assigned=done, refused=refused)


@router.post("/v1/alerts:resolve")
async def resolve(body: Resolutions, several: Several) -> Resolved:
    """Closes several alerts with the same verdict and note, each independently of the others.

    The response names each refused alert with the reason.
    """
    done, refused = await several.act(body, partial(Answers.resolve, verdict=body.verdict), body.note)
    return Resolved(resolved=done, refused=refused)
