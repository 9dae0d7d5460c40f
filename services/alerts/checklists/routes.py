"""HTTP routes for the steps of an alert's checklist and for the log of calls."""

from uuid import UUID

from fastapi import APIRouter, Request

from services.alerts.acts.routes import OneDesk
from services.alerts.alerts import Alert
from services.alerts.checklists import whom_to_call
from services.alerts.checklists.calls import Call
from services.alerts.queries import duty_numbers as number_queries
from services.alerts.routes import Caller, seen
from services.alerts.rules.rule import Code
from services.alerts.views import AlertView, CallReport
from shared import audit
from shared.audit import Action
from shared.postgres.database import Session
from shared.web.problems import Problem

router = APIRouter()


@router.put("/v1/alerts/{alert_id}/steps/{step}")
async def mark_done(
    alert_id: UUID, step: Code, request: Request, session: Session, caller: Caller, desk: OneDesk
) -> AlertView:
    """Marks a step of the alert's checklist as done.

    If somebody has marked the step already, nothing changes, and the first person's name stays.
    """
    check_step(step, await seen(alert_id, request, session, caller), request)
    return AlertView.model_validate(await desk.answers.mark_step(alert_id, desk.person(), step, is_done=True))


@router.delete("/v1/alerts/{alert_id}/steps/{step}")
async def mark_not_done(
    alert_id: UUID, step: Code, request: Request, session: Session, caller: Caller, desk: OneDesk
) -> AlertView:
    """Marks a step as not done. In the timeline, both the marking and its removal stay visible."""
    check_step(step, await seen(alert_id, request, session, caller), request)
    return AlertView.model_validate(await desk.answers.mark_step(alert_id, desk.person(), step, is_done=False))


@router.post("/v1/alerts/{alert_id}/calls", status_code=201)
async def log_call(
    alert_id: UUID, body: CallReport, request: Request, session: Session, caller: Caller, desk: OneDesk
) -> AlertView:
    """Adds a call to the timeline of an open or a closed alert. What was agreed is stored encrypted."""
    box, post = request.app.state.box, body.post
    if body.number_id is not None:
        alert = await seen(alert_id, request, session, caller)
        units = whom_to_call.units(alert, caller, request.app.state.places)
        number = await number_queries.number(session, body.number_id, box)
        if number is None or (units is not None and number.place.pcode not in units):
            raise Problem(404, "number-not-found", "There is no such duty number. Load the page again.")
        await audit.add(session, audit.entry_of(request, Action.READ, objects=[alert_id], reason="duty-numbers"))
        post = number.contact.post
    call = Call(post or "", body.result, body.agreed, body.number_id)
    return AlertView.model_validate(await desk.answers.log_call(alert_id, desk.person(), call, box))


def check_step(step: str, alert: Alert, request: Request) -> None:
    checklist = request.app.state.checklists.of(alert)
    if checklist is None or step not in checklist.by_id:
        raise Problem(404, "step-not-found", "The checklist of this alert has no such step. Load the page again.")
