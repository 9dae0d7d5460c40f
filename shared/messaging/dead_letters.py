"""Dead letters are records that could not be handled, stored whole and with the reason.

Lists of dead letters never show the records themselves.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import events
from shared.crypto.seal import Sealer, encode
from shared.events import (
    EVENT_TYPES,
    TOPICS,
    Header,
    MalformedEvent,
    Message,
    ReportSettled,
    UnknownEventType,
    derived_id,
    message,
)
from shared.events.displacements import ReportClear
from shared.events.envelope import SCHEMA_ROOT, SIGNATURE, UUID_TEXT
from shared.events.hazards import HazardFields
from shared.events.topics import SERVICES
from shared.events.vocabulary import OutcomeKind, ReportKind
from shared.messaging import outbox
from shared.messaging.models import DeadLetterRow
from shared.messaging.records import Record, UnreadableRecord
from shared.messaging.signatures import UNKNOWN_KEY

DEAD_SIGNATURE = f"dead_{SIGNATURE}"
# A record that is set aside for one of these reasons may come from an attacker. For a record that may be forged, the
# service publishes no outcome.
UNPROVEN = ("signature_mismatch", UNKNOWN_KEY)

OWN_HEADERS = {
    "ce_id": UUID_TEXT,
    "ce_source": re.compile("|".join(f"/{service}" for service in SERVICES).encode()),
    "ce_type": re.compile("|".join(map(re.escape, EVENT_TYPES)).encode()),
    "ce_specversion": re.compile(rb"1\.0"),
    "ce_time": re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}(Z|[+-][0-9]{2}:[0-9]{2})"),
    "ce_subject": UUID_TEXT,
    "ce_dataschema": re.compile("|".join(re.escape(SCHEMA_ROOT + name) for name in EVENT_TYPES).encode()),
    "content-type": re.compile(rb"application/json"),
    SIGNATURE: re.compile(rb"[0-9a-f]{8}-[0-9a-f]{8}:[A-Za-z0-9_-]{43}"),
    "traceparent": re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"),
}


class DeadLetters:
    """With a `sealer`, the whole record is encrypted if it may contain personal data (see `is_clear`)."""

    def __init__(self, service: str, sealer: Sealer | None) -> None:
        self._service = service
        self._sealer = sealer

    async def keep(self, session: AsyncSession, refused: Sequence[UnreadableRecord]) -> None:
        """Stores the dead letters and their outcomes in the batch's transaction."""
        if not refused:
            return
        await session.execute(insert(DeadLetterRow), list(map(_row, refused)))
        outcomes = filter(None, map(self.outcome, refused))
        await outbox.add(session, *map(self.letter, refused), *outcomes)

    def outcome(self, refused: UnreadableRecord) -> Message | None:
        """Returns the outcome that the report's author reads.

        Returns None if the record may be forged, is unreadable or is no report, or if another service publishes the
        outcomes of the topic.
        """
        record = refused.record
        if refused.reason in UNPROVEN:
            return None
        settled = outcome_of(self._service, record, OutcomeKind.SET_ASIDE, refused.reason)
        if settled is None:
            return None
        event_id, data = settled
        id = set_aside_id(self._service, event_id, record)
        return message(data, id=id, source=f"/{self._service}", time=datetime.now(UTC))

    def letter(self, refused: UnreadableRecord) -> Message:
        record = refused.record
        topic = TOPICS[record.topic].dead(self._service)
        why = self._why(refused)
        if self._sealer is None or is_clear(record):
            return Message(topic, record.key, record.value, (*map(kept, record.headers), *why))
        return Message(topic, b"", self._sealed(record, self._sealer), (*why, ("dead_sealed", b"1")))

    def _why(self, refused: UnreadableRecord) -> tuple[tuple[str, bytes], ...]:
        record = refused.record
        return (
            ("dead_reason", refused.reason.encode()),
            ("dead_pointer", refused.pointer.encode()),
            ("dead_service", self._service.encode()),
            ("dead_topic", record.topic.encode()),
            ("dead_partition", str(record.partition).encode()),
            ("dead_offset", str(record.offset).encode()),
        )

    def _sealed(self, record: Record, sealer: Sealer) -> bytes:
        plain = {
            "key": encode(record.key),
            "value": encode(record.value),
            "headers": [(name, encode(value)) for name, value in record.headers],
        }
        aad = dead_aad(sealer.kid, record.topic, record.partition, record.offset)
        return sealer.seal(json.dumps(plain).encode(), aad).model_dump_json().encode()


