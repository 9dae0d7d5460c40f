"""SQL for the further contacts of receivers, and for deliveries whose next contact is due. The caller commits."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import ContactRow, Delivery
from services.alerts.queries.rows import code
from services.alerts.receivers.receivers import Contact
from shared.events.vocabulary import DeliveryChannel
from shared.postgres import database

AT_ONCE = 100
# raw SQL: the worker runs this statement every second
DUE = """
SELECT delivery_id, alert_id, step, recipient, channel, cause, content, is_delivered, reason, traceparent, EXISTS (
    SELECT FROM removed_receivers AS removed WHERE removed.label = recipient AND removed.removed_at >= created_at
)
FROM deliveries WHERE next_contact_at <= $1 ORDER BY next_contact_at LIMIT $2 FOR UPDATE OF deliveries SKIP LOCKED
"""
DeliveryKey = tuple[UUID, str, str]  # The key is an alert, a receiver and a channel.


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """`failure` says why the latest attempt failed, or is None if the attempt did not fail.

    `is_of_removed` is true if the delivery was planned before its receiver was removed. Another receiver may have got
    the label of the removed receiver.
    """

    delivery_id: UUID
    alert_id: UUID
    step: int
    recipient: str
    channel: str  # The value is a DeliveryChannel, or a channel that only a later release of Dayar knows.
    cause: str
    content: str
    is_delivered: bool | None
    failure: str | None
    traceparent: str | None = None
    is_of_removed: bool = False

    @property
    def key(self) -> DeliveryKey:
        return self.alert_id, self.recipient, self.channel


async def further(session: AsyncSession, labels: Collection[str] | None = None) -> dict[str, list[Contact]]:
    """`labels` = None means all receivers."""
    wanted = select(ContactRow).order_by(ContactRow.label, ContactRow.position)
    if labels is not None:
        wanted = wanted.where(ContactRow.label.in_(labels))
    contacts = defaultdict[str, list[Contact]](list)
    for row in await session.scalars(wanted):
        contacts[row.label].append(Contact(code(DeliveryChannel, row.channel), row.address, row.wait_seconds))
    return contacts


async def replace_further(session: AsyncSession, label: str, contacts: Sequence[Contact]) -> None:
    """The new contacts begin without secrets."""
    await session.execute(delete(ContactRow).where(ContactRow.label == label))
    if contacts:
        rows = [
            {
                "label": label,
                "channel": contact.channel,
                "position": position,
                "address": contact.address,
                "wait_seconds": contact.wait_seconds,
            }
            for position, contact in enumerate(contacts, 1)
        ]
        await session.execute(insert(ContactRow), rows)


async def due(session: AsyncSession, now: datetime) -> list[DueDelivery]:
    """Locks and returns at most 100 deliveries. Skips deliveries that another worker has locked."""
    connection = await database.driver(session)
    return [DueDelivery(*row) for row in await connection.fetch(DUE, now, AT_ONCE)]


async def settle(session: AsyncSession, deliveries: Iterable[DueDelivery]) -> None:
    ids = [delivery.delivery_id for delivery in deliveries]
    await session.execute(update(Delivery).where(Delivery.delivery_id.in_(ids)).values(next_contact_at=None))


async def postpone(session: AsyncSession, deliveries: Iterable[DueDelivery], until: datetime) -> None:
    ids = [delivery.delivery_id for delivery in deliveries]
    await session.execute(update(Delivery).where(Delivery.delivery_id.in_(ids)).values(next_contact_at=until))


async def newest_steps(session: AsyncSession, deliveries: Collection[DueDelivery]) -> dict[DeliveryKey, int]:
    keys = (Delivery.alert_id, Delivery.recipient, Delivery.channel)
    newest = select(*keys, func.max(Delivery.step)).where(tuple_(*keys).in_([delivery.key for delivery in deliveries]))
    rows = await session.execute(newest.group_by(*keys))
    return {(alert_id, recipient, channel): step for alert_id, recipient, channel, step in rows}


async def bring_forward(session: AsyncSession, newest: Mapping[DeliveryKey, int], now: datetime) -> set[DeliveryKey]:
    """Returns the keys of the deliveries that this transaction locked.

    Skips locked deliveries, because the transaction that locked them may wait for this transaction.
    """
    keys = (Delivery.alert_id, Delivery.recipient, Delivery.channel)
    of_steps = tuple_(*keys, Delivery.step).in_([(*key, step) for key, step in newest.items()])
    locked = select(Delivery.delivery_id, *keys).where(of_steps).with_for_update(skip_locked=True)
    rows = (await session.execute(locked)).all()
    is_waiting = Delivery.next_contact_at.is_not(None)
    ids = [row.delivery_id for row in rows]
    await session.execute(update(Delivery).where(Delivery.delivery_id.in_(ids), is_waiting).values(next_contact_at=now))
    return {(row.alert_id, row.recipient, row.channel) for row in rows}
