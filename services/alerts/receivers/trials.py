"""Sends test messages to all contacts of a receiver, and finds the results.

The receiver's conditions are ignored.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import transitions
from services.alerts.alerts import Alert
from services.alerts.delivery import listings
from services.alerts.delivery.notices import TRIAL_RULE, Cause, PlannedDelivery, content_of
from services.alerts.models import AlertRow
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import deliveries as delivery_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Contact, Receiver
from services.alerts.rules.findings import Finding, RuleKind, Situation
from shared import events
from shared.country import COUNTRY
from shared.events.vocabulary import Severity, Status
from shared.postgres.upsert import upsert

REASON = "test_message"
# Between two tests, this time must pass, so that nobody floods another person's address.
AGAIN_AFTER = timedelta(seconds=10)


async def send(session: AsyncSession, receiver: Receiver, further: Sequence[Contact], now: datetime) -> Alert:
    """Returns the alert of all test messages. The caller commits.

    The alert is suppressed, so nobody else is notified, and no board shows the alert. Within AGAIN_AFTER of a test
    message, no other test message is sent.
    """
    alert_id = transitions.identity(_situation(receiver.label))
    known = await alert_queries.readable_alert(session, alert_id)
    if known is not None and now < known.raised_at + AGAIN_AFTER:
        return known
    alert = transitions.raised(_finding(receiver.label, now), None, now) if known is None else known
    alert = transitions.replaced(alert, step=alert.step + 1, onset=now, raised_at=now, changed_at=now)
    await upsert(session, AlertRow, [alert_queries.alert_row(alert)])
    content = content_of(alert, Cause.RAISED)
    contacts = (receiver.first_contact, *further)
    deliveries = [_delivery(alert, receiver.at(contact), content, now) for contact in contacts]
    await delivery_queries.add_deliveries(session, deliveries, hastens=False)
    return alert


async def results(session: AsyncSession, label: str) -> list[dict[str, Any]]:
    """Leaves out deliveries to a removed receiver that had this label."""
    removed_at = await receiver_queries.removed_at(session, label)
    every = await listings.deliveries(session, alert_id=transitions.identity(_situation(label)))
    deliveries = [delivery for delivery in every if removed_at is None or delivery["created_at"] > removed_at]
    newest = max((delivery["step"] for delivery in deliveries), default=0)
    return [delivery for delivery in deliveries if delivery["step"] == newest]


def receiver_id(label: str) -> UUID:
    """A label may reveal who a person is, so paths and the security log have this id instead."""
    return events.derived_id("receiver", label)


def _situation(label: str) -> Situation:
    return Situation(RuleKind.TEST, Status.TEST, COUNTRY, str(receiver_id(label)))


def _finding(label: str, now: datetime) -> Finding:
    return Finding(_situation(label), TRIAL_RULE, REASON, Severity.MINOR, now, is_suppressed=True, suppression=REASON)


def _delivery(alert: Alert, receiver: Receiver, content: str, now: datetime) -> PlannedDelivery:
    id = events.derived_id("delivery", alert.alert_id, alert.step, receiver.label, receiver.channel)
    slot = receiver.label, receiver.channel
    return PlannedDelivery(id, alert.alert_id, alert.step, *slot, Cause.RAISED, content, now)
