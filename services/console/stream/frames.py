"""Encodes records for the event stream."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from services.console.hazards.revisions import Revision
from shared.events import decode, header
from shared.events.hazards import RESTRICTED_HAZARDS
from shared.messaging.records import Partition, Record

SOURCE = "/console"
REMOVED = "dayar.hazard.removed.v1"  # only in the stream; no topic has events of this type
Subject = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Frame:
    """A record as a CloudEvent in JSON.

    - `full`: the whole event
    - `hinted`: only type and time, for listeners who may not read the event
    - `removed`: only the id of a restricted hazard, for another system whose grant the hazard has left
    - `before`: the revision that this record replaces
    """

    topic: str
    partition: int
    offset: int
    data: dict[str, Any]
    full: bytes
    hinted: bytes
    removed: bytes = b""
    before: Revision | None = None

    @property
    def topic_partition(self) -> Partition:
        return self.topic, self.partition

    @property
    def subject(self) -> Subject:
        return self.topic, self.data.get("alert_id") or self.data.get("hazard_id")


def frame_of(record: Record) -> Frame:
    """Raises an error if the record breaks the contract or is on the wrong topic.

    The fields of a record decide who may see the record, so invalid fields must not pass.
    """
    decode(record.topic, record.value, record.headers)
    data = json.loads(record.value)
    about = {name: header(record.headers, f"ce_{name}") for name in ("id", "source", "type", "specversion", "time")}
    hint = {name: about[name] for name in ("type", "specversion", "time")}
    full = event(record.topic, {**about, "data": data})
    removed = _removed(about["id"], data) if record.topic == RESTRICTED_HAZARDS else b""
    return Frame(*record.topic_partition, record.offset, data, full, event(record.topic, hint), removed)


def _removed(event_id: str | None, data: dict[str, Any]) -> bytes:
    """Derives the event's id from the record's id, so that a repeated record gives the same id."""
    content = {"id": str(uuid5(NAMESPACE_OID, f"removed {event_id}")), "source": SOURCE, "type": REMOVED}
    return event(RESTRICTED_HAZARDS, {**content, "specversion": "1.0", "data": {"hazard_id": data["hazard_id"]}})


def event(topic: str, content: dict[str, Any]) -> bytes:
    return f"event: {topic}\ndata: {json.dumps(content, ensure_ascii=False, separators=(',', ':'))}\n".encode()
