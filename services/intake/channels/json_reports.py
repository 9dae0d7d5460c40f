"""Reads one report as JSON. Each error contains the path of the invalid field."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field, RootModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from services.intake import structs
from services.intake.channels import rings, unknown_codes
from services.intake.channels.formats import SingleFormat
from services.intake.channels.limits import HAZARD_LIMITS, REPORT_LIMITS, Limits
from services.intake.observed_hazards import ObservedHazardReport
from services.intake.refusals import Invalid
from shared.events import (
    GroupMovementReport,
    GroupReport,
    HazardReport,
    HouseholdMovementReport,
    HouseholdReport,
    SiteMovementReport,
)
from shared.events.movements import MovementReport
from shared.web.body_limits import FIELD, VALUE
from shared.web.problems import ERRORS, field_errors, names_of

T = TypeVar("T")

AT_ONCE_BYTES = 128 * 1024
# a body within these limits is validated in about 5 ms
AT_ONCE_FIELDS, AT_ONCE_LISTS, AT_ONCE_VALUES = 5_000, 2_000, 10_000
KINDS = ("household", "group", "household_movement", "group_movement", "site_movement", "hazard")


class HazardItem(HazardReport):
    kind: Literal["hazard"]


Displacement = Annotated[HouseholdReport | GroupReport, Field(discriminator="kind")]
DISPLACEMENT: TypeAdapter[HouseholdReport | GroupReport] = TypeAdapter(Displacement)
HAZARD: TypeAdapter[HazardReport] = TypeAdapter(HazardReport)
OBSERVED_HAZARD: TypeAdapter[ObservedHazardReport] = TypeAdapter(ObservedHazardReport)
MOVEMENT: TypeAdapter[HouseholdMovementReport | GroupMovementReport | SiteMovementReport] = TypeAdapter(MovementReport)
BODIES: tuple[type[BaseModel], ...] = (
    HouseholdReport,
    GroupReport,
    HouseholdMovementReport,
    GroupMovementReport,
    SiteMovementReport,
    HazardItem,
)
NAMES = frozenset[str]().union(*map(names_of, BODIES))


class DisplacementBody(RootModel[Displacement]):
    """A household or a group; `kind` distinguishes them."""


class MovementsBody(RootModel[MovementReport]):
    """A movement of a household, of a group or of everybody at a site. `kind` says which."""


def at_once(raw: bytes, adapter: TypeAdapter[T], read: Callable[[bytes], Any] | None = None) -> T | None:
    """Return the report, or None for a large or invalid body.

    `read` is the faster reader. If `read` returns None, `adapter` validates the body.
    """
    if len(raw) > AT_ONCE_BYTES or raw.count(FIELD) > AT_ONCE_FIELDS or has_many_values(raw):
        return None
    if read is not None and (report := read(raw)) is not None:
        return report  # type: ignore[no-any-return]
    try:
        return adapter.validate_json(raw)
    except ValidationError:
        return None


def checked(raw: bytes, adapter: TypeAdapter[T], *, limits: Limits = HAZARD_LIMITS, most: int = ERRORS) -> T:
    """Raises Invalid with at most `most` errors."""
    limits.check(raw)
    if limits is REPORT_LIMITS or not REPORT_LIMITS.are_exceeded(raw):
        return validated(raw, adapter, most=most)
    raw, separate = rings.split_off(raw)
    REPORT_LIMITS.check(raw)
    return rings.joined(validated(raw, adapter, most=most), separate)


def validated(raw: bytes, adapter: TypeAdapter[T], *, most: int) -> T:
    try:
        return adapter.validate_json(raw)
    except ValidationError as error:
        return without_unknown_codes(raw, adapter, error, most=most)


def has_many_values(raw: bytes) -> bool:
    return lists(raw) > AT_ONCE_LISTS or raw.count(VALUE) > AT_ONCE_VALUES


def lists(raw: bytes) -> int:
    """Count the lists and objects, because the parser needs 300 bytes of memory for each of them."""
    return raw.count(b"[") + raw.count(b"{")


def without_unknown_codes(raw: bytes, adapter: TypeAdapter[T], error: ValidationError, *, most: int) -> T:
    """Replace unknown codes by `other` or `unknown`, keep their text, and validate the report again. Raises Invalid."""
    try:
        return adapter.validate_json(to_json(unknown_codes.replaced(from_json(raw))))
    except ValueError:  # the body is not JSON, or is invalid even without unknown codes
        errors = error.errors(include_input=False, include_context=False, include_url=False)
        raise Invalid(expectations(errors[:most])) from None


def expectations(errors: Iterable[ErrorDetails]) -> list[dict[str, str]]:
    return field_errors([located(error) for error in errors], NAMES)


def located(error: ErrorDetails) -> ErrorDetails:
    """Pydantic puts the kind of the report before the path of an invalid field. Remove the kind."""
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return {
            **error,
            "loc": ("kind",),
            "msg": "one of household, group; of a movement household_movement, group_movement, site_movement; "
            "in a batch also hazard",
        }
    path = error["loc"]
    return {**error, "loc": path[1:] if path and path[0] in KINDS else path}


DISPLACEMENTS = SingleFormat(
    "Report a displaced household or group.",
    {"application/json": DisplacementBody},
    read=lambda raw: checked(raw, DISPLACEMENT, limits=REPORT_LIMITS),
    read_at_once=lambda raw: at_once(raw, DISPLACEMENT, structs.read),
)
MOVEMENTS = SingleFormat(
    "Report what happened to displaced people later: return, transfer, death, and so on.",
    {"application/json": MovementsBody},
    read=lambda raw: checked(raw, MOVEMENT, limits=REPORT_LIMITS),
    read_at_once=lambda raw: at_once(raw, MOVEMENT, structs.read_movement),
)
HAZARDS = SingleFormat(
    "Report, update or cancel a hazard.",
    {"application/json": HazardReport},
    read=lambda raw: checked(raw, HAZARD),
    read_at_once=lambda raw: at_once(raw, HAZARD),
)
OBSERVED_HAZARDS = SingleFormat(
    "Report a hazard that a field team saw.",
    {"application/json": ObservedHazardReport},
    read=lambda raw: checked(raw, OBSERVED_HAZARD),
    read_at_once=lambda raw: at_once(raw, OBSERVED_HAZARD),
)
