"""Selects who is notified of an alert. Each stage leaves out receivers, and the reasons are recorded.

A new condition is added as one more stage. A silence or an inhibition leaves out everybody.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from services.alerts.notifications.conditions import (
    in_hours,
    of_area,
    of_hazard,
    of_severity,
    of_status,
    on_duty,
    on_duty_with_posts,
)
from services.alerts.notifications.stages import Notification, Omission, Omissions, Stage
from services.alerts.policies import duty_heads
from services.alerts.policies.steps import Steps
from services.alerts.receivers.receivers import Receiver, ReceiverKind


def up_to_level(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers whose step the alert's level has not reached, and those to which a policy gives no step."""
    steps = steps_of(notification, receivers)
    reached = steps.reached(notification.alert.level)
    missing = {label: own for label, own in steps.of.items() if not own & reached}
    return {label: Omission.LATER_STEP if own else Omission.OTHER_POLICY for label, own in missing.items()}


def current_step(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Keeps only the receivers of the step that is notified at the alert's level."""
    steps = steps_of(notification, receivers)
    current = steps.current(notification.alert.level)
    return {label: Omission.EARLIER_STEP for label, own in steps.of.items() if current not in own}


def earlier_step_called(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers of earlier steps that were notified before.

    Keeps receivers of earlier steps that were not notified: for example, a silence has ended since then, the receiver's
    hours have begun, or the person has come on duty.
    """
    earlier = current_step(notification, receivers)
    return {label: omission for label, omission in earlier.items() if label in notification.called}


def steps_of(notification: Notification, receivers: Sequence[Receiver]) -> Steps:
    """The steps of the receivers. If a policy names at least one of these receivers, the policy decides on the steps.

    A receiver of step 0 that the policy does not name is still notified first. If the policy names none of these
    receivers, the policy is ignored, because nobody would be notified.
    """
    policy = notification.policy
    named = {each.label: policy.steps_of(each.label, notification.on_duty) for each in receivers} if policy else {}
    if not any(named.values()):
        return Steps({each.label: frozenset({each.step}) for each in receivers})
    unnamed = {each.label: frozenset({0} if each.step == 0 else ()) for each in receivers if not named[each.label]}
    return Steps(named | unnamed, policy)


def steps_of_alert(notification: Notification) -> Steps:
    """The steps of the receivers that the alert concerns."""
    return steps_of(notification, recipients(notification, CONCERNED)[0])


def waiting_time(notification: Notification) -> timedelta | None:
    """How long the alert waits for an acknowledgement at its level; None if only the rules decide."""
    if notification.policy is None and not any(receiver.is_duty_head for receiver in notification.receivers):
        return None
    steps = steps_of_alert(notification)
    if duty_heads.notified(notification.alert, notification.receivers, steps):
        return duty_heads.EVERY
    minutes = steps.minutes(notification.alert.level)
    return None if minutes is None else timedelta(minutes=minutes)


def is_ended(notification: Notification) -> bool:
    """Whether the policy has ended, so that nobody is notified at the alert's level."""
    policy, alert = notification.policy, notification.alert
    if policy is None or not policy.ends or alert.is_grave:
        return False
    steps = steps_of_alert(notification)
    return steps.policy is policy and steps.is_over(alert.level)


def after_end(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:  # noqa: ARG001 - as all stages
    """Leaves out everybody, because the policy has ended."""
    return {receiver.label: Omission.POLICY_ENDED for receiver in receivers}


def newly_concerned(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers that the alert concerned before.

    A receiver that the alert concerned before and that was still never notified was usually added after the alert was
    raised, and is left out. A receiver with hours or a roster is kept, because the alert may have been raised outside
    its hours or while the person was off duty. The steps are computed from all receivers of the notification, because
    they depend on all of them.
    """
    assert notification.before is not None
    reached, _ = recipients(replace(notification, alert=notification.before), REACHED)
    called = notification.called
    labels = [each.label for each in receivers if each in reached and (each.label in called or not is_at_times(each))]
    return {label: Omission.CONCERNED_BEFORE if label in called else Omission.ADDED_LATER for label in labels}


def is_at_times(receiver: Receiver) -> bool:
    """Whether the receiver is notified only at some times."""
    return bool(receiver.hours) or (receiver.kind is ReceiverKind.PERSON and receiver.roster is not None)


def called_before(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers that were never notified of the alert.

    A receiver that was notified before is kept, even if the alert moved out of the receiver's area or is now below the
    receiver's lowest severity.
    """
    labels = (receiver.label for receiver in receivers)
    return {label: Omission.NEVER_NOTIFIED for label in labels if label not in notification.called}


def called_or_reached(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Keeps the receivers that were notified of the alert before, or would be notified if the alert were raised now."""
    _, unreached = recipients(notification, REACHED)
    unknown = {receiver.label for receiver in receivers} - set(notification.called)
    return {label: omission for label, omission in unreached.items() if label in unknown}


CONCERNED: tuple[Stage, ...] = (of_status, of_severity, of_area, of_hazard, on_duty, in_hours)
REACHED: tuple[Stage, ...] = (*CONCERNED, up_to_level)
RAISED: tuple[Stage, ...] = (*REACHED, current_step)
ESCALATED: tuple[Stage, ...] = (*REACHED, earlier_step_called)  # an alert passes them after a silence, too
GRAVER: tuple[Stage, ...] = (called_or_reached,)
GIVEN_BACK: tuple[Stage, ...] = REACHED  # an alert passes them if the person in charge cannot act any more
MOVED: tuple[Stage, ...] = (*REACHED, newly_concerned)
ENDED: tuple[Stage, ...] = (after_end,)
INFORMED: tuple[Stage, ...] = (called_before,)  # an alert passes these stages if it lapsed, or if a person acted on it


def recipients(notification: Notification, stages: Sequence[Stage]) -> tuple[list[Receiver], Omissions]:
    """The receivers that all stages keep, and for each other receiver the reason why it is left out."""
    kept, omissions = list(notification.receivers), dict[str, Omission]()
    for stage in stages:
        omissions |= stage(notification, kept)
        kept = [receiver for receiver in kept if receiver.label not in omissions]
    return kept, omissions


def notified(notification: Notification, stages: Sequence[Stage]) -> tuple[list[Receiver], Omissions]:
    """The receivers that are notified, and for each other receiver the reason why it is left out.

    The receivers that all stages keep are notified. With each post, the person on duty in the post's roster is notified
    too. This person's own conditions, except the status, have no effect. After the last step of an escalation, the duty
    heads and all receivers that do not know the alert yet are notified. Duty heads are also notified if the alert has
    no other receiver when it is raised, becomes more severe, or is no longer muted, and whenever the
    person in charge cannot act any more. With the stages INFORMED, only
    receivers that were notified before are informed: no person on duty is added, and silences and inhibitions have no
    effect.
    """
    if stages == INFORMED:
        return recipients(notification, stages)
    if notification.silence is not None:
        return [], {receiver.label: Omission.SILENCED for receiver in notification.receivers}
    if notification.inhibitor is not None:
        return [], {receiver.label: Omission.INHIBITED for receiver in notification.receivers}
    kept, omissions = recipients(notification, stages)
    is_next_step = stages == ESCALATED and notification.alert.level > 0
    is_empty = not kept and stages in (RAISED, ESCALATED, GRAVER)
    if (is_next_step or is_empty) and (heads := heads_after_last_step(notification)):
        new = [receiver for receiver in kept if receiver.label not in notification.called and receiver not in heads]
        kept = [*heads, *new]
        others = [receiver for receiver in notification.receivers if receiver not in kept]
        omissions = {receiver.label: Omission.NO_DUTY_HEAD for receiver in others}
    if stages == GIVEN_BACK:
        kept += [head for head in duty_heads.of_status(notification.alert, notification.receivers) if head not in kept]
    people = on_duty_with_posts(notification, kept)
    if stages == ESCALATED:
        people |= new_on_duty(notification)
    added = [receiver for receiver in notification.receivers if receiver.label in people and receiver not in kept]
    labels = {receiver.label for receiver in (*kept, *added)}
    return [*kept, *added], {label: reason for label, reason in omissions.items() if label not in labels}


def new_on_duty(notification: Notification) -> set[str]:
    """The people on duty with the posts of all steps that the alert has reached, if they do not know the alert yet.

    Such a person came on duty after the post was notified.
    """
    reached, _ = recipients(notification, REACHED)
    return on_duty_with_posts(notification, reached) - set(notification.called)


def heads_after_last_step(notification: Notification) -> list[Receiver]:
    return duty_heads.notified(notification.alert, notification.receivers, steps_of_alert(notification))
