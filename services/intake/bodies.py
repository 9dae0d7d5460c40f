"""From bytes to checked reports: what is wrong is told by field, and a code nobody knows is kept with its text."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeVar

from pydantic import FailFast, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from shared.events import GroupReport, HazardReport, HouseholdReport
from shared.problems import field_errors, names_of

T = TypeVar("T")

ITEMS = 1_000

# As what an unknown code is kept, and where its text goes. A code of another field is an error: docs/decisions/0014.
KEPT_AS = {
    "type": ("other", "type_text"),
    "reasons": ("other", "reason_text"),
    **dict.fromkeys(("hazard_type", "shelter", "needs", "source_type"), ("other", "notes")),
    **dict.fromkeys(("intention", "legal_basis", "relationship", "sex", "age"), ("unknown", "notes")),
}
KINDS = ("household", "group", "hazard")

# What tells items apart, and whole strings, in which it tells nothing; one without its end goes to the end.
SIGNS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[][{},]', re.DOTALL)
STEPS = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}


class HazardItem(HazardReport):
    """A hazard among other reports says what it is."""

    kind: Literal["hazard"]


Displacement = Annotated[HouseholdReport | GroupReport, Field(discriminator="kind")]
Item = Annotated[HouseholdReport | GroupReport | HazardItem, Field(discriminator="kind")]

DISPLACEMENT: TypeAdapter[HouseholdReport | GroupReport] = TypeAdapter(Displacement)
HAZARD: TypeAdapter[HazardReport] = TypeAdapter(HazardReport)
ITEM: TypeAdapter[HouseholdReport | GroupReport | HazardItem] = TypeAdapter(Item)
# at the first wrong one, as each is then looked at by itself
ITEM_LIST: TypeAdapter[list[HouseholdReport | GroupReport | HazardItem]] = TypeAdapter(
    Annotated[list[Item], FailFast()]
)
NAMES = names_of(HouseholdReport) | names_of(GroupReport) | names_of(HazardItem)


class Invalid(Exception):
    """One entry per wrong field: a JSON pointer and what was expected, never the value."""

    def __init__(self, errors: Sequence[dict[str, str]]) -> None:
        super().__init__()
        self.errors = errors


class TooMany(Exception):
    """A batch holds up to 1,000 reports."""


def checked(raw: bytes, adapter: TypeAdapter[T]) -> T:
    """Raises Invalid."""
    try:
        return adapter.validate_json(raw)
    except ValidationError as error:
        return without_unknown_codes(raw, adapter, error)


def batch(raw: bytes) -> list[HouseholdReport | GroupReport | HazardItem | Invalid]:
    """A JSON array or NDJSON. Raises Invalid where it cannot be told apart into reports, and TooMany."""
    if raw.lstrip()[:1] != b"[":
        return each([line for line in raw.split(b"\n") if line.strip()])
    try:
        reports = ITEM_LIST.validate_json(raw)
    except ValidationError:
        return each(apart(raw))
    if len(reports) > ITEMS:
        raise TooMany
    return list(reports)


def each(items: Sequence[bytes]) -> list[HouseholdReport | GroupReport | HazardItem | Invalid]:
    if len(items) > ITEMS:
        raise TooMany
    return [one(item) for item in items]


def one(item: bytes) -> HouseholdReport | GroupReport | HazardItem | Invalid:
    try:
        return checked(item, ITEM)
    except Invalid as invalid:
        return invalid


def apart(raw: bytes) -> list[bytes]:
    """Cut at its own commas, so that whatever our reader will not have is one item's fault and not its neighbours'."""
    cuts, depth = [], 0
    for sign in SIGNS.finditer(raw):
        depth += STEPS.get(sign[0], 0)
        if depth == 0 or (depth == 1 and sign[0] in (b"[", b",")):
            cuts.append(sign.start())
        if depth == 0:
            break
    if depth or raw[cuts[-1] + 1 :].strip():
        raise Invalid([{"pointer": "", "expected": "a JSON array of reports, or one report a line"}])
    return [raw[start + 1 : end] for start, end in pairwise(cuts)]


def without_unknown_codes(raw: bytes, adapter: TypeAdapter[T], error: ValidationError) -> T:
    """The slow path: tries again with each unknown code as `other` or `unknown`, and its text where texts go."""
    errors = error.errors(include_input=False, include_context=False, include_url=False)
    unknown = [path(each) for each in errors if is_unknown_code(each)]
    if not all(
        path(each)[:1] in {place[:1] for place in unknown} for each in errors
    ):  # a list of unknown codes is also "too short"
        raise Invalid(told(errors)) from None
    try:
        return adapter.validate_json(to_json(with_others(from_json(raw), unknown)))
    except ValidationError:
        raise Invalid(told(errors)) from None


def is_unknown_code(error: ErrorDetails) -> bool:
    return error["type"] == "enum" and named(path(error))[-1] in KEPT_AS


def with_others(document: dict[str, Any], paths: Iterable[Sequence[int | str]]) -> dict[str, Any]:
    texts: dict[str, list[str]] = {}
    for place in paths:
        *above, last = place
        holder: Any = document
        for part in above:
            holder = holder[part]
        kept, target = KEPT_AS[str(named(place)[-1])]
        label = f"{'/'.join(map(str, named(place)))}: " if target == "notes" else ""
        texts.setdefault(target, []).append(f"{label}{holder[last]}")
        holder[last] = kept
    for target, found in texts.items():
        document[target] = "; ".join([*filter(None, [document.get(target)]), *found])
    return document


def named(place: Sequence[int | str]) -> Sequence[int | str]:
    """Up to the field's own name: one of a list has its list's."""
    return place if isinstance(place[-1], str) else place[:-1]


def path(error: ErrorDetails) -> tuple[int | str, ...]:
    """Where in the document: pydantic names the kind first."""
    location = error["loc"]
    return location[1:] if location and location[0] in KINDS else location


def told(errors: Iterable[ErrorDetails]) -> list[dict[str, str]]:
    return field_errors([placed(error) for error in errors], NAMES)


def placed(error: ErrorDetails) -> ErrorDetails:
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return {**error, "loc": ("kind",), "msg": "one of household, group; in a batch also hazard"}
    return {**error, "loc": path(error)}
