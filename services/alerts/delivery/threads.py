"""Threads of messages.

Mail programs show the messages about one hazard as a thread. A wider thread has all messages of a night about one type
of hazard in the same places.
"""

from datetime import datetime, timedelta
from uuid import UUID

from services.alerts.alerts import Alert
from shared import events
from shared.country import TIME_ZONE
from shared.events import AlertRaised

NOON = timedelta(hours=12)  # The wider thread of a night lasts from noon to noon.


def thread_of(alert: AlertRaised, recipient: str) -> UUID:
    return events.derived_id("thread", alert.hazard_id or alert.alert_id, recipient)


def place_thread_of(alert: AlertRaised, recipient: str) -> UUID | None:
    """Without threads of places, a burst of reports would fill a mailbox with hundreds of threads."""
    if alert.hazard_type is None or not alert.pcodes:
        return None
    places, night = sorted(alert.pcodes), night_of(alert).date().isoformat()
    return events.derived_id("place-thread", alert.status, alert.hazard_type, *places, night, recipient)


def night_of(alert: Alert | AlertRaised) -> datetime:
    local = (alert.raised_at - NOON).astimezone(TIME_ZONE)
    return local.replace(hour=12, minute=0, second=0, microsecond=0)
