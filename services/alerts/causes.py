"""Why receivers are notified of a change of an alert."""

from services.alerts import transitions
from services.alerts.alerts import Alert
from services.alerts.delivery.notices import Cause
from shared.auth.tokens import Ancestry


def cause_of_escalation(alert: Alert) -> Cause:
    if alert.acknowledged_at is None:
        return Cause.ESCALATED
    return Cause.STALLED if alert.snoozed_until is None else Cause.WOKEN


def cause_of_renewal(known: Alert, after: Alert, places: Ancestry) -> Cause:
    """The cause RAISED notifies only receivers whom the alert newly concerns."""
    if known.is_lapsed:
        return Cause.RETURNED
    if transitions.is_worse(after, known):
        return Cause.UPDATED
    if transitions.has_higher_impact(after, known):
        return Cause.MORE_CASUALTIES
    if transitions.has_grown(after, known):
        return Cause.GROWN
    return Cause.WIDENED if transitions.has_new_districts(after, known, places) else Cause.RAISED


def is_being_settled(known: Alert, after: Alert, places: Ancestry) -> bool:
    compared = (transitions.is_worse, transitions.has_higher_impact, transitions.has_grown)
    is_more = any(compare(after, known) for compare in compared) or transitions.has_new_districts(after, known, places)
    return known.is_worked_on and known.is_lapsed and not is_more
