"""Selects who is notified of an alert. Each stage leaves out receivers, and the reasons are recorded.

A new condition is added as one more stage. A silence or an inhibition leaves out everybody.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.alerts import duty_heads, hours
from services.alerts.alerts import Alert
from services.alerts.inhibitions import Inhibitor
from services.alerts.policies import EscalationPolicy
from services.alerts.receivers import Receiver, ReceiverKind
from services.alerts.rules.findings import RANK
from services.alerts.silences import Silence
from services.alerts.steps import Steps
from shared.auth.tokens import Ancestry
from shared.events.vocabulary import Severity


class Omission(StrEnum):
    """Why a receiver is not notified, or is notified in spite of its hours."""

    OTHER_STATUS = "other_status"  # for example, the alert is an exercise, and the receiver gets Actual alerts only
    BELOW_FLOOR = "below_floor"
    OTHER_AREA = "other_area"
    OTHER_HAZARD = "other_hazard"
    OFF_DUTY = "off_duty"
    OTHER_HOURS = "other_hours"
    NOBODY_ELSE = "nobody_else"  # the receiver is notified, outside its hours
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
    """The input of the stages.

    `before` is the alert before a change. `called` has the labels of the receivers that were notified of it already.
    `on_duty` has the label of the person on duty by the name of the roster; in a gap, the labels of all its people.
    """

    alert: Alert
    receivers: Sequence[Receiver]
    places: Ancestry
    now: datetime
    called: Collection[str] = ()
    before: Alert | None = None
    on_duty: Mapping[str, Collection[str]] = field(default_factory=dict)
    policies: Sequence[EscalationPolicy] = ()
    silences: Sequence[Silence] = ()
    inhibitors: Sequence[Inhibitor] = ()

    @property
    def silence(self) -> Silence | None:
        """The silence that mutes the alert now."""
        return next((each for each in self.silences if each.mutes(self.alert, self.places, self.now)), None)

    @property
    def inhibitor(self) -> Inhibitor | None:
        """The Extreme alert that mutes the alert now."""
        return next((each for each in self.inhibitors if each.mutes(self.alert, self.now)), None)

    @property
    def muted_by(self) -> UUID | None:
        """The id of the silence or of the Extreme alert that mutes the alert now."""
        if (silence := self.silence) is not None:
            return silence.silence_id
        return None if (inhibitor := self.inhibitor) is None else inhibitor.alert_id

    @property
    def policy(self) -> EscalationPolicy | None:
        """The escalation policy that decides on the alert's steps."""
        return next((policy for policy in self.policies if policy.applies_to(self.alert, self.places)), None)


Stage = Callable[[Notification, Sequence[Receiver]], Omissions]


