"""The tables of displaced households and their departures, with counts by district."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import COUNTER, AlertsModel
from services.alerts.projections import Departure, DisplacedHousehold


class HouseholdRow(AlertsModel, record=DisplacedHousehold):
    """Only the previous release of Dayar reads `occurred_on` and `is_day`."""

    __tablename__ = "households"
    __table_args__ = (
        Index(None, "destination_area", "departed_on"),
        Index("ix_households_hazard_id", "hazard_id", postgresql_where=text("hazard_id IS NOT NULL")),
    )

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    occurred_on: Mapped[date] = mapped_column(server_default="1900-01-01")
    is_day: Mapped[bool] = mapped_column(server_default=false())
    has_other_cause: Mapped[bool] = mapped_column(server_default=false())
    is_trapped: Mapped[bool] = mapped_column(server_default=false())


class DepartureRow(AlertsModel, record=Departure):
    __tablename__ = "departures"
    __table_args__ = (Index(None, "area", "occurred_on"),)

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    household_id: Mapped[UUID] = mapped_column(index=True)
    persons: Mapped[int] = mapped_column(server_default="1")


class ResidentCount(AlertsModel):
    """Counts the households with one kind of mobility that live in one district.

    A trigger on `households` keeps the rows up to date.
    """

    __tablename__ = "resident_counts"
    __table_args__ = COUNTER

    status: Mapped[str] = mapped_column(primary_key=True)
    area: Mapped[str] = mapped_column(primary_key=True)
    mobility: Mapped[str] = mapped_column(primary_key=True)
    households: Mapped[int]


class DepartureCount(AlertsModel):
    """Counts households that left one district on the same dates, and that are now in one district.

    A trigger on `departures` keeps the rows up to date. `moves` lists all departures of these households, such as
    "2026-06-15 displacement", so that a household with several departures is counted once. `destination` is "" for an
    unknown place and for a place abroad. The view `departure_counts`, which the previous release of Dayar reads, has no
    destinations.
    """

    __tablename__ = "departed_by_destination"
    __table_args__ = (
        Index(None, "area", "last_on"),
        Index("ix_departed_by_destination_again", "area", "last_on", postgresql_where=text("cardinality(moves) > 1")),
        COUNTER,
    )

    status: Mapped[str] = mapped_column(primary_key=True)
    area: Mapped[str] = mapped_column(primary_key=True)
    moves: Mapped[list[str]] = mapped_column(primary_key=True)
    destination: Mapped[str] = mapped_column(primary_key=True)
    last_on: Mapped[date]
    households: Mapped[int]
    persons: Mapped[int]
