"""The sites, the households at sites, and the movements of everybody at a site."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.models.base import RegistryModel, WrappedKey


class Site(RegistryModel):
    """`needs` maps each need of the site to the time when it was first stated.

    `sealed` has the person in charge, encrypted with the site's key. `sealed` is None if nobody is known to be in
    charge.
    """

    __tablename__ = "sites"
    __table_args__ = (Index(None, "pcode"),)

    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    name_ky: Mapped[str | None]
    name_ru: Mapped[str | None]
    name_en: Mapped[str | None]
    type: Mapped[str]
    state: Mapped[str]
    pcode: Mapped[str]
    locality: Mapped[str | None]
    locality_pcode: Mapped[str | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    capacity: Mapped[int | None]
    needs: Mapped[dict[str, Any]]
    sealed: Mapped[bytes | None]
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID]


class SiteKey(WrappedKey, RegistryModel):
    """A site has a key only if its person in charge is known."""

    __tablename__ = "site_keys"

    site_id: Mapped[UUID] = mapped_column(primary_key=True)


class SiteReportKey(WrappedKey, RegistryModel):
    """The data key of the reports about everybody at a site."""

    __tablename__ = "site_report_keys"

    site_id: Mapped[UUID] = mapped_column(primary_key=True)


class HouseholdSiteKey(RegistryModel):
    """The table tells which households a movement of everybody at a site concerns.

    The table has a search key instead of the site's id, because the database alone must not reveal where a household
    is.
    """

    __tablename__ = "household_site_keys"

    site_key: Mapped[bytes] = mapped_column(primary_key=True)
    household_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)


class ResidentSum(RegistryModel):
    """The last published sum of the registered people at a site (`shared.events.SiteResidentsChanged`).

    The sum is over a multiple of five households, so that it reveals no single household.
    """

    __tablename__ = "resident_sums"

    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    persons: Mapped[int]
    households: Mapped[int]


class SitePassage(RegistryModel):
    """Registered displaced people who left a site at `moved_at`, by a reported movement of their household.

    Movements of everybody at a site have no rows here, because they change the counts at the site. `sites/passages.py`
    explains `came_at`. In rows of earlier releases of Dayar, `came_at` is None. Only the previous release of Dayar
    writes rows with `is_arrival`.
    """

    __tablename__ = "site_passages"

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    site_key: Mapped[bytes] = mapped_column(index=True)
    is_arrival: Mapped[bool]
    status: Mapped[str]
    persons: Mapped[int]
    moved_at: Mapped[datetime]
    came_at: Mapped[datetime | None]


class SiteResident(RegistryModel):
    """Registered displaced people who are at a site now. `sites/passages.py` explains `came_at`.

    The table has a search key instead of the site's id, because the database alone must not reveal where a household
    is.
    """

    __tablename__ = "site_residents"

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    site_key: Mapped[bytes] = mapped_column(index=True)
    status: Mapped[str]
    persons: Mapped[int]
    came_at: Mapped[datetime]


class HouseholdSite(RegistryModel):
    """A site of a household, with the unencrypted id of the site. Only the previous release of Dayar writes these rows.

    The next release of Dayar drops the table.
    """

    __tablename__ = "household_sites"

    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    household_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)


class UnjudgedHousehold(RegistryModel):
    """A household to which the worker must still apply a movement of everybody at a site.

    `movements` is the number of movements that the worker must evaluate.
    """

    __tablename__ = "unjudged_households"

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    movements: Mapped[int]
