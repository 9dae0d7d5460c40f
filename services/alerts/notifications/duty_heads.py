"""If nobody acknowledges at the last step, all duty heads are notified every five minutes.

This rule is for alerts of Severe, Extreme or Unknown severity, and for alerts whose severity a person must judge.
"""

from collections.abc import Sequence
from datetime import timedelta

from services.alerts.alerts import Alert
from services.alerts.notifications.stages.steps import Steps
from services.alerts.receivers.receivers import Receiver

EVERY = timedelta(minutes=5)


def notified(alert: Alert, receivers: Sequence[Receiver], steps: Steps) -> list[Receiver]:
    """Of a duty head's conditions, only the status counts.

    Duty heads are first notified when all steps are over. An alert may get further steps after its last step, for
    example by a changed policy or a higher severity. Duty heads who were notified before do not wait for steps that the
    alert gets later.
    """
    if not alert.is_grave or not (steps.is_over(steps.level_of(alert)) or alert.duty_heads_at):
        return []
    return of_status(alert, receivers)


def of_status(alert: Alert, receivers: Sequence[Receiver]) -> list[Receiver]:
    return [receiver for receiver in receivers if receiver.is_duty_head and alert.status in receiver.statuses]
