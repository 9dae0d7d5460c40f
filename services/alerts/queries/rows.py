"""Reads stored settings. Another release of Dayar, or a person with SQL, may have written the stored settings."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from shared import log

Setting = TypeVar("Setting")
Code = TypeVar("Code", bound=StrEnum)


def valid(rows: Iterable[Mapping[Any, Any]], adapter: TypeAdapter[Setting], table: str) -> list[Setting]:
    """Logs an invalid row and leaves it out, because it must not stop all alerts."""
    settings = list[Setting]()
    for row in rows:
        try:
            settings.append(adapter.validate_python(dict(row)))
        except ValidationError:
            log.get().error("invalid row left out", table=table)
    return settings


def code(codes: type[Code], stored: str) -> Code | str:
    """Returns a str for a code that only a later release of Dayar knows."""
    return codes(stored) if stored in list(codes) else stored
