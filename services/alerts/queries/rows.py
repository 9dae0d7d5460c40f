"""Reads stored settings that another release of Dayar or a person with SQL may have written."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from shared import log

Setting = TypeVar("Setting")
Code = TypeVar("Code", bound=StrEnum)


def valid(rows: Iterable[Mapping[Any, Any]], adapter: TypeAdapter[Setting], table: str) -> list[Setting]:
    """An invalid row is logged and left out, because it must not stop all alerts."""
    settings = list[Setting]()
    for row in rows:
        try:
            settings.append(adapter.validate_python(dict(row)))
        except ValidationError:
            log.get().error("invalid row left out", table=table)
    return settings


def code(codes: type[Code], stored: str) -> Code | str:
    """A code that only a later release of Dayar knows stays a text."""
    return codes(stored) if stored in list(codes) else stored