def outcome_of(service: str, record: Record, outcome: OutcomeKind, reason: str) -> tuple[str, ReportSettled] | None:
    """Returns the event id of the record, and the outcome that the report's author reads.

    Returns None if the record is unreadable or no report, or if another service publishes the outcomes of the topic.
    """
    if service not in TOPICS[record.topic].owes_outcome:
        return None
    try:
        event = events.decode(record.topic, record.value, record.headers)
    except (UnknownEventType, MalformedEvent):
        return None
    if not isinstance(event.data, (HazardFields, ReportClear)):
        return None  # only reports have an author who waits for an outcome
    data = ReportSettled(
        report_id=event.data.report_id,
        version=event.data.version,
        status=event.data.status,
        kind=getattr(event.data, "kind", ReportKind.HAZARD),
        author=getattr(event.data, "author", None),
        consumer=service,
        outcome=outcome,
        reason=reason,
    )
    return event.id, data


def set_aside_id(service: str, event_id: str, record: Record) -> UUID:
    """Return the id of the outcome SET_ASIDE.

    After a redrive, the new outcome names the replaced outcome by this id.
    """
    return derived_id("set_aside", service, event_id, record.partition, record.offset)


def kept(header: Header) -> Header:
    """The header `signature` is renamed, because the dead letter has its own signature."""
    name, value = header
    return (DEAD_SIGNATURE, value) if name == SIGNATURE else header


def dead_aad(kid: str, topic: str, partition: int, offset: int) -> bytes:
    return f'["dayar/dead/v1","{kid}","{topic}",{partition},{offset}]'.encode()


def is_clear(record: Record) -> bool:
    """Return True if the contract defines each header and field of the record, and each value is valid.

    A record that the contract does not define may contain personal data.
    """
    models = EVENT_TYPES.get(dict(record.headers).get("ce_type", b"").decode("latin-1"), ())
    return (
        UUID_TEXT.fullmatch(record.key) is not None
        and all(name in OWN_HEADERS and OWN_HEADERS[name].fullmatch(value) for name, value in record.headers)
        and any(_fits(model, record.value) for model in models)
    )


def _fits(model: type[BaseModel], value: bytes) -> bool:
    try:
        parsed = model.model_validate_json(value)
        return _adds_nothing(parsed, json.loads(value, object_pairs_hook=_named_once))
    except ValueError:
        return False


def _named_once(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raises ValueError if a JSON object has the same name twice.

    A parser keeps only the last value, so the first value would be stored unchecked.
    """
    content = dict(fields)
    if len(content) < len(fields):
        raise ValueError("duplicate name")
    return content


def _adds_nothing(parsed: BaseModel, content: dict[str, Any]) -> bool:
    """Return False if the record has a field that the event model does not define.

    Event models ignore unknown fields, and unknown fields may contain personal data.
    """
    return all(
        name in type(parsed).model_fields
        and (not isinstance(inner := getattr(parsed, name), BaseModel) or _adds_nothing(inner, content[name]))
        for name in content
    )


def _row(refused: UnreadableRecord) -> dict[str, Any]:
    record = refused.record
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "event_id": UUID(refused.event_id) if refused.event_id else None,
        "reason": refused.reason,
        "pointer": refused.pointer,
    }
