"""Records from Kafka and their outcomes.

Records are named tuples for speed, because a batch has thousands of records.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from shared import events
from shared.events import Event, HazardReported, Header
from shared.events.vocabulary import OutcomeKind

STAMPS: dict[str, Any] = {
    "received_at": True,
    "places_version": True,
    "flags": True,
    "uncorrected": True,
    "registrar_areas": True,
}
CODED: dict[str, Any] = {**STAMPS, "area": {"pcodes": True}}

Partition = tuple[str, int]  # the topic without the installation's prefix, and the number of the partition


class Record(NamedTuple):
    """`topic` is the name without the installation's prefix."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes
    value: bytes
    headers: tuple[Header, ...]

    @property
    def topic_partition(self) -> Partition:
        return self.topic, self.partition


class Received(NamedTuple):
    """Two events with the same id are a repeat if their `digest` is equal, else a conflict.

    The digest is computed from the decrypted content. In a redrive, the new outcome replaces the outcome with the id
    `replaces`.
    """

    record: Record
    event: Event[Any]
    digest: bytes
    opened: Any = None
    replaces: str | None = None

    @property
    def event_id(self) -> str:
        return self.event.id


class UnreadableRecord(NamedTuple):
    record: Record
    reason: str
    pointer: str = ""
    event_id: str | None = None


class Outcome(NamedTuple):
    kind: OutcomeKind
    reason: str | None = None


Reading = Received | UnreadableRecord
Handler = Callable[[Sequence[Received], AsyncSession], Awaitable[Sequence[Outcome]]]
# The consumer calls the check in each transaction, after the fence. A check may raise Fenced.
Check = Callable[[AsyncSession], Awaitable[None]]
Opener = Callable[[Record], Received]


def open_plain(record: Record) -> Received:
    """Decode a record without sealed fields."""
    event = events.decode(record.topic, record.value, record.headers)
    return Received(record, event, events.digest((authored_content(event.data, record.value),)))


def authored_content(data: BaseModel, value: bytes) -> bytes:
    """Return the content without the fields that intake sets.

    Two copies of one report can differ in the fields that intake sets. Fields that intake sets are, for example,
    `received_at`, corrected times, and the P-codes of a drawn area.
    """
    if "received_at" not in type(data).model_fields:
        return value
    excluded = STAMPS
    if isinstance(data, HazardReported):
        excluded = CODED if data.area.is_drawn else STAMPS
        if data.uncorrected is not None:
            data = data.model_copy(update=data.uncorrected.original)
    return data.model_dump_json(exclude=excluded).encode()
