"""A person answers: the alert's row is locked, so that of two at the same instant one is the first."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import alerts, queries
from services.alerts.alerts import Alert, Person
from shared import outbox
from shared.events import AlertAcknowledged, AlertRaised, AlertResolved
from shared.events.vocabulary import Verdict


async def acknowledge(session: AsyncSession, alert_id: UUID, person: Person, now: datetime) -> Alert:
    """The alert as it stands after: whoever was first has it. The caller commits."""
    alert = await queries.locked_alert(session, alert_id)
    if alert.is_answered:
        return alert
    return await _keep(session, alerts.acknowledged(alert, person, now), AlertAcknowledged)


async def resolve(session: AsyncSession, alert_id: UUID, verdict: Verdict, person: Person, now: datetime) -> Alert:
    """The alert as it stands after: the first verdict stays. The caller commits."""
    alert = await queries.locked_alert(session, alert_id)
    if alert.resolved_at is not None:
        return alert
    return await _keep(session, alerts.resolved(alert, verdict, person, now), AlertResolved)


async def _keep(session: AsyncSession, alert: Alert, event: type[AlertRaised]) -> Alert:
    await queries.save_alerts(session, [alert])
    await outbox.add(session, alert.event(event))
    return alert
