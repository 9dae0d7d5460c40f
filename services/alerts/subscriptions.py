"""Adds, changes and removes receivers and rotates their secrets, for `dayar receiver`."""

from dataclasses import replace
from typing import Any

from sqlalchemy import any_, delete, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import secrets
from services.alerts.models import ReceiverRow
from services.alerts.queries import deliveries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers import Receiver
from services.alerts.secrets import WebhookSecrets
from shared.events.vocabulary import DeliveryChannel, Status

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


async def receiver(session: AsyncSession, label: str) -> Receiver:
    """Raises ReceiverNotFound."""
    known = {receiver.label: receiver for receiver in await receiver_queries.receivers(session)}
    if label not in known:
        raise ReceiverNotFound(label)
    return known[label]


async def put(
    session: AsyncSession, receiver: Receiver, box: WebhookSecrets, *, is_internal: bool | None = None
) -> str | None:
    """Adds or changes a receiver. Returns the secret of a new webhook, which is shown only once. The caller commits.

    If `is_internal` is None, a stored receiver stays internal or external.
    """
    if is_internal is None:
        is_internal = await _is_internal(session, receiver.label)
    receiver = receiver if is_internal is None else replace(receiver, is_internal=is_internal)
    await receiver_queries.save_receiver(session, receiver)
    if not receiver.is_internal:
        await deliveries.withhold_texts(session, receiver.label)
    if receiver.channel is not DeliveryChannel.WEBHOOK or await _secret(session, receiver.label) is not None:
        return None
    return await rotate(session, receiver.label, box)


async def rotate(session: AsyncSession, label: str, box: WebhookSecrets) -> str:
    """Sets and returns a new secret. The former secret also signs the webhooks until `retire` is called."""
    secret = secrets.draw()
    await _change(session, label, former_secret=ReceiverRow.secret, secret=box.seal(secret, label))
    return secret


async def set_internal(session: AsyncSession, label: str, *, is_internal: bool) -> None:
    """Sets whether the receiver is the centre's own. If not, it no longer gets texts that were not sent yet."""
    await _change(session, label, is_internal=is_internal)
    if not is_internal:
        await deliveries.withhold_texts(session, label)


async def retire(session: AsyncSession, label: str) -> None:
    """Deletes the former secret."""
    await _change(session, label, former_secret=None)


async def reseal(session: AsyncSession, box: WebhookSecrets) -> int:
    """Encrypts every secret with the newest key; returns the number of re-encrypted secrets. The caller commits."""
    count = 0
    for row in await session.scalars(select(ReceiverRow).order_by(ReceiverRow.label).with_for_update()):
        for column in ("secret", "former_secret"):
            was = getattr(row, column)
            if was is not None and (new := box.resealed(was, row.label)) is not None:
                setattr(row, column, new)
                count += 1
    return count


async def sealed_by(session: AsyncSession, key_id: str) -> int:
    """How many receivers have a secret that is encrypted with this key."""
    columns = (ReceiverRow.secret, ReceiverRow.former_secret)
    is_sealed_by = or_(*(func.substr(column, 1, 17) == key_id.encode() for column in columns))
    return await session.scalar(select(func.count()).select_from(ReceiverRow).where(is_sealed_by)) or 0


async def remove(session: AsyncSession, label: str) -> None:
    """Removes a receiver. The receiver's unsent deliveries fail at their next attempt and are not tried again."""
    removed = delete(ReceiverRow).where(ReceiverRow.label == label).returning(ReceiverRow.label)
    if await session.scalar(removed) is None:
        raise ReceiverNotFound(label)


async def move(session: AsyncSession, address: str, to: str) -> None:
    """Changes an address that the channel itself has replaced."""
    await session.execute(update(ReceiverRow).filter_by(address=address).values(address=to))


async def fill_exercise(session: AsyncSession) -> None:
    """If an exercise has no receivers, adds two receivers. The outbox page then shows the alerts of the exercise."""
    if not await receiver_queries.receivers(session):
        for receiver in EXERCISE:
            await receiver_queries.save_receiver(session, receiver)


async def has_internal(session: AsyncSession, status: Status) -> bool:
    """Whether the centre itself has a receiver of alerts of this status."""
    gets_status = literal(status.value) == any_(ReceiverRow.__table__.c.statuses)
    own = select(ReceiverRow.label).where(ReceiverRow.is_internal, gets_status)
    return await session.scalar(own.limit(1)) is not None


async def _is_internal(session: AsyncSession, label: str) -> bool | None:
    """None if there is no receiver of this label."""
    return await session.scalar(select(ReceiverRow.is_internal).where(ReceiverRow.label == label).with_for_update())


async def _secret(session: AsyncSession, label: str) -> bytes | None:
    return await session.scalar(select(ReceiverRow.secret).where(ReceiverRow.label == label))


async def _change(session: AsyncSession, label: str, **values: Any) -> None:
    changed = update(ReceiverRow).where(ReceiverRow.label == label).values(values).returning(ReceiverRow.label)
    if await session.scalar(changed) is None:
        raise ReceiverNotFound(label)
