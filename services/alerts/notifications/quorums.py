"""Computes how many people in a policy's step must acknowledge before the alert counts as acknowledged."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.alerts.notifications import duty_heads
from services.alerts.notifications.stages import Notification, recipients
from services.alerts.notifications.stages.conditions import CONCERNED
from services.alerts.notifications.stages.steps import Steps, steps_of
from services.alerts.receivers.receivers import Receiver, ReceiverKind


@dataclass(frozen=True, slots=True)
class Quorum:
    """`needed` of the `people` must acknowledge.

    `reachable` has those of the `people` who get the alert. Everybody in `people` and `reachable` has an account. A
    disabled account is among them only if its person acknowledged the alert before. With `needed` = 1, anybody can
    acknowledge.
    """

    needed: int = 1
    people: tuple[Receiver, ...] = ()
    reachable: tuple[Receiver, ...] = ()

    def is_reached(self, acknowledged_by: Collection[UUID]) -> bool:
        return self.needed <= 1 or self.counted(acknowledged_by) >= self.needed

    def counted(self, acknowledged_by: Collection[UUID]) -> int:
        return len(accounts_of(self.people) & set(acknowledged_by))

    @property
    def is_reachable(self) -> bool:
        return self.needed <= 1 or len(accounts_of(self.reachable)) >= self.needed


def quorum(
    notification: Notification,
    people_of_rosters: Mapping[str, Collection[str]],
    disabled_accounts: Collection[UUID] = (),
) -> Quorum:
    """An account in `disabled_accounts` cannot acknowledge.

    Somebody who was notified on duty can acknowledge after the shift. If the policy repeats its last step without end,
    the quorum is at most the number of people who get the alert, so that these people can stop the escalation.
    """
    alert = notification.alert
    concerned, _ = recipients(notification, CONCERNED)
    steps = steps_of(notification, concerned)
    level = steps.level_of(alert)
    current = steps.current(level)
    if steps.policy is None or current is None:
        return Quorum()
    needed = steps.policy.steps[current].acknowledgements
    if needed <= 1 or duty_heads.notified(alert, notification.receivers, steps):
        return Quorum()
    unable = set(disabled_accounts).difference(alert.partly_acknowledged_by)
    people = tuple(
        receiver
        for receiver in people_of_step(notification, steps, current, people_of_rosters)
        if receiver.account_id and receiver.account_id not in unable
    )
    labels = {receiver.label for receiver in concerned} | set(notification.called)
    labels |= {label for on_duty in notification.on_duty.values() for label in on_duty}
    reachable = tuple(receiver for receiver in people if receiver.label in labels)
    if steps.is_over(level):
        needed = min(needed, len(accounts_of(reachable)))
    return Quorum(needed, people, reachable)


def people_of_step(
    notification: Notification, steps: Steps, step: int, people_of_rosters: Mapping[str, Collection[str]]
) -> list[Receiver]:
    """Somebody who was notified on duty belongs to the step even after the shift."""
    assert steps.policy is not None
    called = set(notification.called)
    on_duty = {
        name: set(notification.on_duty.get(name, ())) | (called & set(people))
        for name, people in people_of_rosters.items()
    }
    named = [receiver for receiver in notification.receivers if steps.policy.steps[step].names(receiver.label, on_duty)]
    posts = [receiver for receiver in named if receiver.kind is ReceiverKind.POST]
    labels = {receiver.label for receiver in named} | {
        label for receiver in posts for label in on_duty.get(receiver.roster or "", ())
    }
    return [receiver for receiver in notification.receivers if receiver.label in labels]


def accounts_of(people: Collection[Receiver]) -> set[UUID]:
    return {receiver.account_id for receiver in people if receiver.account_id is not None}
