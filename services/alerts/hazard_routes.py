"""Serves the result of a hazard: the alerts and the notified receivers, or the reason why there is no alert."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.alerts import Alert
from services.alerts.delivery import listings
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import deliveries as delivery_queries
from services.alerts.queries import hazards as hazard_queries
from services.alerts.routes import Caller
from services.alerts.rules.findings import Finding, RuleKind
from services.alerts.rules.hazard import decide
from services.alerts.views import Followed, Raised
from shared.auth.tokens import Principal
from shared.events import HazardReported
from shared.pages import language_of
from shared.pages.reasons import NOT_ALERTED
from shared.postgres.database import Session
from shared.web.problems import Problem

router = APIRouter()


@router.get("/v1/hazards/{hazard_id}/outcome")
async def outcome(
    hazard_id: UUID,
    request: Request,
    session: Session,
    caller: Caller,
    report_id: Annotated[UUID | None, Query(description="Asks for what this very report brought.")] = None,
) -> Followed:
    """Returns the hazard's alerts in force. If no alert is in force, `reason` and `text` say why.

    If `is_judged` is false, the service has not evaluated the hazard yet, so ask again later.
    """
    hazard = await hazard_queries.hazard(session, hazard_id)
    if hazard is None or (report_id is not None and hazard.report_id != report_id):
        return Followed(is_judged=False)
    concerns(hazard, request, caller)
    alerts = await alert_queries.alerts_of_hazard(session, hazard_id)
    raised = [alert for alert in alerts if not (alert.is_suppressed or alert.is_over or alert.resolved_at)]
    if raised:
        return Followed(is_judged=True, alerts=[await view(alert, session) for alert in raised])
    reason = reason_of(hazard, alerts, request)
    text = request.app.state.pages.gettext(language_of(request), NOT_ALERTED.get(reason, reason))
    return Followed(is_judged=True, reason=reason, text=text)


def concerns(hazard: HazardReported, request: Request, caller: Principal) -> None:
    """The result may be read by the report's author, and by everybody who may see alerts in the report's area.

    Raises a Problem otherwise.
    """
    areas, pcodes = listings.visible(caller, request.app.state.places), hazard.area.pcodes
    if hazard.author != caller.account and areas is not None and pcodes and areas.isdisjoint(pcodes):
        raise Problem(404, "not-found", "There is no such hazard.")


async def view(alert: Alert, session: AsyncSession) -> Raised:
    called = await delivery_queries.called(session, [alert.alert_id])
    return Raised(
        alert_id=alert.alert_id, severity=alert.severity, reason=alert.reason, recipients=called.get(alert.alert_id, [])
    )


def reason_of(hazard: HazardReported, known: list[Alert], request: Request) -> str:
    if own := [alert for alert in known if alert.kind is RuleKind.HAZARD and alert.is_suppressed]:
        return own[0].reason
    state = request.app.state
    finding = decide(hazard, state.rules, state.watched, datetime.now(UTC))
    return "resolved" if isinstance(finding, Finding) else finding.reason
