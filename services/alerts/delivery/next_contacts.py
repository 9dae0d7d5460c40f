"""Notifies the next contact of a receiver if a contact failed, or if nobody answered in time."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts.alerts import Alert
from services.alerts.delivery.notices import (
    UNMUTED,
    Cause,
    Follows,
    PlannedDelivery,
    is_foldable,
    without_restricted_words,
)
from services.alerts.handlers import utcnow
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import contacts as contact_queries
from services.alerts.queries import deliveries as delivery_queries
from services.alerts.queries import mutes as mute_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.queries.contacts import DeliveryKey, DueDelivery
from services.alerts.receivers.receivers import Contact, Receiver, ReceiverKind
from shared import events, log, tracing
from shared.auth.tokens import Ancestry
from shared.events.vocabulary import Demand
from shared.failures import retry_while_unavailable
from shared.postgres import database

LOOK_SECONDS = 1.0
# While an alert is muted, no next contact is notified of it. The worker checks after this time whether the alert is
# still muted.
MUTED_WAIT = timedelta(minutes=1)


class NextContacts:
    """Runs until cancelled.

    Several workers may run this task, because each skips deliveries that another worker has locked.
    """

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], places: Ancestry, clock: Callable[[], datetime] = utcnow
    ) -> None:
        self._sessions, self._places, self._clock = sessions, places, clock

    async def run(self) -> None:
        while True:
            if await retry_while_unavailable(self.notify) < contact_queries.AT_ONCE:
                await asyncio.sleep(LOOK_SECONDS)

    async def notify(self) -> int:
        async with database.committed(self._sessions) as session:
            now = self._clock()
            due = await contact_queries.due(session, now)
            if due:
                alerts = await alert_queries.by_id(session, {delivery.alert_id for delivery in due})
                muted = (await mute_queries.mutes(session, now)).muted(alerts.values(), self._places)
                waiting = [delivery for delivery in due if delivery.alert_id in muted and delivery.cause not in UNMUTED]
                await contact_queries.postpone(session, waiting, now + MUTED_WAIT)
                await self._follow(session, [delivery for delivery in due if delivery not in waiting], alerts, now)
            return len(due)

    async def _follow(
        self, session: AsyncSession, due: Sequence[DueDelivery], alerts: Mapping[UUID, Alert], now: datetime
    ) -> None:
        receivers = {receiver.label: receiver for receiver in await receiver_queries.receivers(session)}
        reasons = {
            delivery.delivery_id: follows
            for delivery in due
            if not delivery.is_of_removed
            and (receiver := receivers.get(delivery.recipient)) is not None
            and (follows := reason(delivery, receiver, alerts.get(delivery.alert_id))) is not None
        }
        unsuccessful = [delivery for delivery in due if delivery.delivery_id in reasons]
        warn_of_unknown_causes(unsuccessful)
        current, superseded = await self._superseded(session, unsuccessful)
        # If a later message about the alert waits, the next contact gets this message at once, in place of the earlier
        # one.
        brought_forward = await contact_queries.bring_forward(session, superseded, now)
        contacts = await contact_queries.further(session, {delivery.recipient for delivery in current})
        planned = [
            following(delivery, reasons[delivery.delivery_id], receiver, contact, alerts.get(delivery.alert_id), now)
            for delivery, receiver in ((delivery, receivers[delivery.recipient]) for delivery in current)
            for contact in next_contacts(delivery, receiver, contacts.get(delivery.recipient, ()))
        ]
        await delivery_queries.add_deliveries(session, planned, hastens=False)
        locked_by_others = superseded.keys() - brought_forward
        await contact_queries.settle(session, [delivery for delivery in due if delivery.key not in locked_by_others])

    async def _superseded(
        self, session: AsyncSession, deliveries: Sequence[DueDelivery]
    ) -> tuple[list[DueDelivery], dict[DeliveryKey, int]]:
        """A delivery is superseded if its receiver has a later step's delivery about the alert on this channel."""
        newest = await contact_queries.newest_steps(session, deliveries)
        current = [delivery for delivery in deliveries if newest[delivery.key] == delivery.step]
        return current, {
            delivery.key: newest[delivery.key] for delivery in deliveries if newest[delivery.key] != delivery.step
        }


