"""The households with their members and keys."""

from uuid import UUID

from sqlalchemy import Index, SmallInteger, false, text
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.models.base import Moved, Registered, RegistryModel, WrappedKey


class Household(Registered, Moved, RegistryModel):
    """`current_pcode` and `current_country` are the present place of the household.

    `search_root_id` and `search_folding` are the `search.keys.KeyVersion` of the search keys. Rows of the previous
    release of Dayar have no present place, and have the folding version 1. When the worker makes search keys for a row
    of the previous release, it adds the present place and the version. `site_root_id` is the id of the root of the site
    keys, and empty until there are site keys. `site_rows` is the version `rows.SITE_ROWS` of the rows about the
    household's sites. In rows of the previous release of Dayar, `site_rows` is 0.
    """

    __tablename__ = "households"
    __table_args__ = (
        Index(None, "changed_at", "household_id"),
        Index("ix_households_urgent", "changed_at", "household_id", postgresql_where=text("is_urgent")),
        Index(None, "search_root_id", "search_folding"),
        Index("ix_households_old_site_rows", "household_id", postgresql_where=text("site_rows < 1")),
    )

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    persons: Mapped[int]
    is_urgent: Mapped[bool] = mapped_column(server_default=false())
    current_pcode: Mapped[str | None]
    current_country: Mapped[str | None]
    search_root_id: Mapped[str] = mapped_column(server_default="")
    search_folding: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    site_root_id: Mapped[str] = mapped_column(server_default="", index=True)
    site_rows: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))


class Member(RegistryModel):
    __tablename__ = "members"
    __table_args__ = (Index(None, "birth_year", "household_id"),)

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger)
    row_version: Mapped[int]
    sex: Mapped[str]
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    relationship: Mapped[str]
    sealed: Mapped[bytes]


class HouseholdKey(WrappedKey, RegistryModel):
    """Each household with a filed report has a key.

    `sealed_code` is the short code that the registry drew, encrypted with the key. A change of the household replaces
    its row in `households`, but not the row with the key.
    """

    __tablename__ = "household_keys"

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed_code: Mapped[bytes | None]
