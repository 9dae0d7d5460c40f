"""Defines the input and the results of stages. A stage selects who is notified of an alert."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from services.alerts.alerts import Alert
from services.alerts.policies.policies import EscalationPolicy
from services.alerts.receivers.receivers import Receiver
from shared.auth.tokens import Ancestry

if TYPE_CHECKING:
    from services.alerts.notifications.mutes import Mute


class Omission(StrEnum):
    OTHER_STATUS = "other_status"  # For example, a receiver of Actual alerts is not notified of an exercise.
    BELOW_FLOOR = "below_floor"
    OTHER_AREA = "other_area"
    OTHER_HAZARD = "other_hazard"
    OFF_DUTY = "off_duty"
    OTHER_HOURS = "other_hours"
    NOBODY_ELSE = "nobody_else"  # The receiver is notified although the time is outside its hours.
    LATER_STEP = "later_step"
    EARLIER_STEP = "earlier_step"
    OTHER_POLICY = "other_policy"
    CONCERNED_BEFORE = "concerned_before"
    ADDED_LATER = "added_later"
    NEVER_NOTIFIED = "never_notified"
    NO_DUTY_HEAD = "no_duty_head"
    POLICY_ENDED = "policy_ended"
    SILENCED = "silenced"
    INHIBITED = "inhibited"


Omissions = Mapping[str, Omission]


@dataclass(frozen=True, slots=True)
class Notification:
    """`before` is the alert as it was before the change.

    `called` has the labels of receivers that already know the alert.

    `missed` has the labels of `called` receivers that do not know a change, because the alert was muted. `on_duty` maps
    a roster to the label of the person on duty, or to the labels of all its people if nobody is on duty. `absent` has
    the labels of people with disabled accounts, and `absent_heads` the labels of the duty heads among them.
    """

    alert: Alert
    receivers: Sequence[Receiver]
    places: Ancestry
    now: datetime
    called: Collection[str] = ()
    before: Alert | None = None
    on_duty: Mapping[str, Collection[str]] = field(default_factory=dict)
    policies: Sequence[EscalationPolicy] = ()
    mute: "Mute | None" = None
    missed: Collection[str] = ()
    absent: Collection[str] = ()
    absent_heads: Collection[str] = ()

    @property
    def policy(self) -> EscalationPolicy | None:
        return next((policy for policy in self.policies if policy.applies_to(self.alert, self.places)), None)


Stage = Callable[[Notification, Sequence[Receiver]], Omissions]


def recipients(notification: Notification, stages: Sequence[Stage]) -> tuple[list[Receiver], Omissions]:
    kept, omissions = list(notification.receivers), dict[str, Omission]()
    for stage in stages:
        omissions |= stage(notification, kept)
        kept = [receiver for receiver in kept if receiver.label not in omissions]
    return kept, omissions
