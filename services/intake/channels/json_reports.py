"""From bytes to validated reports. Errors name the field. An unknown code becomes `other`, and its text is kept."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import islice, pairwise
from typing import Annotated, Any, Literal, TypeVar

from pydantic import FailFast, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from services.intake import structs
from services.intake.structs import DisplacementStruct
from shared.events import GroupReport, HazardReport, HouseholdReport
from shared.events.vocabulary import (
    AgeBracket,
    HazardType,
    Intention,
    LegalBasis,
    Need,
    Reason,
    Relationship,
    Sex,
    Shelter,
    SourceType,
)
from shared.web.body_limits import FIELD, exceeds
from shared.web.problems import ERRORS, field_errors, names_of

T = TypeVar("T")

ITEMS = 1_000
REPORT_BYTES = 256 * 1024
# A household of sixty has about 1,000 fields; a hazard of the largest size has about 13,000 points.
FIELDS, LISTS = 2_000, 20_000
BATCH_LISTS, BATCH_ERRORS = 250_000, 5_000
AT_ONCE_BYTES = 128 * 1024
AT_ONCE_FIELDS, AT_ONCE_LISTS = 5_000, 2_000  # about 5 ms

# The value that replaces an unknown code, and the field that keeps its text. In other fields an unknown code makes
# the report invalid (docs/decisions/0014).
KEPT_AS = {
    "type": ("other", "type_text"),
    "reasons": ("other", "reason_text"),
    **dict.fromkeys(("hazard_type", "shelter", "needs", "source_type"), ("other", "notes")),
    **dict.fromkeys(("intention", "legal_basis", "relationship", "sex", "age"), ("unknown", "notes")),
}
CODES: dict[str, type[StrEnum]] = {
    "type": HazardType,
    "reasons": Reason,
    "shelter": Shelter,
    "needs": Need,
    "source_type": SourceType,
    "hazard_type": HazardType,
    "intention": Intention,
    "legal_basis": LegalBasis,
    "relationship": Relationship,
    "sex": Sex,
    "age": AgeBracket,
}
KNOWN = {name: frozenset(map(str, codes)) for name, codes in CODES.items()}
LONGEST_LIST = 60  # lists with codes; longer lists are refused anyway
KINDS = ("household", "group", "hazard")
# Match up to the next separator or bracket, skipping whole strings. Commas count only between items.
# Limited to a few thousand strings, because no other thread runs while a pattern is matched.
BETWEEN = re.compile(rb'(?:[^][{},"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"?){0,5000}+([][{},]?)', re.DOTALL)
WITHIN = re.compile(rb'(?:[^][{}"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"?){0,5000}+([][{}]?)', re.DOTALL)
LINE = re.compile(rb"[^\n]+")
STEPS = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}


class HazardItem(HazardReport):
    """A hazard in a batch, with its `kind`."""

    kind: Literal["hazard"]


Displacement = Annotated[HouseholdReport | GroupReport, Field(discriminator="kind")]
Item = Annotated[HouseholdReport | GroupReport | HazardItem, Field(discriminator="kind")]

DISPLACEMENT: TypeAdapter[HouseholdReport | GroupReport] = TypeAdapter(Displacement)
HAZARD: TypeAdapter[HazardReport] = TypeAdapter(HazardReport)
ITEM: TypeAdapter[HouseholdReport | GroupReport | HazardItem] = TypeAdapter(Item)
# validation stops at the first wrong item, because each item is then validated alone
ITEM_LIST: TypeAdapter[list[HouseholdReport | GroupReport | HazardItem]] = TypeAdapter(
    Annotated[list[Item], FailFast()]
)
STRUCTS: dict[TypeAdapter[Any], Callable[[bytes], Any]] = {DISPLACEMENT: structs.read, ITEM_LIST: structs.read_all}
NAMES = names_of(HouseholdReport) | names_of(GroupReport) | names_of(HazardItem)


class Invalid(Exception):
    """One entry per wrong field: JSON pointer and expectation, never the value."""

    def __init__(self, errors: Sequence[dict[str, str]]) -> None:
        super().__init__()
        self.errors = errors


class TooBig(Exception):
    """A report may have up to 256 KiB, also in a batch."""


class TooMany(Exception):
    """A batch may have up to 1,000 reports."""


Report = HouseholdReport | GroupReport | HazardReport | DisplacementStruct
Refusal = Invalid | TooBig


def at_once(raw: bytes, adapter: TypeAdapter[T]) -> T | None:
    """Validate on the event loop. None if the body is too large for the event loop, or invalid."""
    if len(raw) > AT_ONCE_BYTES or raw.count(FIELD) > AT_ONCE_FIELDS or lists(raw) > AT_ONCE_LISTS:
        return None
    read = STRUCTS.get(adapter)
    if read is not None and (found := read(raw)) is not None:
        return found  # type: ignore[no-any-return]
    try:
        return adapter.validate_json(raw)
    except ValidationError:
        return None


def checked(raw: bytes, adapter: TypeAdapter[T], *, most: int = ERRORS) -> T:
    """Validate one report. Raises Invalid with at most `most` errors."""
    if exceeds(raw, FIELD, FIELDS) or lists(raw) > LISTS:
        raise Invalid([{"pointer": "", "expected": f"at most {FIELDS} fields and {LISTS} lists"}])
    try:
        return adapter.validate_json(raw)
    except ValidationError as error:
        return without_unknown_codes(raw, adapter, error, most=most)


def lists(raw: bytes) -> int:
    """The number of lists and objects. The parser needs 300 bytes of memory for each."""
    return raw.count(b"[") + raw.count(b"{")


def batch(raw: bytes) -> list[Report | Refusal]:
    """Split and validate a JSON array or NDJSON.

    Raises Invalid if the body cannot be split into reports, and TooMany if it has more reports than allowed.
    """
    is_array = raw.lstrip()[:1] == b"["
    return each(apart(raw) if is_array else list(islice(lines(raw), ITEMS + 1)))


def lines(raw: bytes) -> Iterator[bytes]:
    """The lines that are not blank."""
    return (found[0] for found in LINE.finditer(raw) if found[0].strip())


def each(items: Sequence[bytes]) -> list[Report | Refusal]:
    if len(items) > ITEMS:
        raise TooMany
    most = min(ERRORS, BATCH_ERRORS // max(1, len(items)))
    return [one(item, most=most) for item in items]


def one(item: bytes, *, most: int = ERRORS) -> Report | Refusal:
    if len(item) > REPORT_BYTES:
        return TooBig()
    try:
        return checked(item, ITEM, most=most)
    except Invalid as invalid:
        return invalid


def apart(raw: bytes) -> list[bytes]:
    """Split a JSON array at its commas, so that an item that does not parse does not affect the others."""
    if lists(raw) > BATCH_LISTS:
        raise Invalid([{"pointer": "", "expected": f"at most {BATCH_LISTS} lists and objects"}])
    cuts, depth, position = [], 0, 0
    while position < len(raw) and (found := (BETWEEN if depth == 1 else WITHIN).match(raw, position)):
        sign, position = found[1], found.end()
        depth += STEPS.get(sign, 0)
        if sign and (depth == 0 or (depth == 1 and sign in b"[,")):
            cuts.append(position - 1)
        if depth == 0:
            break
        if len(cuts) > ITEMS + 1:
            raise TooMany
    if depth or raw[cuts[-1] + 1 :].strip():
        raise Invalid([{"pointer": "", "expected": "a JSON array of reports, or one report a line"}])
    return [raw[start + 1 : end] for start, end in pairwise(cuts)]


def without_unknown_codes(raw: bytes, adapter: TypeAdapter[T], error: ValidationError, *, most: int) -> T:
    """The slow path: replace unknown codes by `other` or `unknown`, keep their text, and validate again."""
    try:
        return adapter.validate_json(to_json(with_others(from_json(raw))))
    except ValueError:  # not JSON, without unknown codes, or still invalid
        errors = error.errors(include_input=False, include_context=False, include_url=False)
        raise Invalid(told(errors[:most])) from None


def with_others(document: Any) -> dict[str, Any]:
    """Replace unknown codes, in place. Raises ValueError if there is none."""
    texts: dict[str, list[str]] = {}
    for place, holder, key in unknown_codes(document):
        kept, target = KEPT_AS[str(named(place)[-1])]
        label = f"{'/'.join(map(str, named(place)))}: " if target == "notes" else ""
        texts.setdefault(target, []).append(f"{label}{holder[key]}")
        holder[key] = kept
    if not texts:
        raise ValueError
    for target, found in texts.items():
        if not isinstance(said := document.get(target) or "", str):
            raise ValueError  # noqa: TRY004 - of the document
        document[target] = "; ".join([*filter(None, [said]), *found])
    return document  # type: ignore[no-any-return]


Place = tuple[int | str, ...]


def unknown_codes(document: Any) -> Iterator[tuple[Place, Any, Any]]:
    """The path, holder and key of each unknown code."""
    if not isinstance(document, dict):
        return
    yield from codes_of(document, ())
    for name in ("members", "sex_age"):
        persons = document.get(name)
        for number, person in enumerate(persons[:LONGEST_LIST] if isinstance(persons, list) else []):
            if isinstance(person, dict):
                yield from codes_of(person, (name, number))


def codes_of(holder: dict[str, Any], above: Place) -> Iterator[tuple[Place, Any, Any]]:
    for name, known in KNOWN.items():
        value = holder.get(name)
        if isinstance(value, list):
            for number, code in enumerate(value[:LONGEST_LIST]):
                if is_unknown(code, known):
                    yield (*above, name, number), value, number
        elif is_unknown(value, known):
            yield (*above, name), holder, name


def is_unknown(code: Any, known: frozenset[str]) -> bool:
    return isinstance(code, str | int | float) and code not in known


def named(place: Place) -> Place:
    """The path up to the field's name, without a list index."""
    return place if isinstance(place[-1], str) else place[:-1]


def path(error: ErrorDetails) -> Place:
    """The path of an error in the document, without the kind that pydantic puts first."""
    location = error["loc"]
    return location[1:] if location and location[0] in KINDS else location


def told(errors: Iterable[ErrorDetails]) -> list[dict[str, str]]:
    return field_errors([placed(error) for error in errors], NAMES)


def placed(error: ErrorDetails) -> ErrorDetails:
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return {**error, "loc": ("kind",), "msg": "one of household, group; in a batch also hazard"}
    return {**error, "loc": path(error)}