def of_status(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    status = notification.alert.status
    return {receiver.label: Omission.OTHER_STATUS for receiver in receivers if status not in receiver.statuses}


def rank_of(alert: Alert) -> int:
    """The rank of the alert's severity.

    Unknown counts as Severe, so that an alert is sent before a person judges it.
    """
    return RANK[Severity.SEVERE if alert.severity is Severity.UNKNOWN else alert.severity]


def of_severity(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    rank = rank_of(notification.alert)
    return {receiver.label: Omission.BELOW_FLOOR for receiver in receivers if rank < RANK[receiver.floor]}


def of_area(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers whose areas the alert does not concern. An alert without a place concerns every area."""
    pcodes, places = notification.alert.pcodes, notification.places
    others = (receiver for receiver in receivers if pcodes and receiver.areas)
    return {
        receiver.label: Omission.OTHER_AREA
        for receiver in others
        if not any(receiver.covers(pcode, places) for pcode in pcodes)
    }


def of_hazard(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers of other types of hazards. An alert without a type, such as displacement, concerns all."""
    hazard = notification.alert.hazard_type
    others = (receiver for receiver in receivers if hazard is not None and receiver.hazards)
    return {receiver.label: Omission.OTHER_HAZARD for receiver in others if hazard not in receiver.hazards}


def on_duty(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out people who are notified only while on duty, and are not, unless this leaves out everybody.

    If whoever is on duty does not get the alert, for example because of the person's own area, the other people of the
    roster do, as in a gap.
    """
    reached = {receiver.label for receiver in receivers} | on_duty_with_posts(notification, receivers)
    off_duty = [receiver.label for receiver in receivers if is_off_duty(receiver, notification.on_duty, reached)]
    return {} if len(off_duty) == len(receivers) else dict.fromkeys(off_duty, Omission.OFF_DUTY)


def is_off_duty(receiver: Receiver, on_duty: Mapping[str, Collection[str]], reached: Collection[str]) -> bool:
    if receiver.kind is not ReceiverKind.PERSON or receiver.roster is None:
        return False
    people = on_duty.get(receiver.roster, (receiver.label,))
    return receiver.label not in people and any(person in reached for person in people)


def on_duty_with_posts(notification: Notification, receivers: Sequence[Receiver]) -> set[str]:
    """The people on duty in the rosters of these posts, who are notified with the posts."""
    posts = [receiver for receiver in receivers if receiver.kind is ReceiverKind.POST]
    people = {person for post in posts for person in notification.on_duty.get(post.roster or "", ())}
    gets_status = (receiver for receiver in notification.receivers if notification.alert.status in receiver.statuses)
    return people & {receiver.label for receiver in gets_status}


def in_hours(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers outside their hours, unless this leaves out everybody.

    Alerts of Severe, Extreme or Unknown severity, and alerts whose severity a person must judge, are sent at every
    hour, and so are all alerts to a person on duty.
    """
    if duty_heads.is_grave(notification.alert):
        return {}
    closed = [receiver.label for receiver in receivers if is_closed(receiver, notification)]
    return {} if len(closed) == len(receivers) else dict.fromkeys(closed, Omission.OTHER_HOURS)


def is_closed(receiver: Receiver, notification: Notification) -> bool:
    """Whether it is outside the receiver's hours. The hours of a person on duty do not count."""
    is_on_duty = any(receiver.label in people for people in notification.on_duty.values())
    return bool(receiver.hours) and not is_on_duty and not hours.are_open(receiver.hours, notification.now)


def outside_hours(notification: Notification, notified: Sequence[Receiver]) -> Omissions:
    """The receivers notified for the first time, outside their hours, because nobody else would be notified."""
    if duty_heads.is_grave(notification.alert):
        return {}
    new = (receiver for receiver in notified if receiver.label not in notification.called)
    return {receiver.label: Omission.NOBODY_ELSE for receiver in new if is_closed(receiver, notification)}


def up_to_level(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers whose step the alert's level has not reached yet, or to which a policy gives no step."""
    steps = steps_of(notification, receivers)
    reached = steps.reached(notification.alert.level)
    missing = {label: own for label, own in steps.of.items() if not own & reached}
    return {label: Omission.LATER_STEP if own else Omission.OTHER_POLICY for label, own in missing.items()}


def current_step(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Keeps only the receivers at the step that is notified at the alert's level."""
    steps = steps_of(notification, receivers)
    current = steps.current(notification.alert.level)
    return {label: Omission.EARLIER_STEP for label, own in steps.of.items() if current not in own}


def earlier_step_called(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers of earlier steps that were notified before.

    A receiver of an earlier step that was not notified, for example because of a silence, is kept.
    """
    earlier = current_step(notification, receivers)
    return {label: omission for label, omission in earlier.items() if label in notification.called}


def steps_of(notification: Notification, receivers: Sequence[Receiver]) -> Steps:
    """The steps of the receivers, on which a policy decides if it names one of them.

    A receiver of step 0 that the policy does not name is still notified first. A policy that names none of these
    receivers decides nothing, because it would silence the alert.
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
    if policy is None or not policy.ends or duty_heads.is_grave(alert):
        return False
    steps = steps_of_alert(notification)
    return steps.policy is policy and steps.is_over(alert.level)


def after_end(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:  # noqa: ARG001 - as all stages
    """Leaves out everybody, because the policy has ended."""
    return {receiver.label: Omission.POLICY_ENDED for receiver in receivers}


def newly_concerned(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out receivers that the alert concerned before.

    All receivers of the notification are checked, because the steps depend on all of them. A receiver with hours that
    was never notified is kept, because the alert may have been raised outside its hours, and so is a person who may
    have been off duty. Another receiver that was never notified was added after the alert was raised.
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
    """Leaves out receivers that were never notified of the alert and would not be notified if it were raised now."""
    _, unreached = recipients(notification, REACHED)
    unknown = {receiver.label for receiver in receivers} - set(notification.called)
    return {label: omission for label, omission in unreached.items() if label in unknown}


CONCERNED: tuple[Stage, ...] = (of_status, of_severity, of_area, of_hazard, on_duty, in_hours)
REACHED: tuple[Stage, ...] = (*CONCERNED, up_to_level)
RAISED: tuple[Stage, ...] = (*REACHED, current_step)  # these are also the stages of an escalation
UNSILENCED: tuple[Stage, ...] = (*REACHED, earlier_step_called)
GRAVER: tuple[Stage, ...] = (called_or_reached,)
MOVED: tuple[Stage, ...] = (*REACHED, newly_concerned)
ENDED: tuple[Stage, ...] = (after_end,)
INFORMED: tuple[Stage, ...] = (called_before,)  # the stages for lapses and people's actions


def recipients(notification: Notification, stages: Sequence[Stage]) -> tuple[list[Receiver], Omissions]:
    """The receivers that all stages keep, and for each other receiver the reason why it is left out."""
    kept, omissions = list(notification.receivers), dict[str, Omission]()
    for stage in stages:
        omissions |= stage(notification, kept)
        kept = [receiver for receiver in kept if receiver.label not in omissions]
    return kept, omissions


def notified(notification: Notification, stages: Sequence[Stage]) -> tuple[list[Receiver], Omissions]:
    """The receivers that are notified, and for each other receiver the reason why it is left out.

    These are the receivers that all stages keep, and with each post the person on duty in the post's roster, whatever
    this person's own conditions are. Only the alert's status must be one that the person gets. If only those are
    informed who were notified before, nobody is added, and no silence or inhibition holds. After the last step of an
    escalation, the duty heads are notified.
    """
    if stages == INFORMED:
        return recipients(notification, stages)
    if notification.silence is not None:
        return [], {receiver.label: Omission.SILENCED for receiver in notification.receivers}
    if notification.inhibitor is not None:
        return [], {receiver.label: Omission.INHIBITED for receiver in notification.receivers}
    kept, omissions = recipients(notification, stages)
    is_first_step = notification.alert.level == 0 and bool(kept)
    if stages == RAISED and not is_first_step and (heads := heads_after_last_step(notification)):
        others = [receiver for receiver in notification.receivers if receiver not in heads]
        kept, omissions = heads, {receiver.label: Omission.NO_DUTY_HEAD for receiver in others}
    people = on_duty_with_posts(notification, kept)
    added = [receiver for receiver in notification.receivers if receiver.label in people and receiver not in kept]
    labels = {receiver.label for receiver in added}
    return [*kept, *added], {label: reason for label, reason in omissions.items() if label not in labels}


def heads_after_last_step(notification: Notification) -> list[Receiver]:
    return duty_heads.notified(notification.alert, notification.receivers, steps_of_alert(notification))
