"""Selects who is notified of an alert. Each stage leaves some receivers out, and the reasons are recorded.

A new condition is a new function in `stages/`, and an entry in a tuple here or in `stages/conditions.py`.
"""

from collections.abc import Sequence
from uuid import UUID

from services.alerts.notifications import duty_heads
from services.alerts.notifications.stages import Notification, Omission, Omissions, Stage, recipients
from services.alerts.notifications.stages.called import called_before, called_or_reached, newly_concerned
from services.alerts.notifications.stages.conditions import CONCERNED, REACHED, on_duty_with_posts, outside_hours
from services.alerts.notifications.stages.steps import after_end, current_step, earlier_step_called, steps_of
from services.alerts.notifications.waiting_times import steps_of_alert
from services.alerts.receivers.receivers import Receiver, ReceiverKind

RAISED: tuple[Stage, ...] = (*REACHED, current_step)
# At the end of a silence, the stages ESCALATED are used as well.
ESCALATED: tuple[Stage, ...] = (*REACHED, earlier_step_called)
GRAVER: tuple[Stage, ...] = (called_or_reached,)
GIVEN_BACK: tuple[Stage, ...] = REACHED
MOVED: tuple[Stage, ...] = (*REACHED, newly_concerned)
ENDED: tuple[Stage, ...] = (after_end,)
# With one of these stages, a grave alert must reach at least one person who can act.
TO_SOMEBODY = (RAISED, ESCALATED, GRAVER, GIVEN_BACK)
INFORMED: tuple[Stage, ...] = (called_before,)  # INFORMED is for an alert that lapsed, and for actions of people.


def muted(notification: Notification) -> Omissions:
    """Every selection except INFORMED applies this stage first."""
    if notification.mute is None:
        return {}
    return dict.fromkeys((receiver.label for receiver in notification.receivers), notification.mute.omission)


def notified(notification: Notification, stages: Sequence[Stage]) -> tuple[list[Receiver], Omissions]:
    """Returns the notified receivers, and for each other receiver the reason.

    If nobody else would be notified, a receiver is notified outside its hours. This reason is returned as well.

    A receiver is notified if no stage leaves the receiver out. If a post is notified, the person on duty in the post's
    roster is notified as well. Of the conditions of a person on duty, only the status counts here.

    ESCALATED also notifies receivers that missed a change while the alert was muted. If an acknowledged or snoozed
    alert returns, the people who acknowledged or snoozed it are notified as well. After the last step, the duty heads
    and all receivers that do not know the alert yet are notified. If the person in charge of an alert cannot act any
    more, duty heads are notified as well. If a grave alert would reach nobody who can act, `stand_ins` are notified.

    INFORMED notifies only receivers that already know the alert. INFORMED ignores silences and inhibitions.
    """
    if stages == INFORMED:
        return recipients(notification, stages)
    if omissions := muted(notification):
        return [], omissions
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
    left_out = {label: reason for label, reason in omissions.items() if label not in labels}
    new = [receiver for receiver in kept if receiver.label not in notification.called]
    return kept, left_out | dict.fromkeys(outside_hours(notification, new), Omission.NOBODY_ELSE)


def joined(first: Sequence[Receiver], others: Sequence[Receiver]) -> list[Receiver]:
    return [*first, *(receiver for receiver in others if receiver not in first)]


def new_on_duty(notification: Notification) -> set[str]:
    """Returns people who came on duty after the post of a reached step was notified."""
    reached, _ = recipients(notification, REACHED)
    return on_duty_with_posts(notification, reached) - set(notification.called)


def in_charge(notification: Notification) -> set[str]:
    """Returns the people who acknowledged or snoozed the alert, because they may rely on a reminder.

    People with disabled accounts are left out.
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
    """Returns False if somebody who can act gets the alert now.

    If external systems get the alert now, somebody who can act at a later step is enough.
    """
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
    """Returns whom to notify of a grave alert that would reach only external systems and people with disabled accounts.

    Duty heads are the first choice. Without duty heads, everybody who can act is notified, because a message about
    another area does less harm than an alert that nobody gets. External systems are never stand-ins, because they may
    act by themselves, for example sound a siren. If there is nobody else, duty heads with disabled accounts are
    notified, because they may still read messages.
    """
    alert = notification.alert
    if heads := duty_heads.of_status(alert, notification.receivers):
        return heads
    of_status = [receiver for receiver in notification.receivers if alert.status in receiver.statuses]
    able = [receiver for receiver in of_status if is_able(notification, receiver)]
    return able or [receiver for receiver in of_status if receiver.label in notification.absent_heads]


def heads_after_last_step(notification: Notification) -> list[Receiver]:
    return duty_heads.notified(notification.alert, notification.receivers, steps_of_alert(notification))
