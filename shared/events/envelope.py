"""CloudEvents 1.0 in Kafka's binary mode: headers, ids and encoding of records."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import ClassVar, Generic, NamedTuple, TypeVar
from uuid import UUID

from pydantic import BaseModel

from shared import tracing
from shared.events.fields import Data

NAMESPACE = UUID("7d5c1f0a-6b0e-5d4e-9a39-64617961722e")
CONTENT_TYPE = b"application/json"
_NAMESPACE = NAMESPACE.bytes
UUID_TEXT = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # a UUID in the form of RFC 9562
SCHEMA_ROOT = "urn:dayar:schema:"
REVOKED_HEADER = "dayar_revoked"  # this header says that the author's credential had been revoked when the report came
SIGNATURE = "signature"  # the last header of each record, written by `shared/messaging/signatures.py`

Header = tuple[str, bytes]


class EventData(Data):
    """The base class of event types. A subclass that declares its own `event_type` is an event type."""

    event_type: ClassVar[str]
    topic: ClassVar[str]
    other_topics: ClassVar[tuple[str, ...]] = ()  # topics of this event type in addition to `topic`
    key_field: ClassVar[str]

    @classmethod
    def topics(cls) -> tuple[str, ...]:
        return (cls.topic, *cls.other_topics)

    @property
    def own_topic(self) -> str:
        """One of `topics()`."""
        return self.topic

    @property
    def key(self) -> UUID:
        key: UUID = getattr(self, self.key_field)
        return key


def gathered(base: type[EventData] = EventData) -> dict[str, tuple[type[EventData], ...]]:
    models: dict[str, tuple[type[EventData], ...]] = {}
    for model in _subclasses(base):
        if "event_type" in vars(model):
            models[model.event_type] = (*models.get(model.event_type, ()), model)
    return models


def _subclasses(base: type[EventData]) -> Iterator[type[EventData]]:
    for model in base.__subclasses__():
        yield model
        yield from _subclasses(model)


D = TypeVar("D", bound=BaseModel)


class UnknownEventType(Exception):
    """The record's type or version is not in this release's contract."""


class MalformedEvent(Exception):
    """A required CloudEvents header is missing, or the data does not match the schema."""

    def __init__(self, pointer: str = "") -> None:
        super().__init__(pointer)
        self.pointer = pointer


class Message(NamedTuple):
    """`topic` is the name without the installation's prefix."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[Header, ...] = ()


class Event(NamedTuple, Generic[D]):
    """`id` is the canonical text of a UUID."""

    id: str
    type: str
    source: str
    time: datetime
    subject: str | None
    data: D


def event_id(event_type: str, author: UUID | str, report_id: UUID | str, version: int) -> UUID:
    """Return the id of the event. A second publication of the same report gets the same id."""
    return UUID(event_name(event_type, author, report_id, version))


def event_name(event_type: str, author: UUID | str, report_id: UUID | str, version: int) -> str:
    hasher = _hasher(f"{event_type}|{author}|").copy()
    hasher.update(f"{report_id}|{version}".encode())
    return _version_5(hasher.hexdigest())


def derived_id(*parts: object) -> UUID:
    """Return an id that depends only on the parts, for example `derived_id("hazard", source, source_id)`."""
    name = "|".join(map(str, parts))
    return UUID(_version_5(hashlib.sha1(_NAMESPACE + name.encode(), usedforsecurity=False).hexdigest()))


@lru_cache(1024)  # cached, because the names of all events of an author begin with the same text
def _hasher(start: str) -> "hashlib._Hash":
    return hashlib.sha1(_NAMESPACE + start.encode(), usedforsecurity=False)


def _version_5(drawn: str) -> str:
    """Version 5 (RFC 9562). `uuid.uuid5` would take four times as long."""
    variant = "89ab"[int(drawn[16], 16) % 4]
    return f"{drawn[:8]}-{drawn[8:12]}-5{drawn[13:16]}-{variant}{drawn[17:20]}-{drawn[20:32]}"


def message(data: EventData, *, id: UUID | str, source: str, time: datetime) -> Message:
    return raw_message(
        data.own_topic,
        str(data.key),
        data.model_dump_json(exclude_none=True).encode(),
        type=data.event_type,
        id=id,
        source=source,
        time=time,
    )


def raw_message(
    topic: str,
    key: str,
    value: bytes,
    *,
    type: str,
    id: UUID | str,
    source: str,
    time: datetime,
) -> Message:
    """A fast path for a value that is already JSON."""
    name = key.encode()
    headers = (
        ("ce_id", str(id).encode()),
        ("ce_time", written(time).encode()),
        ("ce_subject", name),
        *_constant(type, source),
    )
    if (traceparent := tracing.current()) is not None:
        headers += ((tracing.HEADER, traceparent.encode()),)
    return Message(topic, name, value, headers)


@lru_cache(1024)  # cached, because all events of a batch have the same time
def written(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()


@lru_cache(256)
def _constant(type: str, source: str) -> tuple[Header, ...]:
    return (
        ("ce_source", source.encode()),
        ("ce_type", type.encode()),
        ("ce_specversion", b"1.0"),
        ("ce_dataschema", (SCHEMA_ROOT + type).encode()),
        ("content-type", CONTENT_TYPE),
    )


def header(headers: Sequence[Header], name: str) -> str:
    return header_of(dict(headers), name)


def header_of(headers: Mapping[str, bytes], name: str) -> str:
    value = headers.get(name)
    if value is None:
        raise MalformedEvent(f"/{name}")
    return value.decode("utf-8", errors="replace")


def digest(parts: Iterable[bytes]) -> bytes:
    """Return a SHA-256 of the decrypted content.

    Two events with the same id and equal digests are a repeat. Two events with the same id and different digests are a
    conflict.
    """
    hasher = hashlib.sha256()
    for part in parts:
        hasher.update(len(part).to_bytes(8, "big"))
        hasher.update(part)
    return hasher.digest()
