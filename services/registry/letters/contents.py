"""The content of a dead letter: all fields that can be read, or the text if the record is no JSON object."""

import json
from typing import Any

from pydantic import ValidationError

from shared.crypto import seal
from shared.events import SealedBox
from shared.messaging.records import Record

MOST_CHARACTERS = 64 * 1024


def content_of(record: Record, keys: seal.Opener) -> dict[str, Any]:
    """The content of the record. `fields` are its fields by name. If it has no fields, `text` is the start of its text.

    `is_whole` says whether the sealed fields could be decrypted. Raises UnknownKeyId if a private key is missing.
    """
    fields = read(record.value)
    if fields is None:
        text = record.value.decode(errors="replace")[:MOST_CHARACTERS]
        return {"fields": None, "text": text, "is_whole": len(record.value) <= MOST_CHARACTERS}
    box = fields.pop("sealed", None)
    sealed = None if box is None else opened(record, box, keys)
    return {"fields": {**fields, **(sealed or {})}, "text": None, "is_whole": box is None or sealed is not None}


def opened(record: Record, box: Any, keys: seal.Opener) -> dict[str, Any] | None:
    """The sealed fields. None if they cannot be decrypted, for example because the clear fields were altered."""
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    try:
        sealed = SealedBox.model_validate(box)
        clear = seal.without_box(record.value, sealed)
        names = {"event_type": headers.get("ce_type", ""), "event_id": headers.get("ce_id", "")}
        return read(keys.open(sealed, seal.report_aad(kid=sealed.kid, clear=clear, **names)))
    except (ValidationError, seal.SealMismatch):
        return None


def read(value: bytes) -> dict[str, Any] | None:
    try:
        fields = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def pcodes(fields: dict[str, Any] | None) -> list[str]:
    """The P-codes of the places that the record states."""
    places = [(fields or {}).get(side) for side in ("origin", "destination")]
    codes = [place.get("pcode") for place in places if isinstance(place, dict)]
    return [code for code in codes if isinstance(code, str)]
