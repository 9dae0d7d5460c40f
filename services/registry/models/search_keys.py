"""The search keys of households, and the duplicates that are found with them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, Table, Uuid
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.models.base import RegistryModel


class HouseholdSearchKeys(RegistryModel):
    """All keys of a household are in one row, because one row for each key would take more CPU time.

    The pending list of the GIN index is kept short, because each search reads the whole list.
    """

    __tablename__ = "search_keys"
    __table_args__ = (Index(None, "keys", postgresql_using="gin", postgresql_with={"gin_pending_list_limit": 256}),)

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    keys: Mapped[list[bytes]] = mapped_column(postgresql.ARRAY(LargeBinary))


class DuplicatePair(RegistryModel):
    """Two records that probably describe the same household. `household_id` is the smaller id."""

    __tablename__ = "duplicate_pairs"
    __table_args__ = (Index(None, "found_at", "household_id"),)

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    other_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    reasons: Mapped[list[str]]
    found_at: Mapped[datetime]


class DuplicateReview(RegistryModel):
    """The person to whom a pair is assigned, and the answer that the pair describes two different households.

    `reasons` are the pair's reasons at the time of the answer. A pair waits for an answer again if a new reason is
    found.
    """

    __tablename__ = "duplicate_reviews"

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    other_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    assignee: Mapped[UUID | None]
    because: Mapped[str | None]
    account: Mapped[UUID | None]
    answered_at: Mapped[datetime | None]
    reasons: Mapped[list[str] | None]


# Lists households that the worker must compare with other households. The table has no key, because an index would make
# inserts slower, so several rows may name a household.
UNCOMPARED = Table("uncompared_households", RegistryModel.metadata, Column("household_id", Uuid, nullable=False))
