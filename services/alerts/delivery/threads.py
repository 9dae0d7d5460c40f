"""Threads of messages. All messages about one hazard are a thread.

The thread of a hazard belongs to a wider thread. The wider thread has all messages about the same type of hazard and
the same places in one night.
"""

from datetime import datetime, timedelta
from uuid import UUID

from services.alerts.alerts import Alert
from shared import events
from shared.country import TIME_ZONE
from shared.events import AlertRaised

NOON = timedelta(hours=12)  # a thread of places lasts from noon to noon, so that no night is divided


def thread_of(alert: AlertRaised, recipient: str) -> UUID:
    """The thread of the alert's hazard; an alert without a hazard has a separate thread."""
    return events.derived_id("thread", alert.hazard_id or alert.alert_id, recipient)


def place_thread_of(alert: AlertRaised, recipient: str) -> UUID | None:
    """The thread of all hazards of this type that were reported for the same places in the same night.

    Without this thread, a burst of reports from a few places would fill a mailbox with hundreds of threads.
    """
    if alert.hazard_type is None or not alert.pcodes:
        return None
    places, night = sorted(alert.pcodes), night_of(alert).date().isoformat()
    return events.derived_id("place-thread", alert.status, alert.hazard_type, *places, night, recipient)


def night_of(alert: Alert | AlertRaised) -> datetime:
    """The noon before the alert was raised."""
    local = (alert.raised_at - NOON).astimezone(TIME_ZONE)
    return local.replace(hour=12, minute=0, second=0, microsecond=0)
