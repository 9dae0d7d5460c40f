"""Defines msgspec Structs for displacements and movements.

A Struct reads a report in half of the CPU time of the pydantic model from which the Struct is built.

A Struct accepts only reports that the model accepts, with the same values. Reports that the Struct refuses go to the
model. The model is more lenient: for example, the model accepts `"5"` for 5, and trims text. Only the model writes
error texts (docs/decisions/0034).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, Protocol, TypeVar, Union

import msgspec
from pydantic import BaseModel

from services.intake.struct_types import struct
from shared.events import (
    GroupMovementReport,
    GroupReport,
    GroupSealed,
    HouseholdMovementReport,
    HouseholdMovementSealed,
    HouseholdReport,
    HouseholdSealed,
    MovementSealed,
    Place,
    Point,
    SiteMovementReport,
)
from shared.events.displacements import GroupClear, HouseholdClear
from shared.events.movements import GroupMovementClear, HouseholdMovementClear, MovementBody, SiteMovementClear
from shared.events.vocabulary import Precision, Status

# msgspec omits a field whose value equals the default. No value equals this default, so msgspec writes the field
# always.
NEVER_OMITTED = object()


class DisplacementStruct(Protocol):
    """A report as a Struct. In a Struct, ids are text; in a model, ids are UUIDs."""

    kind: str
    report_id: str
    version: int
    status: Status
    occurred_at: datetime
    occurred_at_precision: Precision
    reported_at: datetime
    origin: Place | None
    destination: Place | None
    origin_point: Point | None
    destination_point: Point | None

    @property
    def pcode(self) -> str | None: ...


class PartWriter:
    """Writes one part of a report, clear or sealed, as JSON. The fields have the order of the part's model."""

    def __init__(self, part: type[BaseModel], *, with_defaults: bool) -> None:
        self._values = attrgetter(*part.model_fields)
        self._make = msgspec.defstruct(
            part.__name__,
            [
                (name, Any, NEVER_OMITTED if with_defaults and field.default is not None else field.default)
                for name, field in part.model_fields.items()
            ],
            omit_defaults=True,
            gc=False,
        )

    def __call__(self, report: DisplacementStruct) -> bytes:
        return encode(self._make(*self._values(report)))


encode = msgspec.json.Encoder().encode
HOUSEHOLD, GROUP = struct(HouseholdReport, kind="household"), struct(GroupReport, kind="group")
OF_HOUSEHOLD, OF_GROUP, OF_SITE = (
    struct(HouseholdMovementReport, kind="household_movement"),
    struct(GroupMovementReport, kind="group_movement"),
    struct(SiteMovementReport, kind="site_movement"),
)
MOVEMENT: Any = Union[OF_HOUSEHOLD, OF_GROUP, OF_SITE]  # noqa: UP007
DISPLACEMENT: Any = Union[HOUSEHOLD, GROUP]  # noqa: UP007
ALL: Any = Union[HOUSEHOLD, GROUP, OF_HOUSEHOLD, OF_GROUP, OF_SITE]  # noqa: UP007
CLEAR_PARTS = {
    "household": PartWriter(HouseholdClear, with_defaults=True),
    "group": PartWriter(GroupClear, with_defaults=True),
    "household_movement": PartWriter(HouseholdMovementClear, with_defaults=True),
    "group_movement": PartWriter(GroupMovementClear, with_defaults=True),
    "site_movement": PartWriter(SiteMovementClear, with_defaults=True),
}
SEALED_PARTS = {
    "household": PartWriter(HouseholdSealed, with_defaults=False),
    "group": PartWriter(GroupSealed, with_defaults=False),
    "household_movement": PartWriter(HouseholdMovementSealed, with_defaults=False),
    "group_movement": PartWriter(MovementSealed, with_defaults=False),
    "site_movement": PartWriter(MovementSealed, with_defaults=False),
}
MOVEMENT_KINDS = ("household_movement", "group_movement", "site_movement")
SUBJECT_IDS = {kind: attrgetter(f"{kind.removesuffix('_movement')}_id") for kind in CLEAR_PARTS}
Read = TypeVar("Read")
# Times finer than microseconds are left to the models: msgspec rounds such times, and the models truncate them. The
# pattern begins with the decimal point, which is rarer than digits and therefore found faster.
FINER_THAN_MICROSECONDS = re.compile(rb"\.(?<=\d:\d\d\.)\d{7}")
_displacement: msgspec.json.Decoder[DisplacementStruct] = msgspec.json.Decoder(DISPLACEMENT)
_movement: msgspec.json.Decoder[DisplacementStruct] = msgspec.json.Decoder(MOVEMENT)
_any: msgspec.json.Decoder[DisplacementStruct] = msgspec.json.Decoder(ALL)
_many: msgspec.json.Decoder[list[DisplacementStruct]] = msgspec.json.Decoder(list[ALL])


def read(raw: bytes) -> DisplacementStruct | None:
    """Returns None if the pydantic model must read the report."""
    return _read(_displacement, raw)


def read_movement(raw: bytes) -> DisplacementStruct | None:
    """Returns None if the pydantic model must read the report."""
    return _read(_movement, raw)


def read_all(raw: bytes) -> list[DisplacementStruct] | None:
    return _read(_many, raw)


def _read(decoder: msgspec.json.Decoder[Read], raw: bytes) -> Read | None:
    if FINER_THAN_MICROSECONDS.search(raw):
        return None
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def of(report: HouseholdReport | GroupReport | MovementBody) -> DisplacementStruct:
    return _any.decode(report.model_dump_json(exclude_none=True))


def clear(report: DisplacementStruct) -> bytes:
    """Return the unencrypted part as JSON, including fields with the default value."""
    return CLEAR_PARTS[report.kind](report)


def sealed(report: DisplacementStruct) -> bytes:
    """Return the part to encrypt as JSON, without fields with the default value."""
    return SEALED_PARTS[report.kind](report)


def replaced(report: DisplacementStruct, values: Mapping[str, Any]) -> DisplacementStruct:
    return msgspec.structs.replace(report, **values)  # type: ignore[type-var]


def subject_id(report: DisplacementStruct) -> str:
    """Return the id of the household, group or site.

    If the report has only a short code, return the id of the report.
    """
    subject: str | None = SUBJECT_IDS[report.kind](report)
    return subject or report.report_id


def bytes_of(uuid: str) -> bytes:
    return bytes.fromhex(uuid.replace("-", ""))
