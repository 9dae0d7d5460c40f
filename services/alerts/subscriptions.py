"""Receivers put on the list, given another secret, and taken off: what `dayar receiver` does."""

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
    """Adds or changes a receiver; the secret of a new webhook is returned, and shown this once. The caller commits."""
    await queries.save_receiver(session, receiver)
    if receiver.channel is not DeliveryChannel.WEBHOOK or await _secret(session, receiver.label) is not None:
        return None
    return await rotate(session, receiver.label, box)


async def rotate(session: AsyncSession, label: str, box: WebhookSecrets) -> str:
    """A new secret; the old one signs too until `retire`."""
    secret = secrets.draw()
    await _change(session, label, "former_secret = secret, secret = $2", box.seal(secret, label))
    return secret


async def retire(session: AsyncSession, label: str) -> None:
    """The former secret signs no more."""
    await _change(session, label, "former_secret = NULL")


async def reseal(session: AsyncSession, box: WebhookSecrets) -> int:
    """Brings every secret under the newest key; returns how many were not. The caller commits."""
    connection, count = await database.driver(session), 0
    for row in await connection.fetch("SELECT label, secret, former_secret FROM receivers ORDER BY label FOR UPDATE"):
        for column in ("secret", "former_secret"):
            if row[column] is not None and (new := box.resealed(row[column], row["label"])) is not None:
                await _change(session, row["label"], f"{column} = $2", new)
                count += 1
    return count


async def sealed_by(session: AsyncSession, key_id: str) -> int:
    """How many receivers this key still seals a secret of."""
    connection = await database.driver(session)
    query = "SELECT count(*) FROM receivers WHERE substr(secret, 1, 17) = $1 OR substr(former_secret, 1, 17) = $1"
    return int(await connection.fetchval(query, key_id.encode()))


async def remove(session: AsyncSession, label: str) -> None:
    """What is still to be told it is given up at the next attempt."""
    connection = await database.driver(session)
    if await connection.execute("DELETE FROM receivers WHERE label = $1", label) == "DELETE 0":
        raise ReceiverNotFound(label)


async def fill_exercise(session: AsyncSession) -> None:
    """An exercise has somebody to tell from its first alert on: on the outbox page, as nothing else is configured."""
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
