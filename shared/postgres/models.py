"""The base of all SQLAlchemy models: types, and the names of constraints and indexes.

A model that several services use is a direct subclass of `Base`. Each service has an abstract subclass of `Base` for
its own models. The subclass of each service has separate metadata, because two services may have tables of the same
name. The module `models` of a service also lists the shared models that the service uses. Tests compare the migrations
with the models. The models leave out triggers, functions and grants; migrations and provisioning create them.
"""

from collections.abc import Collection
from datetime import date, datetime
from types import NoneType, UnionType
from typing import Any, ClassVar, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import AwareDatetime, BaseModel
from sqlalchemy import ARRAY, Boolean, Column, Date, DateTime, Double, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column
from sqlalchemy.types import TypeEngine

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def metadata() -> MetaData:
    return MetaData(naming_convention=NAMES)


class Base(DeclarativeBase):
    """A `datetime` is stored as an instant, strings and lists of strings as text, and dictionaries as JSONB."""

    metadata = metadata()
    type_annotation_map: ClassVar = {
        datetime: DateTime(timezone=True),
        str: Text,
        float: Double,
        list[str]: ARRAY(Text),
        list[int]: ARRAY(Integer),
        dict[str, Any]: JSONB,
    }

    def __init_subclass__(cls, *, record: type | None = None, without: Collection[str] = (), **options: Any) -> None:
        """Add a column for each field of `record`, a dataclass or event.

        The fields in `without`, and columns that the model itself declares, are skipped.
        """
        for name, hint in _fields(record).items() if record else ():
            if name not in cls.__annotations__ and name not in without:
                setattr(cls, name, _column(hint))
        super().__init_subclass__(**options)


# Maps Python types to SQL types. The first match is used, so a subclass must come before its base class: `bool` before
# `int`, `datetime` before `date`.
SQL_TYPES: dict[type, TypeEngine[Any]] = {
    str: Text(),
    bool: Boolean(),
    int: Integer(),
    UUID: Uuid(),
    datetime: DateTime(timezone=True),
    AwareDatetime: DateTime(timezone=True),
    date: Date(),
}

# no primary key, because the table has only one row
INSTALLATION = Table(
    "installation",
    Base.metadata,
    Column("exercise", Boolean, nullable=False),
    Column("contract", Integer, nullable=False),
)


def _fields(record: type) -> dict[str, Any]:
    hints = get_type_hints(record)
    return {name: hints[name] for name in record.model_fields} if issubclass(record, BaseModel) else hints


def _column(hint: Any) -> MappedColumn[Any]:
    types = [kind for kind in get_args(hint) if kind is not NoneType] if _is_union(hint) else [hint]
    return mapped_column(_sql_type(types[0]), nullable=_is_union(hint))


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, UnionType)


def _sql_type(hint: Any) -> TypeEngine[Any]:
    if get_origin(hint) in (tuple, frozenset):
        return ARRAY(Text)
    return next(sql_type for python_type, sql_type in SQL_TYPES.items() if issubclass(hint, python_type))


def table(model: type[Base]) -> Table:
    """For COPY and for statements of SQLAlchemy Core."""
    return cast(Table, model.__table__)
