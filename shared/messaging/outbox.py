"""Stores events in the transaction that caused them. A relay sends each event at least once, in order per key."""

import asyncio
import json
import time
from collections.abc import Iterable, Sequence

import asyncpg
from pydantic_core import PydanticSerializationError, to_json
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared import log
from shared.config import Settings
from shared.events import Message
from shared.failures import Backoff, is_dependency_unavailable
from shared.messaging.models import OutboxEvent
from shared.messaging.publisher import BrokerAway, Publisher
from shared.postgres import bulk_copy, database, notify
from shared.postgres.bulk_copy import Copy

COLUMNS = bulk_copy.columns(OutboxEvent)
AT_ONCE = 500
# shorter than the 5 s after which PostgreSQL ends an idle transaction
ACK_SECONDS = 4.0
LINGER_SECONDS = 0.02  # The relay sends events of several transactions together if they commit within this time.
# After a send of less than AT_ONCE events, the relay pauses, because each send costs CPU time.
BUSY_SECONDS = 0.2
# The relay also polls the outbox at this interval, because it misses NOTIFY messages while it reconnects.
IDLE_SECONDS = 5.0

ANY_BYTES = "surrogateescape"

Row = tuple[str, bytes | None, bytes, bytes]

# raw SQL: because the parameters are arrays, each batch needs only one statement
INSERT = """
INSERT INTO outbox (topic, key, value, headers)
SELECT topic, key, value, headers
FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::bytea[])
    WITH ORDINALITY AS row (topic, key, value, headers, place)
ORDER BY place
"""
# raw SQL: these statements run for every event and must be fast
ALONE = "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.outbox'))"
OLDEST = "SELECT id, topic, key, value, headers FROM outbox ORDER BY id LIMIT $1"
SENT = "DELETE FROM outbox WHERE id = ANY($1::bigint[])"


async def add(session: AsyncSession, *messages: Message) -> None:
    """The caller commits.

    The caller also holds locks, so that concurrent transactions add the messages of one key in the right order.
    """
    if messages:
        await insert(await database.driver(session), messages)


async def insert(connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
    """`messages` must not be empty."""
    await connection.execute(INSERT, *zip(*map(row, messages), strict=True))


def copied(messages: Iterable[Message]) -> Copy:
    return Copy("outbox", COLUMNS, map(row, messages))


def row(message: Message) -> Row:
    return message.topic, message.key or None, message.value, _packed(message)


class Relay:
    """Only one relay works at a time, because two relays would break the order."""

    def __init__(self, settings: Settings, engine: AsyncEngine) -> None:
        self._settings = settings
        self._engine = engine
        self._woken = asyncio.Event()
        self._sent_at = -BUSY_SECONDS

    async def run(self) -> None:
        async with Publisher(self._settings) as publisher, asyncio.TaskGroup() as group:
            group.create_task(notify.listen(self._engine, f"{self._settings.service}_outbox", self._woken))
            await self._relay(publisher)

    async def _relay(self, publisher: Publisher) -> None:
        backoff = Backoff()
        while True:
            self._woken.clear()
            try:
                while await self._send_oldest(publisher) == AT_ONCE:
                    pass
                backoff.reset()
                await notify.wait(self._woken, IDLE_SECONDS)
                await self._gather()
            except BrokerAway:
                # The broker can still receive the events after a timeout. The flush waits until the broker has
                # answered. A retry before the answer could send events twice.
                await publisher.flush()
            except Exception as error:
                if not is_dependency_unavailable(error):
                    raise
                log.get().warning("relay waiting for dependency", **log.described(error))
                await backoff.wait()

    async def _gather(self) -> None:
        """Wait for more events. The wait limits the relay to one send in BUSY_SECONDS."""
        next_at = self._sent_at + BUSY_SECONDS
        await asyncio.sleep(max(LINGER_SECONDS, next_at - time.monotonic()))

    async def _send_oldest(self, publisher: Publisher) -> int:
        """Send the oldest rows, and delete them after the ack, so that each row is sent at least once."""
        async with database.transaction(self._engine) as connection:
            if not await connection.fetchval(ALONE):
                return 0
            oldest = await connection.fetch(OLDEST, AT_ONCE)
            if oldest:
                await publisher.publish_all([_message(row) for row in oldest], timeout=ACK_SECONDS)
                await connection.execute(SENT, [row["id"] for row in oldest])
                self._sent_at = time.monotonic()
            return len(oldest)


def _packed(message: Message) -> bytes:
    """Return the headers as JSON.

    Headers of dead letters can contain bytes that are not UTF-8; JSON stores these bytes as lone surrogates.
    """
    try:
        return to_json(message.headers)
    except PydanticSerializationError:
        return json.dumps([(name, value.decode(errors=ANY_BYTES)) for name, value in message.headers]).encode()


def _message(row: asyncpg.Record) -> Message:
    headers = tuple((name, value.encode(errors=ANY_BYTES)) for name, value in json.loads(row["headers"]))
    return Message(row["topic"], row["key"] or b"", row["value"], headers)
