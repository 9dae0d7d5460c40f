"""What was read from the log, and what became of it. Named tuples: a batch makes thousands, and they cost a third."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from shared import events
from shared.events import Event, HazardReported, Header
from shared.events.vocabulary import OutcomeKind

STAMPS: dict[str, Any] = {"received_at": True, "places_version": True, "flags": True, "uncorrected": True}
CODED: dict[str, Any] = {**STAMPS, "area": {"pcodes": True}}

Partition = tuple[str, int]  # topic (the contract's name) and number


class Record(NamedTuple):
    """As it stands on the log; `topic` is the contract's name, without the installation's prefix."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes
    value: bytes
    headers: tuple[Header, ...]

    @property
    def place(self) -> Partition:
        return self.topic, self.partition


class Received(NamedTuple):
    """A record that could be read; `digest` of the opened content tells a repeat from a conflict.

    `replaces`: the outcome event that its own takes the place of, where the record was set aside before.
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
    """A record that cannot be handled, and why, in code."""

    record: Record
    reason: str
    pointer: str = ""
    event_id: str | None = None


class Outcome(NamedTuple):
    kind: OutcomeKind
    reason: str | None = None


Reading = Received | UnreadableRecord
Handler = Callable[[Sequence[Received], AsyncSession], Awaitable[Sequence[Outcome]]]
Check = Callable[[AsyncSession], Awaitable[None]]  # in each batch's transaction, behind its fence; raises Fenced
Opener = Callable[[Record], Received]


def open_plain(record: Record) -> Received:
    """The opener of every topic whose records are not sealed."""
    event = events.decode(record.topic, record.value, record.headers)
    return Received(record, event, events.digest((said(event.data, record.value),)))


def said(data: BaseModel, value: bytes) -> bytes:
    """What the author said.

    The same report published twice differs in intake's clock, in the codes found for what is drawn where other
    boundaries were imported in between, and in whether and by how much its times were corrected; it is a repeat all the same.
    """
    if "received_at" not in type(data).model_fields:
        return value
    excluded = STAMPS
    if isinstance(data, HazardReported):
        excluded = CODED if data.area.is_drawn else STAMPS
        if data.uncorrected is not None:
            data = data.model_copy(update=data.uncorrected.given)
    return data.model_dump_json(exclude=excluded).encode()
