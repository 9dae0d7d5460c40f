"""From the sealed record to what it says; runs ahead of the batch being written, and knows nothing of what is known."""

from typing import Any, NamedTuple

from pydantic import TypeAdapter
from pydantic_core import from_json

from services.registry.reports import Content
from shared import events, seal
from shared.events import Event, GroupReported, HouseholdReported, SealedBox
from shared.events.displacements import GroupClear, HouseholdClear
from shared.faults import PartAtFault, SetAside
from shared.readings import Received, Record

# An event written as its clear half: what the report says, without intake's stamps.
TEXT_OF = {
    "household": TypeAdapter(HouseholdClear).serializer.to_json,
    "group": TypeAdapter(GroupClear).serializer.to_json,
}


class Opened(NamedTuple):
    """`text` is what the report says in clear, canonical JSON without intake's stamps; `plain` what came sealed."""

    report_id: str
    subject_id: str
    author: str
    sealed: Content
    text: str
    plain: bytes


class ReportOpener:
    """An opener for `shared.consumer`: raises SetAside for what can never be opened, PartAtFault for a key not here yet."""

    def __init__(self, keys: seal.Opener) -> None:
        self._keys = keys

    def __call__(self, record: Record) -> Received:
        event = events.decode(record.value, record.headers)
        reported: HouseholdReported | GroupReported = event.data
        ids = str(reported.report_id), str(reported.key), str(reported.author)
        plain = self._open(reported.sealed, event, *ids)
        text = TEXT_OF[reported.kind](reported, exclude_defaults=True)
        return Received(record, event, events.digest((text, plain)), Opened(*ids, read(plain), text.decode(), plain))

    def _open(self, box: SealedBox, event: Event[Any], report_id: str, subject_id: str, author: str) -> bytes:
        aad = seal.report_aad(
            kid=box.kid, event_type=event.type, event_id=event.id, report_id=report_id, key=subject_id, author=author
        )
        try:
            return self._keys.open(box, aad)
        except seal.SealMismatch:
            raise SetAside("seal_mismatch", "/sealed") from None
        except seal.UnknownKeyId:
            raise PartAtFault from None


def read(plain: bytes) -> Content:
    try:
        content = from_json(plain)
    except ValueError:
        raise SetAside("invalid", "/sealed") from None
    if not isinstance(content, dict):
        raise SetAside("invalid", "/sealed")
    return content
