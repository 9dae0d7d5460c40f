"""Defines msgspec Structs for displacements and movements.

Structs are built from the contract's models, and need half of the models' CPU time.

If a Struct accepts a report, the model would accept it too and give the same values. If the Struct does not accept the
report, the model reads it, because pydantic is more lenient: it accepts `"5"` for 5 and trims text. Only the model
writes error texts (docs/decisions/0034).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from enum import StrEnum
from operator import attrgetter
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Protocol, TypeVar, Union, get_args, get_origin
from uuid import UUID

import msgspec
from annotated_types import Ge, Le, MaxLen, MinLen
from msgspec import Meta, Struct
from pydantic import AfterValidator, AwareDatetime, BaseModel, FailFast, StringConstraints
from pydantic.fields import FieldInfo

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
from shared.events.fields import CLEAR, SEALED, random_uuid, utc
from shared.events.movements import GroupMovementClear, HouseholdMovementClear, MovementBody, SiteMovementClear
from shared.events.vocabulary import Precision, Status

UUID_TEXT = r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z"
RANDOM_UUID_TEXT = r"^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z"
# These are the characters with Unicode's property White_Space.
TRIMMED = r"[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
# as a default, this object keeps a field from being omitted: msgspec omits values that equal the default
NEVER_OMITTED = object()


class UnknownConstraint(TypeError):
    """A field of the contract has a type or constraint that has no counterpart here."""


class DisplacementStruct(Protocol):
    """The fields that the Structs of households, groups and movements share. Ids are text."""

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


def struct(model: type[BaseModel], **tag: str) -> type[Struct]:
    """The Struct with the same fields, constraints and checks as the model."""
    fields = [(name, typed(field.annotation, field.metadata), *default(field)) for name, field in own_fields(model)]
    namespace = {**checks(model), **tag, **{name: vars(base)[name] for base, name in properties(model)}}
    return msgspec.defstruct(
        model.__name__,
        fields,
        namespace=namespace,
        forbid_unknown_fields=True,
        omit_defaults=True,
        kw_only=True,
        gc=False,
        tag_field=next(iter(tag), None),
        tag=next(iter(tag.values()), None),
    )


def own_fields(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    return ((name, field) for name, field in model.model_fields.items() if get_origin(field.annotation) is not Literal)


def default(field: FieldInfo) -> tuple[Any, ...]:
    return () if field.is_required() else (field.default,)


def properties(model: type[BaseModel]) -> Iterator[tuple[type, str]]:
    for base in model.__mro__:
        if issubclass(base, BaseModel) and base is not BaseModel:
            yield from ((base, name) for name, value in vars(base).items() if isinstance(value, property))


def checks(model: type[BaseModel]) -> dict[str, Callable[[Any], None]]:
    """The `__post_init__` of a Struct, if it needs one.

    The function converts times to UTC, and runs the model's validators.

    If a validator raises ValueError, msgspec raises ValidationError.
    """
    validators = [validator.func for validator in model.__pydantic_decorators__.model_validators.values()]
    instants = [name for name, field in own_fields(model) if is_instant(field.annotation, field.metadata)]

    def check(made: Any) -> None:
        for name in instants:
            if (instant := getattr(made, name)) is not None:
                setattr(made, name, utc(instant))
        for validate in validators:
            validate(made)

    return {"__post_init__": check} if instants or validators else {}


def is_instant(annotation: Any, metadata: Sequence[Any] = ()) -> bool:
    """Whether a field is an Instant. An optional Instant is a member of a union."""
    return AfterValidator(utc) in metadata or any(
        is_instant(argument, get_args(argument)[1:]) for argument in get_args(annotation)
    )


def typed(annotation: Any, metadata: Sequence[Any] = ()) -> Any:
    """The msgspec type of a field. Raises UnknownConstraint, and the import of this module then fails."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return typed(args[0], [*args[1:], *metadata])
    if origin in (Union, UnionType):
        return Union[tuple(typed(argument) for argument in args)]  # noqa: UP007 - built at run time
    rules = list(flat(metadata))
    if annotation is UUID:
        return Annotated[str, Meta(pattern=RANDOM_UUID_TEXT if AfterValidator(random_uuid) in rules else UUID_TEXT)]
    if annotation is AwareDatetime:
        return Annotated[datetime, Meta(tz=True)]
    if origin is tuple:
        return Annotated[tuple[typed(args[0]), ...], Meta(**limits(rules))]  # type: ignore[misc]
    if annotation is str:
        return Annotated[str, Meta(**limits(rules))]
    if annotation in (int, float):
        return Annotated[annotation, Meta(**limits(rules))]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return struct(annotation)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum | bool | date | NoneType):
        return annotation
    raise UnknownConstraint(annotation)


