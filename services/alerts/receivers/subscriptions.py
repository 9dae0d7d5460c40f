"""Adds, changes and removes receivers and their contacts. Rotates their secrets."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, any_, delete, exists, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import ContactRow, DisabledAccount, ReceiverRow, RemovedReceiver
from services.alerts.queries import contacts as contact_queries
from services.alerts.queries import deliveries, locks
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers import secrets
from services.alerts.receivers.receivers import Contact, Receiver, ReceiverKind, in_order
from services.alerts.receivers.secrets import WebhookSecrets
from shared.events.vocabulary import DeliveryChannel, Status
from shared.postgres.models import table
from shared.postgres.upsert import upsert

EXERCISE = tuple(
    Receiver(
        label,
        DeliveryChannel.EMAIL,
        f"{label}@exercise.invalid",
        statuses=frozenset({Status.EXERCISE}),
        step=step,
        is_internal=True,
    )
    for step, label in enumerate(("duty-desk", "head-of-shift"))
)


class ReceiverNotFound(Exception):
    """There is no receiver of that name."""


class NoWebhook(Exception):
    """The receiver has no webhook, and therefore no secret."""


class FormerSecretInUse(Exception):
    """A new secret was set before, and the receiving system may still check messages with the former secret."""


async def lock(session: AsyncSession) -> None:
    """Waits for other transactions that change receivers, so that the caller reads their changes."""
    await locks.lock(session, {("receivers", "")})


async def receiver(session: AsyncSession, label: str) -> Receiver:
    """Raises ReceiverNotFound."""
    known = {receiver.label: receiver for receiver in await receiver_queries.receivers(session)}
    if label not in known:
        raise ReceiverNotFound(label)
    return known[label]


async def put(
    session: AsyncSession,
    receiver: Receiver,
    box: WebhookSecrets,
    *,
    further: Sequence[Contact] | None = None,
    is_internal: bool | None = None,
) -> str | None:
    """Returns the secret of a new webhook, which is shown only once. The caller commits.

    `further` has all contacts except the first. `further` = None keeps the stored contacts. `is_internal` = None keeps
    the stored value.
    """
    known = await _known(session, receiver.label)
    if further is None:
        stored = (await contact_queries.further(session, [receiver.label])).get(receiver.label, [])
        further = [contact for contact in stored if contact.channel is not receiver.channel]
        if receiver.wait_seconds is None and known is not None:
            receiver = replace(receiver, wait_seconds=known.wait_seconds)
    first, *others = in_order([receiver.first_contact, *further])
    if is_internal is None and known is not None:
        is_internal = known.is_internal
    receiver = replace(receiver.at(first), is_internal=receiver.is_internal if is_internal is None else is_internal)
    present, former = await _webhook_secrets(session, receiver.label)
    await receiver_queries.save_receiver(session, receiver)
    await contact_queries.replace_further(session, receiver.label, others)
    if not receiver.is_internal:
        await deliveries.withhold_texts(session, receiver.label)
    if first.channel is not DeliveryChannel.WEBHOOK:
        await _change(session, receiver.label, secret=None, former_secret=None)
    if all(contact.channel is not DeliveryChannel.WEBHOOK for contact in (first, *others)):
        return None
    if present is None:
        return await _draw(session, receiver.label, box)
    await _change_webhook(session, receiver.label, secret=present, former_secret=former)
    return None


async def rotate(session: AsyncSession, label: str, box: WebhookSecrets) -> str:
    """Until `retire` is called, webhooks have signatures by both secrets.

    Raises ReceiverNotFound, NoWebhook or FormerSecretInUse.
    """
    column = ReceiverRow.__table__.c.channel
    first = await session.scalar(select(column).where(ReceiverRow.label == label))
    if first is None:
        raise ReceiverNotFound(label)
    further = await session.scalar(select(ContactRow.channel).where(*_is_webhook(label)))
    if DeliveryChannel.WEBHOOK not in (first, further):
        raise NoWebhook(label)
    _, former = await _webhook_secrets(session, label)
    if former is not None:
        raise FormerSecretInUse(label)
    return await _draw(session, label, box)


async def set_internal(session: AsyncSession, label: str, *, is_internal: bool) -> None:
    """For an external receiver, restricted texts are removed from the unsent deliveries."""
    await _change(session, label, is_internal=is_internal)
    if not is_internal:
        await deliveries.withhold_texts(session, label)


async def retire(session: AsyncSession, label: str) -> None:
    await _change_webhook(session, label, former_secret=None)


async def reseal(session: AsyncSession, box: WebhookSecrets) -> int:
    """Returns how many secrets were encrypted anew. The caller commits."""
    receivers = await session.scalars(select(ReceiverRow).order_by(ReceiverRow.label).with_for_update())
    contacts = await session.scalars(select(ContactRow).order_by(ContactRow.label).with_for_update())
    count = 0
    for row in (*receivers, *contacts):
        for column in ("secret", "former_secret"):
            was = getattr(row, column)
            if was is not None and (new := box.resealed(was, row.label)) is not None:
                setattr(row, column, new)
                count += 1
    return count


async def sealed_by(session: AsyncSession, key_id: str) -> int:
    count = 0
    for model in (ReceiverRow, ContactRow):
        columns = (model.secret, model.former_secret)
        is_sealed_by = or_(*(func.substr(column, 1, 17) == key_id.encode() for column in columns))
        count += await session.scalar(select(func.count()).select_from(model).where(is_sealed_by)) or 0
    return count


async def remove(session: AsyncSession, label: str) -> None:
    """Unsent deliveries of the receiver fail finally at their next attempt.

    If a new receiver gets this label later, it inherits no notifications.
    """
    removed = delete(ReceiverRow).where(ReceiverRow.label == label).returning(ReceiverRow.label)
    if await session.scalar(removed) is None:
        raise ReceiverNotFound(label)
    await upsert(session, RemovedReceiver, [{"label": label, "removed_at": datetime.now(UTC)}])


async def move(session: AsyncSession, address: str, to: str) -> None:
    """Stores the new address of a contact whose old address the channel has replaced."""
    for model in (ReceiverRow, ContactRow):
        await session.execute(update(model).filter_by(address=address).values(address=to))


async def fill_exercise(session: AsyncSession) -> None:
    """Without receivers, the outbox page of an exercise would show no alerts."""
    if not await receiver_queries.receivers(session):
        for receiver in EXERCISE:
            await receiver_queries.save_receiver(session, receiver)


async def has_internal(session: AsyncSession, status: Status) -> bool:
    return await _has(session, status, table(ReceiverRow).c.is_internal)


async def has_duty_head(session: AsyncSession, status: Status) -> bool:
    """Does not count duty heads whose accounts are disabled."""
    columns = table(ReceiverRow).c
    is_disabled = exists().where(DisabledAccount.account_id == columns.account_id)
    is_absent = is_disabled & (columns.kind == ReceiverKind.PERSON)
    return await _has(session, status, columns.is_duty_head & ~is_absent)


async def _has(session: AsyncSession, status: Status, is_wanted: ColumnElement[bool]) -> bool:
    gets_status = literal(status.value) == any_(table(ReceiverRow).c.statuses)
    wanted = select(ReceiverRow.label).where(is_wanted, gets_status)
    return await session.scalar(wanted.limit(1)) is not None


async def _draw(session: AsyncSession, label: str, box: WebhookSecrets) -> str:
    secret = secrets.draw()
    present, _ = await _webhook_secrets(session, label)
    await _change_webhook(session, label, former_secret=present, secret=box.seal(secret, label))
    return secret


async def _known(session: AsyncSession, label: str) -> ReceiverRow | None:
    return await session.scalar(select(ReceiverRow).where(ReceiverRow.label == label).with_for_update())


async def _webhook_secrets(session: AsyncSession, label: str) -> tuple[bytes | None, bytes | None]:
    """A receiver's webhook is its first contact or a further contact."""
    further = select(ContactRow.secret, ContactRow.former_secret).where(*_is_webhook(label))
    first = select(ReceiverRow.secret, ReceiverRow.former_secret).where(ReceiverRow.label == label)
    row = (await session.execute(further)).first() or (await session.execute(first)).first()
    return (None, None) if row is None else (row[0], row[1])


async def _change_webhook(session: AsyncSession, label: str, **values: Any) -> None:
    changed = update(ContactRow).where(*_is_webhook(label)).values(values).returning(ContactRow.label)
    if await session.scalar(changed) is None:
        await _change(session, label, **values)


def _is_webhook(label: str) -> tuple[ColumnElement[bool], ...]:
    return ContactRow.label == label, ContactRow.channel == DeliveryChannel.WEBHOOK


async def _change(session: AsyncSession, label: str, **values: Any) -> None:
    changed = update(ReceiverRow).where(ReceiverRow.label == label).values(values).returning(ReceiverRow.label)
    if await session.scalar(changed) is None:
        raise ReceiverNotFound(label)
