"""Arrays as single parameters of SQL statements."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, any_, cast
from sqlalchemy.dialects.postgresql import ARRAY


def any_of(values: Iterable[Any], kind: Any) -> ColumnElement[Any]:
    """Pass all values as one array parameter, because PostgreSQL accepts at most 32,767 parameters."""
    return any_(cast(list(dict.fromkeys(values)), ARRAY(kind)))
