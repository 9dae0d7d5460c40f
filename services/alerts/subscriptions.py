"""Adds, changes and removes receivers and rotates their secrets, for `dayar receiver`."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import queries, secrets
from services.alerts.receivers import Receiver
from services.alerts.secrets import WebhookSecrets
from shared.events.vocabulary import DeliveryChannel, Status
from shared.postgres import database

EXERCISE = tuple(
    Receiver(
        label, DeliveryChannel.EMAIL, f"{label}@exercise.invalid", statuses=frozenset({Status.EXERCISE}), step=step
    )
    for step, label in enumerate(("duty-desk", "head-of-shift"))
)


class ReceiverNotFound(Exception):
    """There is no receiver of that name."""


async def put(session: AsyncSession, receiver: Receiver, box: WebhookSecrets) -> str | None:
    """Adds or changes a receiver; returns the secret of a new webhook, to be shown once. The caller commits."""
    await queries.save_receiver(session, receiver)
    if receiver.channel is not DeliveryChannel.WEBHOOK or await _secret(session, receiver.label) is not None:
        return None
    return await rotate(session, receiver.label, box)


async def rotate(session: AsyncSession, label: str, box: WebhookSecrets) -> str:
    """Sets and returns a new secret; the former one signs too until `retire`."""
    secret = secrets.draw()
    await _change(session, label, "former_secret = secret, secret = $2", box.seal(secret, label))
    return secret


async def retire(session: AsyncSession, label: str) -> None:
    """Deletes the former secret."""
    await _change(session, label, "former_secret = NULL")


async def reseal(session: AsyncSession, box: WebhookSecrets) -> int:
    """Encrypts every secret with the newest key; returns how many needed it. The caller commits."""
    connection, count = await database.driver(session), 0
    for row in await connection.fetch("SELECT label, secret, former_secret FROM receivers ORDER BY label FOR UPDATE"):
        for column in ("secret", "former_secret"):
            if row[column] is not None and (new := box.resealed(row[column], row["label"])) is not None:
                await _change(session, row["label"], f"{column} = $2", new)
                count += 1
    return count


async def sealed_by(session: AsyncSession, key_id: str) -> int:
    """How many receivers have a secret that is encrypted with this key."""
    connection = await database.driver(session)
    query = "SELECT count(*) FROM receivers WHERE substr(secret, 1, 17) = $1 OR substr(former_secret, 1, 17) = $1"
    return int(await connection.fetchval(query, key_id.encode()))


async def remove(session: AsyncSession, label: str) -> None:
    """Removes a receiver. Its open deliveries are given up at their next attempt."""
    connection = await database.driver(session)
    if await connection.execute("DELETE FROM receivers WHERE label = $1", label) == "DELETE 0":
        raise ReceiverNotFound(label)


async def fill_exercise(session: AsyncSession) -> None:
    """Adds two receivers to an exercise that has none, so that its alerts appear on the outbox page."""
    if not await queries.receivers(session):
        for receiver in EXERCISE:
            await queries.save_receiver(session, receiver)


async def _secret(session: AsyncSession, label: str) -> bytes | None:
    connection = await database.driver(session)
    secret: bytes | None = await connection.fetchval("SELECT secret FROM receivers WHERE label = $1", label)
    return secret


async def _change(session: AsyncSession, label: str, change: str, *values: bytes) -> None:
    connection = await database.driver(session)
    statement = f"UPDATE receivers SET {change} WHERE label = $1"  # noqa: S608 - the three changes above
    if await connection.execute(statement, label, *values) == "UPDATE 0":
        raise ReceiverNotFound(label)
