"""Computes the steps of an alert's escalation, from the receivers or from a policy.

Defines the stages that select by steps.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Self
from uuid import UUID

from services.alerts.alerts import Alert
from services.alerts.notifications.stages import Notification, Omission, Omissions
from services.alerts.policies.policies import EscalationPolicy
from services.alerts.policies.step_ids import positions, step_id
from services.alerts.receivers.receivers import Receiver


@dataclass(frozen=True, slots=True)
class Steps:
    """`of` maps a receiver's label to the steps that notify this receiver.

    `policy` is None if the receivers' own steps decide.

    A step without receivers is skipped, so that each escalation reaches somebody.
    """

    of: Mapping[str, frozenset[int]]
    policy: EscalationPolicy | None = None

    def without_delay(self, absent: Collection[str]) -> Self:
        """Removes steps that have only `absent` people, because nobody would answer there.

        `absent` has the labels of people with disabled accounts. The `absent` people join the next step, or the last
        step.
        """
        if not absent:
            return self
        attended = sorted(set(chain.from_iterable(own for label, own in self.of.items() if label not in absent)))
        if not attended:
            return self
        next_step = {step: next((later for later in attended if later >= step), attended[-1]) for step in self.in_order}
        return replace(self, of={label: frozenset(next_step[step] for step in own) for label, own in self.of.items()})

    @property
    def labels(self) -> frozenset[str]:
        return frozenset(label for label, own in self.of.items() if own)

    @property
    def in_order(self) -> Sequence[int]:
        return sorted(set(chain.from_iterable(self.of.values())))

    @property
    def rounds(self) -> int:
        return 1 + (self.policy.repeats if self.policy else 0)

    def level_of(self, alert: Alert) -> int:
        """Returns the alert's level, which is the place of the reached step among these steps.

        After a change of the policy or of an account, the level may differ from the number of escalations. If everybody
        in the reached step has left, the level is that of the previous step. If the reached step is gone, the level is
        the number of escalations.
        """
        known = None if alert.reached_step is None else positions(self.policy, alert.level).get(alert.reached_step)
        if known is None or not self.in_order:
            return alert.level
        round, step = known
        return round * len(self.in_order) + max(bisect_right(self.in_order, step) - 1, 0)

    def id_at(self, level: int, escalations: int) -> UUID | None:
        """Returns None if there are no steps. `escalations` is how often the alert has escalated."""
        current = self.current(level)
        if current is None:
            return None
        round = self.rounds if self.is_over(level) else level // len(self.in_order)
        return step_id(self.policy, round, current, escalations)

    def reached(self, level: int) -> frozenset[int]:
        return frozenset(self.in_order[: level + 1])

    def is_over(self, level: int) -> bool:
        return level >= len(self.in_order) * self.rounds

    def current(self, level: int) -> int | None:
        """Once the policy is over, its last step is the current step."""
        steps = self.in_order
        if not steps:
            return None
        return steps[-1] if self.is_over(level) else steps[level % len(steps)]

    def minutes(self, level: int) -> int | None:
        """Returns None if the policy does not set the waiting time."""
        current = self.current(level)
        return None if self.policy is None or current is None else self.policy.steps[current].minutes


def up_to_level(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers of later steps, and receivers to which the policy gives no step."""
    steps = steps_of(notification, receivers)
    reached = steps.reached(steps.level_of(notification.alert))
    missing = {label: own for label, own in steps.of.items() if not own & reached}
    return {label: Omission.LATER_STEP if own else Omission.OTHER_POLICY for label, own in missing.items()}


def current_step(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    steps = steps_of(notification, receivers)
    current = steps.current(steps.level_of(notification.alert))
    return {label: Omission.EARLIER_STEP for label, own in steps.of.items() if current not in own}


def earlier_step_called(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Keeps receivers of earlier steps that were not notified because of a silence, their hours or their roster."""
    earlier = current_step(notification, receivers)
    return {label: omission for label, omission in earlier.items() if label in notification.called}


def after_end(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:  # noqa: ARG001 - as all stages
    return {receiver.label: Omission.POLICY_ENDED for receiver in receivers}


def steps_of(notification: Notification, receivers: Sequence[Receiver]) -> Steps:
    """If a policy names at least one of these receivers, the policy decides on the steps.

    If no policy names any of these receivers, the receivers' own steps decide.

    A receiver of step 0 that the policy does not name stays in the first step. If everybody whom the policy names has
    left, the policy is ignored, because nobody could act. If all people of a step have left, the step is skipped.
    """
    return _planned_steps(notification, receivers).without_delay(notification.absent)


def _planned_steps(notification: Notification, receivers: Sequence[Receiver]) -> Steps:
    policy = notification.policy
    named = (
        {receiver.label: policy.steps_of(receiver.label, notification.on_duty) for receiver in receivers}
        if policy
        else {}
    )
    present = [receiver for receiver in receivers if receiver.label not in notification.absent] or receivers
    if not any(named.get(receiver.label) for receiver in present):
        return Steps({receiver.label: frozenset({receiver.step}) for receiver in receivers})
    unnamed = {
        receiver.label: frozenset({0} if receiver.step == 0 else ())
        for receiver in receivers
        if not named[receiver.label]
    }
    return Steps(named | unnamed, policy)
