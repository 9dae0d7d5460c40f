"""If nobody acknowledges at the last step, all duty heads are notified again and again.

Duty heads are notified of Severe and Extreme alerts, and of alerts whose severity is Unknown or must be judged.
"""

from collections.abc import Sequence
from datetime import timedelta

from services.alerts.alerts import Alert
from services.alerts.notifications.stages.steps import Steps
from services.alerts.receivers.receivers import Receiver

EVERY = timedelta(minutes=5)


def notified(alert: Alert, receivers: Sequence[Receiver], steps: Steps) -> list[Receiver]:
    """The conditions of duty heads have no effect, except the status.

    No duty head is notified until all steps are over. The alert may get further steps later, for example because the
    policy changed or the severity rose. Duty heads who know the alert are then notified again without waiting for these
    steps.
    """
    if not alert.is_grave or not (steps.is_over(steps.level_of(alert)) or alert.duty_heads_at):
        return []
    return of_status(alert, receivers)


def of_status(alert: Alert, receivers: Sequence[Receiver]) -> list[Receiver]:
    return [receiver for receiver in receivers if receiver.is_duty_head and alert.status in receiver.statuses]
