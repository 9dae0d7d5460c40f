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

    No duty head is notified until all steps are over. Duty heads who were notified once are notified again even if
    the alert gets further steps, because the policy changed, the severity rose, or an account was enabled.
    """
    if not alert.is_grave or not (steps.is_over(steps.level_of(alert)) or alert.duty_heads_at):
        return []
    return of_status(alert, receivers)


def of_status(alert: Alert, receivers: Sequence[Receiver]) -> list[Receiver]:
    return [receiver for receiver in receivers if receiver.is_duty_head and alert.status in receiver.statuses]
