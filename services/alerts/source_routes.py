"""HTTP routes that list the withheld alerts of a source and lift the source's hourly budget."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from services.alerts import alerted_reports, budgets
from services.alerts.alerts import Alert
from services.alerts.delivery import listings
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import hazard_changes
from services.alerts.queries import hazards as hazard_queries
from services.alerts.routes import Caller
from services.alerts.rules.findings import RuleKind
from services.alerts.rules.hazard import decide
from services.alerts.views import AlertView
from shared.messaging import outbox
from shared.postgres.database import Session

router = APIRouter()
Source = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class Withheld(BaseModel):
    """Up to 1000 withheld alerts, the newest first."""

    alerts: list[AlertView]


class Lifted(BaseModel):
    """Until when the budget is lifted, and the ids of the withheld alerts that are now raised."""

    lifted_until: datetime
    released: list[UUID]


@router.get("/v1/sources/{source}/withheld")
async def withheld(source: Source, request: Request, session: Session, caller: Caller) -> Withheld:
    """Returns the alerts of the source that were withheld.

    The source had used up its budget, so nobody was notified of these alerts.
    """
    areas, alerts = listings.visible(caller, request.app.state.places), await budgets.withheld(session, source)
    return Withheld(alerts=[AlertView.model_validate(alert) for alert in alerts if listings.is_within(alert, areas)])


@router.put("/v1/sources/{source}/lift")
async def lift(source: Source, request: Request, session: Session, caller: Caller) -> Lifted:
    """Lifts the hourly limit of the source's alerts for one hour.

    After the lift, a withheld alert is either raised or not withheld any more.

    Exposure alerts about these hazards follow within seconds.
    """
    state, now = request.app.state, datetime.now(UTC)
    until = await budgets.lift(session, source, caller.account, now)
    hidden = [alert for alert in await budgets.withheld(session, source) if alert.hazard_id]
    locked = await alert_queries.alerts_of_hazards(
        session, [alert.hazard_id for alert in hidden if alert.hazard_id], RuleKind.HAZARD
    )
    alert_changes = await alert_queries.changes_of(session, locked, state.places, state.rules, now)
    for alert in locked:
        if (
            isinstance(alert, Alert)
            and alert.is_suppressed
            and alert.hazard_id
            and (hazard := await hazard_queries.hazard(session, alert.hazard_id))
        ):
            alert_changes.apply_to_hazard(hazard, decide(hazard, state.rules, state.watched, now))
    released = [alert for alert in alert_changes.changed.values() if not (alert.is_suppressed or alert.is_lapsed)]
    await hazard_changes.add(session, {alert.hazard_id for alert in alert_changes.changed.values() if alert.hazard_id})
    await alert_queries.save_changes(session, alert_changes)
    await outbox.add(session, *alert_changes.messages)
    followed = {(alert.status, alert.report_id) for alert in released if alert.report_id is not None}
    await alerted_reports.publish(followed, session, now)
    return Lifted(lifted_until=until, released=[alert.alert_id for alert in released])
