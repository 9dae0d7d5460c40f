"""From the sealed record to what it says; runs ahead of the batch being written, and knows nothing of what is known."""

from typing import NamedTuple
from uuid import UUID

from pydantic_core import from_json

from services.registry.reports import Content
from shared import events, seal
from shared.events import GroupReported, HouseholdReported
from shared.faults import PartAtFault, SetAside
from shared.readings import Received, Record

STAMPS = {"author", "team", "road", "received_at", "places_version", "flags", "sealed"}


class Opened(NamedTuple):
    """`text` is what the report says in clear, canonical JSON without intake's stamps; `plain` what came sealed."""

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
        plain = self._open(reported, event.id, event.type)
        text = reported.model_dump_json(exclude=STAMPS, exclude_defaults=True)
        digest = events.digest((text.encode(), plain))
        return Received(record, event, digest, Opened(read(plain), text, plain))

    def _open(self, reported: HouseholdReported | GroupReported, event_id: UUID, event_type: str) -> bytes:
        box = reported.sealed
        aad = seal.report_aad(
            kid=box.kid, event_type=event_type, event_id=event_id,
            report_id=reported.report_id, key=reported.key, author=reported.author,
        )  # fmt: skip
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
