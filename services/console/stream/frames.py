"""Records in the form in which the stream sends them."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from services.console.hazards.revisions import Revision
from shared.events import decode, header
from shared.events.hazards import RESTRICTED_HAZARDS
from shared.messaging.records import Partition, Record

SOURCE = "/console"
REMOVED = "dayar.hazard.removed.v1"  # this event type occurs only in the stream, and on no topic
Subject = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Frame:
    """A record in the form that the stream sends: a CloudEvent in JSON.

    `full` is the whole event. `hinted` is for listeners who may not read the event, and states only its type and time.
    `removed` states only the id of a restricted hazard. Another system gets `removed` if its grant contained the
    earlier revision `before` of the hazard, but does not contain the new revision.
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
        """The topic, and the hazard or alert that the record is about."""
        return self.topic, self.data.get("alert_id") or self.data.get("hazard_id")


def frame_of(record: Record) -> Frame:
    """Makes the frame of a record. Raises if the record breaks the contract or is on the wrong topic.

    The record is validated, because its fields decide who may see it.
    """
    decode(record.topic, record.value, record.headers)
    data = json.loads(record.value)
    about = {name: header(record.headers, f"ce_{name}") for name in ("id", "source", "type", "specversion", "time")}
    hint = {name: about[name] for name in ("type", "specversion", "time")}
    full = event(record.topic, {**about, "data": data})
    removed = _removed(about["id"], data) if record.topic == RESTRICTED_HAZARDS else b""
    return Frame(*record.topic_partition, record.offset, data, full, event(record.topic, hint), removed)


def _removed(event_id: str | None, data: dict[str, Any]) -> bytes:
    """Makes the event that says that a hazard left a grant.

    The id of this event is derived from the id of the record, so that a repeated record gives the same id.
    """
    content = {"id": str(uuid5(NAMESPACE_OID, f"removed {event_id}")), "source": SOURCE, "type": REMOVED}
    return event(RESTRICTED_HAZARDS, {**content, "specversion": "1.0", "data": {"hazard_id": data["hazard_id"]}})


def event(topic: str, content: dict[str, Any]) -> bytes:
    return f"event: {topic}\ndata: {json.dumps(content, ensure_ascii=False, separators=(',', ':'))}\n".encode()
