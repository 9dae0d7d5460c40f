"""The content of a dead letter: all fields that can be read, or the text if the record is no JSON object."""

from typing import Any
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json

from shared.crypto import seal
from shared.events import EVENT_TYPES, SealedBox
from shared.messaging.records import Record

MOST_CHARACTERS = 64 * 1024
MOST_PCODES = 1000  # limit of the contract for an area


def content_of(record: Record, keys: seal.Opener | None) -> dict[str, Any]:
    """`fields` are the record's fields by name.

    If the record is no JSON object, `fields` is None, and `text` is the start of the record. `is_whole` says whether
    the sealed fields could be decrypted. Without `keys`, the sealed fields are left out.
    """
    fields = read(record.value)
    if fields is None:
        text = record.value.decode(errors="replace")[:MOST_CHARACTERS]
        return {"fields": None, "text": text, "is_whole": len(record.value) <= MOST_CHARACTERS}
    box = fields.pop("sealed", None)
    sealed = None if box is None or keys is None else opened(record, box, keys)
    return {"fields": {**fields, **(sealed or {})}, "text": None, "is_whole": box is None or sealed is not None}


def opened(record: Record, box: Any, keys: seal.Opener) -> dict[str, Any] | None:
    """Returns None if decryption fails, for example because the private key is missing."""
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    try:
        sealed = SealedBox.model_validate(box)
        clear = seal.without_box(record.value, sealed)
        names = {"event_type": headers.get("ce_type", ""), "event_id": headers.get("ce_id", "")}
        return read(keys.open(sealed, seal.report_aad(kid=sealed.kid, clear=clear, **names)))
    except (ValidationError, seal.SealMismatch, seal.UnknownKeyId):
        return None


def read(value: bytes) -> dict[str, Any] | None:
    """Returns None if the record is not a JSON object, or is nested too deeply for an answer."""
    try:
        fields = from_json(value)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None


def pcodes(fields: dict[str, Any] | None) -> list[str]:
    """Returns the P-codes of all places in the report: place, area, origin and destination."""
    fields = fields or {}
    holders = [fields, *(fields.get(name) for name in ("origin", "destination", "area"))]
    stated: list[Any] = []
    for holder in holders:
        if isinstance(holder, dict):
            several = holder.get("pcodes")
            stated += [holder.get("pcode"), *(several if isinstance(several, list) else ())]
    return [code for code in stated[:MOST_PCODES] if isinstance(code, str)]


def subjects(topic: str, fields: dict[str, Any] | None) -> list[UUID]:
    """Returns the ids of the report and of its hazard, household or other subject. Skips missing and invalid ids."""
    keys = {model.key_field for models in EVENT_TYPES.values() for model in models if topic in model.topics()}
    ids = []
    for name in (*sorted(keys - {"report_id"}), "report_id"):
        try:
            ids.append(UUID(str((fields or {}).get(name))))
        except ValueError:
            continue
    return ids
