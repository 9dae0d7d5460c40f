"""Redrives or refuses dead letters, as a person decided.

In a redrive, the service that set the record aside handles the original record. A refusal removes the dead letter from
the list, and tells the report's author the reason.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Exists, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from shared.config import Settings
from shared.crypto.keyring import UnknownKey
from shared.crypto.seal import Opener, decode
from shared.events import TOPICS, Header, Message, SealedBox, derived_id, message
from shared.events.envelope import SIGNATURE
from shared.events.vocabulary import OutcomeKind
from shared.failures import DependencyUnavailable, SetAside
from shared.messaging import kafka, outbox
from shared.messaging.consumer import Consumer
from shared.messaging.dead_letters import DEAD_SIGNATURE, UNPROVEN, dead_aad, outcome_of, set_aside_id
from shared.messaging.decisions import Decisions, Execution, answer
from shared.messaging.models import DeadLetterRow, OfLetter, OutboxEvent, Redrive
from shared.messaging.records import Received, Record, UnreadableRecord
from shared.messaging.signatures import UNKNOWN_KEY, RecordVerifier
from shared.postgres import database

SEARCH_SECONDS = 60
WHY = ("dead_reason", "dead_pointer", "dead_service", "dead_topic", "dead_partition", "dead_offset", "dead_sealed")
# A record with one of these reasons has no published outcome that a redrive could replace.
UNREADABLE = ("malformed", "unknown_type", *UNPROVEN)


class Redrives:
    """Only the registry has `keys`, which decrypt dead letters that were sealed whole."""

    def __init__(
        self, service: str, consumers: Sequence[Consumer], *, settings: Settings, keys: Opener | None = None
    ) -> None:
        self.service = service
        self._consumers = {topic: consumer for consumer in consumers for topic in consumer.topics}
        self._settings = settings
        self._verifier = RecordVerifier(settings)
        self.keys = keys

    def decisions(self, engine: AsyncEngine) -> Decisions[Redrive]:
        return Decisions(self.service, Redrive, engine, partial(self._prepare, database.sessions(engine)))

    async def _prepare(self, sessions: async_sessionmaker[AsyncSession], redrive: Redrive) -> Execution:
        row, record = await self.row_and_record(sessions, redrive)
        if row is not None and redrive.refusal is not None:
            return partial(self._refuse, redrive, record, row.written)
        if row is None or record is None:
            return answer("not_found")
        if reason := self._unproven(record):
            return answer(reason)
        reading = await self._consumers[redrive.topic].open(record)
        if isinstance(reading, UnreadableRecord):
            return answer(reading.reason)
        return partial(self._handle, reading, row.written)

    async def row_and_record(
        self, sessions: async_sessionmaker[AsyncSession], letter: OfLetter
    ) -> tuple[DeadLetterRow | None, Record | None]:
        """The row is None if the dead letter is no longer listed.

        The record is None if Kafka no longer has the record.
        """
        async with sessions() as session:
            row = await session.get(DeadLetterRow, (letter.topic, letter.partition, letter.offset))
            # Look into the outbox before the search in Kafka. If the relay published the letter during the search, the
            # search could miss the letter, and the outbox would be empty afterwards.
            is_waiting = await session.scalar(select(in_outbox(TOPICS[letter.topic].dead(self.service))))
        record = None if row is None else await self._original(letter, row)
        if row is not None and record is None and is_waiting:
            raise DependencyUnavailable("the outbox has not published its dead letters yet")
        return row, record

    async def _refuse(self, redrive: Redrive, record: Record | None, written: int, session: AsyncSession) -> str:
        """Deletes the row. If Kafka still has the record and its signature is valid, the author gets an outcome."""
        letter = {"topic": redrive.topic, "partition": redrive.partition, "offset": redrive.offset}
        reason = await session.scalar(delete(DeadLetterRow).filter_by(**letter).returning(DeadLetterRow.reason))
        if reason is None:
            return "not_found"
        if record is not None and self._unproven(record) is None:
            is_told, refusal = reason not in UNREADABLE, redrive.refusal or ""
            await outbox.add(session, *self._outcomes(record._replace(offset=written), refusal, is_told=is_told))
        return OutcomeKind.REJECTED

    def _outcomes(self, record: Record, refusal: str, *, is_told: bool) -> list[Message]:
        """`is_told` says whether the outcome `set_aside` was published."""
        settled = outcome_of(self.service, record, OutcomeKind.REJECTED, refusal)
        if settled is None:
            return []
        event_id, data = settled
        replaced = set_aside_id(self.service, event_id, record)
        outcome = data.model_copy(update={"replaces": replaced if is_told else None})
        id = derived_id("refused_letter", replaced)
        return [message(outcome, id=id, source=f"/{self.service}", time=datetime.now(UTC))]

    async def _handle(self, received: Received, written: int, session: AsyncSession) -> str:
        """The transaction that handles the record also deletes the row.

        Because the row is deleted, a concurrent second redrive does nothing.
        """
        record = received.record
        letter = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        reason = await session.scalar(delete(DeadLetterRow).filter_by(**letter).returning(DeadLetterRow.reason))
        if reason is None:
            return "not_found"
        if self.service in TOPICS[record.topic].owes_outcome and reason not in UNREADABLE:
            replaced = set_aside_id(self.service, received.event.id, record._replace(offset=written))
            received = received._replace(replaces=str(replaced))
        outcome = await self._consumers[record.topic].handle(received, session)
        if outcome.kind is OutcomeKind.SET_ASIDE:
            raise SetAside(outcome.reason or "")
        return outcome.kind

    async def _original(self, letter: OfLetter, row: DeadLetterRow) -> Record | None:
        """Return the record with its original bytes and headers."""
        async with asyncio.timeout(SEARCH_SECONDS):
            return chosen([record async for record in self._named(letter, row.written)], row)

    async def _named(self, wanted: OfLetter, written: int) -> AsyncIterator[Record]:
        """Yields the dead letters of this position.

        After a restore, an old and a new letter can have the same position.
        """
        place = (wanted.topic, str(wanted.partition), str(written))
        topic = TOPICS[wanted.topic].dead(self.service)
        async with kafka.log_reader(self._settings, [topic]) as reader:
            async for letter in reader.records():
                if self._unproven(letter):
                    # Skip forged letters: an attacker with the service's broker login can write to the topic of dead
                    # letters.
                    continue
                # A name can occur twice. The dictionary keeps the last header, which the service itself appended.
                why = {name: value.decode() for name, value in letter.headers if name in WHY}
                if (why["dead_topic"], why["dead_partition"], why["dead_offset"]) == place:
                    yield self._restored(letter, wanted, written, is_sealed="dead_sealed" in why)

    def _unproven(self, record: Record) -> str | None:
        """Return the reason why the signature is not proven, or None.

        A signature with an unknown key counts as not proven; this function does not wait for the key.
        """
        try:
            self._verifier.verify(record)
        except SetAside as error:
            return error.reason
        except UnknownKey:
            return UNKNOWN_KEY
        return None

    def _restored(self, letter: Record, wanted: OfLetter, written: int, *, is_sealed: bool) -> Record:
        key, value, headers = letter.key, letter.value, without_why(letter.headers)
        if is_sealed and self.keys is not None:
            box = SealedBox.model_validate_json(letter.value)
            aad = dead_aad(box.kid, wanted.topic, wanted.partition, written)
            plain = json.loads(self.keys.open(box, aad))
            key, value = decode(plain["key"]), decode(plain["value"])
            headers = tuple((name, decode(header)) for name, header in plain["headers"])
        return Record(wanted.topic, wanted.partition, wanted.offset, letter.timestamp_ms, key, value, headers)


def in_outbox(topic: str) -> Exists:
    return exists().where(OutboxEvent.topic == topic)


def chosen(records: Sequence[Record], row: DeadLetterRow) -> Record | None:
    """Choose the record that belongs to this row.

    Records of an old and of the current Kafka log can have the same offset. If the row has an event id, only records
    with this id are considered. After a restore, the record closest in time to the row is chosen. Without a restore,
    the latest record is chosen, because only the latest is from the current log.
    """
    if row.event_id is not None:
        records = [record for record in records if dict(record.headers).get("ce_id") == str(row.event_id).encode()]
    if not row.is_restored:
        return max(records, key=lambda record: record.timestamp_ms, default=None)
    set_aside_ms = row.set_aside_at.timestamp() * 1000
    return min(records, key=lambda record: abs(record.timestamp_ms - set_aside_ms), default=None)


def without_why(headers: tuple[Header, ...]) -> tuple[Header, ...]:
    """Return the original headers. The service appended its own headers when it set the record aside."""
    first = max(number for number, (name, _) in enumerate(headers) if name == WHY[0])
    return tuple((SIGNATURE, value) if name == DEAD_SIGNATURE else (name, value) for name, value in headers[:first])
