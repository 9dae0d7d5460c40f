"""Builds a msgspec Struct from a model of the contract.

The Struct has the fields, constraints and checks of the model.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import msgspec
from annotated_types import Ge, Le, MaxLen, MinLen
from msgspec import Meta, Struct
from pydantic import AfterValidator, AwareDatetime, BaseModel, FailFast, StringConstraints
from pydantic.fields import FieldInfo

from shared.events.fields import CLEAR, SEALED, random_uuid, utc

UUID_TEXT = r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z"
RANDOM_UUID_TEXT = r"^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z"
# The characters with Unicode's property White_Space.
TRIMMED = r"[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"


class UnknownConstraint(TypeError):
    """This module has no rule for this type or constraint of the contract."""


def struct(model: type[BaseModel], **tag: str) -> type[Struct]:
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
    """Return the `__post_init__` of the Struct, if one is needed.

    `__post_init__` converts times to UTC, and runs the model's validators. msgspec turns a validator's ValueError into
    ValidationError.
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
    """True for `Instant`, and for a union that contains `Instant`, such as an optional field."""
    return AfterValidator(utc) in metadata or any(
        is_instant(argument, get_args(argument)[1:]) for argument in get_args(annotation)
    )


def typed(annotation: Any, metadata: Sequence[Any] = ()) -> Any:
    """Return the type for msgspec.

    An unknown type raises UnknownConstraint at import, so that no check of the contract is lost.
    """
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
    r"""Return the pattern with `\Z` for `$`, because Python's `$` accepts a final line break.

    With `is_trimmed`, text with white space at its ends is refused.
    """
    if not (pattern.startswith("^") and pattern.endswith("$")):
        raise UnknownConstraint(pattern)
    middle = pattern[1:-1]
    return rf"^(?!{TRIMMED}){middle}(?<!{TRIMMED})\Z" if is_trimmed else rf"^{middle}\Z"
