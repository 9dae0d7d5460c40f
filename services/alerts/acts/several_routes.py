"""HTTP routes that do one action on several alerts, each independently of the others."""

from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from functools import partial
from uuid import UUID

from fastapi import APIRouter, Request

from services.alerts.acts.answers import AnswerRefused
from services.alerts.acts.routes import answerable, answers_of, first, person_of
from services.alerts.alerts import Alert
from services.alerts.queries.alerts import AlertUnreadable
from services.alerts.routes import UNREADABLE, Caller
from services.alerts.views import Acknowledged, AlertIds, AlertView, NotDone, Snoozed, Snoozes, TakenOver
from shared.auth.tokens import Principal
from shared.postgres.database import Session
from shared.web.problems import Problem

router = APIRouter()


@router.post("/v1/alerts:acknowledge")
async def acknowledge_several(body: AlertIds, request: Request, session: Session, caller: Caller) -> Acknowledged:
    """Acknowledges several alerts, each independently of the others.

    The answer names each refused alert with the reason.
    """
    answers, person = answers_of(request, session), person_of(caller)
    act = partial(answers.acknowledge, person=person, is_one_of_many=True)
    done, refused = await several(body.alert_ids, act, request, session, caller)
    return Acknowledged(acknowledged=done, refused=refused)


@router.post("/v1/alerts:snooze")
async def snooze_several(body: Snoozes, request: Request, session: Session, caller: Caller) -> Snoozed:
    """Snoozes several alerts for the same time and reason, each independently of the others.

    The answer names each refused alert with the reason.
    """
    answers, person = answers_of(request, session), person_of(caller)
    wait = timedelta(minutes=body.minutes)
    act = partial(answers.snooze, person=person, wait=wait, reason=body.reason, is_one_of_many=True)
    done, refused = await several(body.alert_ids, act, request, session, caller)
    return Snoozed(snoozed=done, refused=refused)


@router.post("/v1/alerts:takeover")
async def take_over_several(body: AlertIds, request: Request, session: Session, caller: Caller) -> TakenOver:
    """The caller starts work on several alerts, each independently of the others, even if other people work on them.

    The answer names each refused alert with the reason.
    """
    answers, person = answers_of(request, session), person_of(caller)
    act = partial(answers.take_over, person=person, is_one_of_many=True)
    done, refused = await several(body.alert_ids, act, request, session, caller)
    return TakenOver(taken_over=done, refused=refused)


async def several(
    alert_ids: Collection[UUID],
    act: Callable[[UUID], Awaitable[Alert]],
    request: Request,
    session: Session,
    caller: Principal,
) -> tuple[list[AlertView], list[NotDone]]:
    """The alerts after the action, and those that were refused."""
    done, refused = list[AlertView](), list[NotDone]()
    # requests that lock alerts in different orders could wait for each other, so the ids are sorted
    for alert_id in sorted(set(alert_ids)):
        try:
            await answerable(alert_id, request, session, caller)
            done.append(AlertView.model_validate(await act(alert_id)))
        except AnswerRefused as error:
            name, at = first(error)
            refused.append(NotDone(alert_id=alert_id, reason=error.kind, name=name, at=at))
        except AlertUnreadable:
            refused.append(NotDone(alert_id=alert_id, reason=UNREADABLE))
        except Problem as problem:
            refused.append(NotDone(alert_id=alert_id, reason=problem.kind))
    return done, refused
