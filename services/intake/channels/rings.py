"""Reads a hazard with many points: first the hazard without the rings of its polygons, then one ring at a time.

Parsing blocks all other threads, and 32,000 points at once would take 10 ms.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec
from msgspec import Raw
from pydantic import TypeAdapter, ValidationError

from services.intake.channels.limits import RING_LIMITS
from services.intake.refusals import Invalid
from shared.events import HazardReport
from shared.events.areas import Ring
from shared.web.problems import field_errors

T = TypeVar("T")

RING: TypeAdapter[Ring] = TypeAdapter(Ring)
PATH = ("area", "polygons")
EXPECTED = "at most 2000 points of longitude and latitude"
PLACEHOLDER = "[[0,0],[0,0],[0,0],[0,0]]"
SHOWN = 51  # the contract allows 50 rings; with 51 placeholders, the validator refuses a hazard with too many rings
_fields = msgspec.json.Decoder(dict[str, Raw])
_items = msgspec.json.Decoder(list[Raw])


def split_off(raw: bytes) -> tuple[bytes, Sequence[Raw]]:
    """Return the report with a placeholder for each ring, and the rings.

    If the report has no list of polygons, the second value is empty. Raises Invalid if the body is not JSON.
    """
    try:
        report = _fields.decode(raw)
        area = _fields.decode(report["area"])
        rings = _items.decode(area["polygons"])
    except (KeyError, msgspec.ValidationError):
        return raw, ()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid([{"pointer": "", "expected": "valid JSON"}]) from None
    area["polygons"] = Raw(f"[{','.join([PLACEHOLDER] * min(len(rings), SHOWN))}]")
    report["area"] = Raw(msgspec.json.encode(area))
    return msgspec.json.encode(report), rings


def joined(report: T, rings: Iterable[Raw]) -> T:
    """Raises Invalid at the first invalid ring."""
    if not isinstance(report, HazardReport):
        return report
    polygons = tuple(validated(bytes(ring), number) for number, ring in enumerate(rings))
    return report.model_copy(update={"area": report.area.model_copy(update={"polygons": polygons})})


def validated(ring: bytes, number: int) -> Ring:
    if RING_LIMITS.are_exceeded(ring):
        raise Invalid([{"pointer": f"/area/polygons/{number}", "expected": EXPECTED}])
    try:
        return RING.validate_json(ring)
    except ValidationError as error:
        errors = error.errors(include_input=False, include_context=False, include_url=False)
    raise Invalid(field_errors([{**error, "loc": (*PATH, number, *error["loc"])} for error in errors], PATH))