def flat(metadata: Iterable[Any]) -> Iterator[Any]:
    for rule in metadata:
        if isinstance(rule, FieldInfo):
            yield from flat(rule.metadata)
        elif isinstance(rule, StringConstraints):
            yield from rule
        else:
            yield rule


def limits(rules: Iterable[Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for rule in rules:
        merged |= limit(rule)
    pattern, is_trimmed = merged.pop("pattern", None), merged.pop("strip_whitespace", False)
    if pattern or is_trimmed:
        merged["pattern"] = whole(pattern or "^$", is_trimmed=is_trimmed)
    return merged


def limit(rule: Any) -> dict[str, Any]:
    if rule in (CLEAR, SEALED) or isinstance(rule, FailFast):
        return {}
    if isinstance(rule, Ge | Le | MinLen | MaxLen):
        return asdict(rule)
    given = {name: value for name, value in getattr(rule, "__dict__", {"": rule}).items() if value is not None}
    if given.keys() - {"pattern", "strip_whitespace", "allow_inf_nan"}:
        raise UnknownConstraint(rule)
    return {name: value for name, value in given.items() if name != "allow_inf_nan"}  # JSON has no infinity or NaN


def whole(pattern: str, *, is_trimmed: bool) -> str:
    r"""The pattern with `\Z` instead of `$`, because Python's `$` accepts a final line break.

    If `is_trimmed` is true, the pattern refuses text that begins or ends with white space.
    """
    if not (pattern.startswith("^") and pattern.endswith("$")):
        raise UnknownConstraint(pattern)
    middle = pattern[1:-1]
    return rf"^(?!{TRIMMED}){middle}(?<!{TRIMMED})\Z" if is_trimmed else rf"^{middle}\Z"


class PartWriter:
    """Writes the clear or the sealed part of a report, with the fields in the order of the part's model."""

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
# If a time is finer than microseconds, msgspec rounds the time, but the models cut off the additional digits.
# The pattern begins with the decimal point, because a search for the more frequent digits takes twenty times longer.
FINER_THAN_MICROSECONDS = re.compile(rb"\.(?<=\d:\d\d\.)\d{7}")
_displacement: msgspec.json.Decoder[DisplacementStruct] = msgspec.json.Decoder(DISPLACEMENT)
_movement: msgspec.json.Decoder[DisplacementStruct] = msgspec.json.Decoder(MOVEMENT)
_any: msgspec.json.Decoder[DisplacementStruct] = msgspec.json.Decoder(ALL)
_many: msgspec.json.Decoder[list[DisplacementStruct]] = msgspec.json.Decoder(list[ALL])


def read(raw: bytes) -> DisplacementStruct | None:
    """Read a displacement with the Structs.

    Return None if the Structs refuse the report. The caller must then read the report with the pydantic model.
    """
    return _read(_displacement, raw)


def read_movement(raw: bytes) -> DisplacementStruct | None:
    """Read a movement with the Structs.

    Return None if the Structs refuse the report. The caller must then read the report with the pydantic model.
    """
    return _read(_movement, raw)


def read_all(raw: bytes) -> list[DisplacementStruct] | None:
    """Read a JSON array of reports with the Structs. Return None if the Structs refuse any report."""
    return _read(_many, raw)


def _read(decoder: msgspec.json.Decoder[Read], raw: bytes) -> Read | None:
    if FINER_THAN_MICROSECONDS.search(raw):
        return None
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def of(report: HouseholdReport | GroupReport | MovementBody) -> DisplacementStruct:
    """The Struct with the values of the pydantic model `report`."""
    return _any.decode(report.model_dump_json(exclude_none=True))


def clear(report: DisplacementStruct) -> bytes:
    """The clear fields as JSON, including fields with the default value."""
    return CLEAR_PARTS[report.kind](report)


def sealed(report: DisplacementStruct) -> bytes:
    """The sealed fields as JSON, without fields that have the default value."""
    return SEALED_PARTS[report.kind](report)


def replaced(report: DisplacementStruct, values: Mapping[str, Any]) -> DisplacementStruct:
    return msgspec.structs.replace(report, **values)  # type: ignore[type-var]


def subject_id(report: DisplacementStruct) -> str:
    """The id of the household, group or site; the report's id if the report has only a household's short code."""
    subject: str | None = SUBJECT_IDS[report.kind](report)
    return subject or report.report_id


def bytes_of(uuid: str) -> bytes:
    return bytes.fromhex(uuid.replace("-", ""))
