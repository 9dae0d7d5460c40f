"""How long a person may snooze an alert. A grave alert cannot be snoozed for long.

A duty head may snooze an alert longer.
"""

from collections.abc import Collection
from datetime import timedelta

from services.alerts.alerts import Alert
from shared.auth.tokens import Role
from shared.events.vocabulary import Severity

LONGEST_MINUTES = 480  # One shift has eight hours.


def longest(alert: Alert, roles: Collection[Role]) -> timedelta:
    is_head = Role.DUTY_HEAD in roles
    if alert.severity is Severity.EXTREME:
        return timedelta(minutes=60 if is_head else 30)
    if alert.is_grave:
        return timedelta(minutes=240 if is_head else 60)
    return timedelta(minutes=LONGEST_MINUTES)
