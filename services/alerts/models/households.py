"""The displaced households, their departures, and counts of the households that live in a district or left it."""

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
    """How many households with the same kind of mobility live in a district.

    A trigger on `households` updates the rows.
    """

    __tablename__ = "resident_counts"
    __table_args__ = COUNTER

    status: Mapped[str] = mapped_column(primary_key=True)
    area: Mapped[str] = mapped_column(primary_key=True)
    mobility: Mapped[str] = mapped_column(primary_key=True)
    households: Mapped[int]


class DepartureCount(AlertsModel):
    """How many households left one district on the same dates and are now together in one district.

    A trigger on `departures` updates the rows. `moves` lists the departures of these households ("2026-06-15
    displacement"), so that a household with several departures is counted once. `destination` is "" if the place is
    unknown or abroad. The previous release of Dayar reads the view `departure_counts`, which has no destinations.
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