def warn_of_unknown_causes(deliveries: Iterable[DueDelivery]) -> None:
    """A later release of Dayar stored these unknown causes, and was then rolled back.

    The next contact is notified even if the cause is unknown.
    """
    for cause in sorted({delivery.cause for delivery in deliveries} - set(Cause)):
        log.get().warning("unknown cause of notification", cause=cause)


def reason(delivery: DueDelivery, receiver: Receiver, alert: Alert | None) -> Follows | None:
    """Returns None if the message was delivered and nobody needs to answer it.

    `alert` is None if the alert's stored row is unreadable. An alert whose row is unreadable may need an answer.
    """
    if not delivery.is_delivered:
        return Follows.NO_RESULT if delivery.failure is None else Follows.FAILED
    is_unanswered = must_answer(receiver, alert) or awaits_assignee(alert, delivery, receiver)
    return Follows.UNANSWERED if is_unanswered else None


def must_answer(receiver: Receiver, alert: Alert | None) -> bool:
    """A person must answer every alert.

    A post must answer only grave alerts. Further messages to a post about milder alerts would hide the grave ones. A
    system never answers. A receiver who has acknowledged need not answer again if the alert waits for further
    acknowledgements.
    """
    if receiver.kind not in (ReceiverKind.PERSON, ReceiverKind.POST):
        return False
    if alert is None:
        return True
    if receiver.kind is ReceiverKind.POST and not alert.is_grave:
        return False
    has_acknowledged = receiver.account_id in alert.partly_acknowledged_by
    return alert.demand is not None and not (alert.demand is Demand.ACKNOWLEDGEMENT and has_acknowledged)


def awaits_assignee(alert: Alert | None, delivery: DueDelivery, receiver: Receiver) -> bool:
    """The assignee must learn of the assignment, even if the alert is already acknowledged."""
    if alert is None or alert.assigned_to is None or alert.assigned_to != receiver.account_id:
        return False
    if receiver.kind is not ReceiverKind.PERSON or delivery.cause != Cause.ASSIGNED:
        return False
    if alert.assigned_at is None or alert.resolved_at:
        return False
    if alert.snoozed_until is not None:  # The waiting time begins when the snooze ends.
        return alert.snoozed_by != receiver.account_id
    return alert.waits_since is None or alert.waits_since <= alert.assigned_at


def next_contacts(delivery: DueDelivery, receiver: Receiver, further: Sequence[Contact]) -> Sequence[Contact]:
    """Returns the contact after the delivery's contact. If the delivery's contact was removed, returns all contacts.

    A contact that already has a delivery of this step gets no second delivery.
    """
    contacts = [receiver.first_contact, *further]
    position = next((place for place, contact in enumerate(contacts) if contact.channel == delivery.channel), None)
    return contacts if position is None else contacts[position + 1 : position + 2]


def following(
    delivery: DueDelivery, follows: Follows, receiver: Receiver, contact: Contact, alert: Alert | None, now: datetime
) -> PlannedDelivery:
    """A mail to the next contact may also be combined with other mails.

    Restricted texts are removed if the receiver has become external since the delivery.
    """
    content = delivery.content if receiver.is_internal else without_restricted_words(delivery.content)
    with tracing.Continued(delivery.traceparent):
        return PlannedDelivery(
            events.derived_id("delivery", delivery.alert_id, delivery.step, receiver.label, contact.channel),
            delivery.alert_id,
            delivery.step,
            receiver.label,
            contact.channel,
            delivery.cause,
            content,
            now,
            is_foldable=alert is not None and is_foldable(alert, contact.channel),
            is_internal=receiver.is_internal,
            next_contact_in=None if contact.wait_seconds is None else timedelta(seconds=contact.wait_seconds),
            follows=follows,
        )
