"""CloudEvents 1.0 in Kafka's binary mode: what stands around an event's data, and the way to and from a record."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import ClassVar, Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

NAMESPACE = UUID("7d5c1f0a-6b0e-5d4e-9a39-64617961722e")
CONTENT_TYPE = b"application/json"
_NAMESPACE = NAMESPACE.bytes
UUID_TEXT = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # as RFC 9562 writes it
SCHEMA_ROOT = "urn:dayar:schema:"
REVOKED_HEADER = "dayar_revoked"  # on a report of a credential that was revoked before it came
SIGNATURE = "signature"  # the last header of each record, see `shared/messaging/signatures.py`

Header = tuple[str, bytes]


class EventData(Protocol):
    event_type: ClassVar[str]
    topic: ClassVar[str]

    @property
    def key(self) -> UUID: ...

    def model_dump_json(self, *, exclude_none: bool = ...) -> str: ...


D = TypeVar("D", bound=BaseModel)


class UnknownEventType(Exception):
    """The record's type or version is not in this release's contract."""


class MalformedEvent(Exception):
    """The record lacks what CloudEvents requires, or its data does not fit the schema."""

    def __init__(self, pointer: str = "") -> None:
        super().__init__(pointer)
        self.pointer = pointer


class Message(NamedTuple):
    """A record ready for the wire; `topic` is the contract's name, without the installation's prefix."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[Header, ...] = ()


class Event(NamedTuple, Generic[D]):
    """One event as it was read; `id` in a UUID's canonical text, as it goes into seals, keys and rows."""

    id: str
    type: str
    source: str
    time: datetime
    subject: str | None
    data: D


def event_id(event_type: str, author: UUID | str, report_id: UUID | str, version: int) -> UUID:
    """The same report is the same event however often it is published."""
    return UUID(event_name(event_type, author, report_id, version))


def event_name(event_type: str, author: UUID | str, report_id: UUID | str, version: int) -> str:
    """`event_id` as text."""
    hasher = _hasher(f"{event_type}|{author}|").copy()
    hasher.update(f"{report_id}|{version}".encode())
    return _version_5(hasher.hexdigest())


def derived_id(*parts: object) -> UUID:
    """A stable id from what identifies the thing: `derived_id("hazard", source, source_id)`."""
    name = "|".join(str(part) for part in parts)
    return UUID(_version_5(hashlib.sha1(_NAMESPACE + name.encode(), usedforsecurity=False).hexdigest()))


@lru_cache(1024)  # an author's reports begin with the same
def _hasher(start: str) -> "hashlib._Hash":
    return hashlib.sha1(_NAMESPACE + start.encode(), usedforsecurity=False)


def _version_5(drawn: str) -> str:
    """RFC 9562's version 5 as text, which `uuid.uuid5` takes four times as long to make and write."""
    variant = "89ab"[int(drawn[16], 16) % 4]
    return f"{drawn[:8]}-{drawn[8:12]}-5{drawn[13:16]}-{variant}{drawn[17:20]}-{drawn[20:32]}"


def message(data: EventData, *, id: UUID | str, source: str, time: datetime, traceparent: str | None = None) -> Message:
    return raw_message(
        data.topic,
        str(data.key),
        data.model_dump_json(exclude_none=True).encode(),
        type=data.event_type,
        id=id,
        source=source,
        time=time,
        traceparent=traceparent,
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
    traceparent: str | None = None,
) -> Message:
    """`message` for a value that is already JSON: the hot path writes its own."""
    name = key.encode()
    headers = (
        ("ce_id", str(id).encode()),
        ("ce_time", written(time).encode()),
        ("ce_subject", name),
        *_constant(type, source),
    )
    if traceparent is not None:
        headers += (("traceparent", traceparent.encode()),)
    return Message(topic, name, value, headers)


@lru_cache(1024)  # a batch is told at one instant, a report twice
def written(time: datetime) -> str:
    """As events write an instant."""
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
    """What tells a repeat (equal) from a conflict (not): SHA-256 over the opened content."""
    hasher = hashlib.sha256()
    for part in parts:
        hasher.update(len(part).to_bytes(8, "big"))
        hasher.update(part)
    return hasher.digest()
