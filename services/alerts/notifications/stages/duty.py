"""Leaves out people with a roster who are off duty."""

from collections.abc import Collection, Mapping, Sequence

from services.alerts.notifications.stages import Notification, Omission, Omissions
from services.alerts.receivers.receivers import Receiver, ReceiverKind


def on_duty(notification: Notification, receivers: Sequence[Receiver]) -> Omissions:
    """Leaves out people with a roster who are off duty now, unless this leaves out everybody.

    The other people of a roster are kept while nobody is on duty. They are also kept if the person on duty does not get
    the alert, for example because of the person's own areas.
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
