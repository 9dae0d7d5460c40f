"""The base of all SQLAlchemy models: types, and the names of constraints and indexes.

The models of tables that several services have use `Base` itself. Each service has an abstract subclass with its own
metadata, because two services may have a table of the same name; its `models.py` lists the shared tables too.
The tests compare the migrations with the models. Triggers, functions and grants are in the migrations and in
provisioning alone.
"""

from datetime import datetime
from typing import Any, ClassVar, cast

from sqlalchemy import ARRAY, Boolean, Column, DateTime, Double, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

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
    """Times are instants, strings and lists are text, objects are JSONB."""

    metadata = metadata()
    type_annotation_map: ClassVar = {
        datetime: DateTime(timezone=True),
        str: Text,
        float: Double,
        list[str]: ARRAY(Text),
        list[int]: ARRAY(Integer),
        dict[str, Any]: JSONB,
    }


# Without a primary key: it has one row.
INSTALLATION = Table(
    "installation",
    Base.metadata,
    Column("exercise", Boolean, nullable=False),
    Column("contract", Integer, nullable=False),
)


def table(model: type[Base]) -> Table:
    """The model's table, for COPY and for statements of SQLAlchemy Core."""
    return cast(Table, model.__table__)
