"""Selects who is notified of an alert. Each stage leaves out receivers, and the reasons are recorded.

To add a condition, add a function to `stages/`, and list it as a stage in the tuples here or in
`stages/conditions.py`.
"""

from collections.abc import Sequence
from uuid import UUID

from services.alerts.notifications import duty_heads
from services.alerts.notifications.stages import Notification, Omission, Omissions, Stage, recipients
from services.alerts.notifications.stages.called import called_before, called_or_reached, newly_concerned
from services.alerts.notifications.stages.conditions import CONCERNED, REACHED, on_duty_with_posts
from services.alerts.notifications.stages.steps import after_end, current_step, earlier_step_called, steps_of
from services.alerts.notifications.waiting_times import steps_of_alert
from services.alerts.receivers.receivers import Receiver, ReceiverKind


def silenced(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    if notification.silence is None:
        return {}
    return {receiver.label: Omission.SILENCED for receiver in receivers}


def inhibited(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    if notification.inhibitor is None:
        return {}
    return {receiver.label: Omission.INHIBITED for receiver in receivers}


# every selection except INFORMED begins with these stages
MUTES: tuple[Stage, ...] = (silenced, inhibited)
RAISED: tuple[Stage, ...] = (*REACHED, current_step)
# these stages also apply at the end of a silence
ESCALATED: tuple[Stage, ...] = (*REACHED, earlier_step_called)
GRAVER: tuple[Stage, ...] = (called_or_reached,)
GIVEN_BACK: tuple[Stage, ...] = REACHED
MOVED: tuple[Stage, ...] = (*REACHED, newly_concerned)
ENDED: tuple[Stage, ...] = (after_end,)
TO_SOMEBODY = (RAISED, ESCALATED, GRAVER, GIVEN_BACK)  # in these stages, a grave alert must reach people who can act
INFORMED: tuple[Stage, ...] = (called_before,)  # the stages if an alert lapsed, or if a person acted on an alert


def notified(notification: Notification, stages: Sequence[Stage]) -> tuple[list[Receiver], Omissions]:
    """Returns the receivers that are notified, and the reasons why the other receivers are left out.

    A receiver is notified if no stage leaves the receiver out. With each post, the person on duty in the post's roster
    is notified too. Of the conditions of the person on duty, only the status has an effect.

    With the stages ESCALATED, receivers that missed a change of a muted alert are notified too. If an acknowledged or
    snoozed alert returns, the people who acknowledged or snoozed it are also notified. After the last step of an
    escalation, the duty heads and all receivers that do not know the alert yet are notified. Duty heads are also
    notified whenever the person in charge cannot act any more. If a grave alert would reach nobody who can act, other
    receivers are notified instead (`stand_ins`).

    With the stages INFORMED, only receivers that were notified before are informed. Silences and inhibitions have no
    effect on INFORMED.
    """
    if stages == INFORMED:
        return recipients(notification, stages)
    unmuted, muted = recipients(notification, MUTES)
    if not unmuted:
        return [], muted
    kept, omissions = recipients(notification, stages)
    is_next_step = stages == ESCALATED and notification.alert.level > 0
    if is_next_step and (heads := heads_after_last_step(notification)):
        kept = joined(heads, [receiver for receiver in kept if receiver.label not in notification.called])
        others = (receiver for receiver in notification.receivers if receiver not in kept)
        omissions = {receiver.label: Omission.NO_DUTY_HEAD for receiver in others}
    if stages == GIVEN_BACK:
        kept = joined(kept, duty_heads.of_status(notification.alert, notification.receivers))
    if notification.alert.is_grave and stages in TO_SOMEBODY and reaches_nobody(notification, kept):
        kept = joined(stand_ins(notification), kept)
    people = on_duty_with_posts(notification, kept)
    if stages == ESCALATED:
        people |= new_on_duty(notification) | set(notification.missed) | in_charge(notification)
    kept = joined(kept, [receiver for receiver in notification.receivers if receiver.label in people])
    labels = {receiver.label for receiver in kept}
    return kept, {label: reason for label, reason in omissions.items() if label not in labels}


def joined(first: Sequence[Receiver], others: Sequence[Receiver]) -> list[Receiver]:
    return [*first, *(receiver for receiver in others if receiver not in first)]


def new_on_duty(notification: Notification) -> set[str]:
    """A person may come on duty after the post of a reached step was notified."""
    reached, _ = recipients(notification, REACHED)
    return on_duty_with_posts(notification, reached) - set(notification.called)


def in_charge(notification: Notification) -> set[str]:
    """People who acknowledged or snoozed an alert may rely on a reminder.

    People whose accounts are disabled are left out.
    """
    known = notification.before
    accounts = set[UUID | None]() if known is None else {known.acknowledged_by, known.snoozed_by} - {None}
    return {
        receiver.label
        for receiver in notification.receivers
        if receiver.account_id in accounts
        and notification.alert.status in receiver.statuses
        and receiver.label not in notification.absent
    }


def reaches_nobody(notification: Notification, kept: Sequence[Receiver]) -> bool:
    """An alert also reaches somebody if a person gets the alert at a later step."""
    if any(is_able(notification, receiver) for receiver in kept):
        return False
    if all(receiver.label in notification.absent for receiver in kept):
        return True
    concerned, _ = recipients(notification, CONCERNED)
    planned = steps_of(notification, concerned).labels
    return not any(is_able(notification, receiver) for receiver in concerned if receiver.label in planned)


def is_able(notification: Notification, receiver: Receiver) -> bool:
    """An external system does not count as somebody who can act."""
    is_of_others = receiver.kind is ReceiverKind.SYSTEM and not receiver.is_internal
    return receiver.label not in notification.absent and not is_of_others


def stand_ins(notification: Notification) -> list[Receiver]:
    """Stand-ins are notified if a grave alert reaches only external systems and people with disabled accounts.

    The duty heads are the first choice as stand-ins. If there is no duty head, everybody who can act is notified,
    because a message about another area does less harm than an alert that nobody gets. External systems are left out,
    because they may act by themselves, for example sound a siren. If there is nobody else, duty heads with disabled
    accounts are notified, because they may still read their messages.
    """
    alert = notification.alert
    if heads := duty_heads.of_status(alert, notification.receivers):
        return heads
    of_status = [receiver for receiver in notification.receivers if alert.status in receiver.statuses]
    able = [receiver for receiver in of_status if is_able(notification, receiver)]
    return able or [receiver for receiver in of_status if receiver.label in notification.absent_heads]


def heads_after_last_step(notification: Notification) -> list[Receiver]:
    return duty_heads.notified(notification.alert, notification.receivers, steps_of_alert(notification))
