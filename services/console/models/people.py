"""Displaced people on the board: households, counted groups and sites."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import false
from sqlalchemy.orm import Mapped, mapped_column

from services.console.models.base import ConsoleModel


class BoardHousehold(ConsoleModel):
    __tablename__ = "board_households"

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    status: Mapped[str]
    origin_pcode: Mapped[str | None]
    origin_country: Mapped[str | None]
    destination_pcode: Mapped[str | None]
    destination_country: Mapped[str | None]
    persons: Mapped[int]
    mobility: Mapped[str]
    hazard_type: Mapped[str | None]
    occurred_on: Mapped[date]
    is_urgent: Mapped[bool] = mapped_column(server_default=false())
    registered_at: Mapped[datetime | None]  # None until the event of the registration arrives
    # `confirmed_at` is None in rows written before migration 0030.
    evacuation: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]  # somebody saw the people at this time, or earlier on the same day
    is_return_presumed: Mapped[bool] = mapped_column(server_default=false())


class BoardGroup(ConsoleModel):
    __tablename__ = "board_groups"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    status: Mapped[str]
    stock_id: Mapped[UUID]
    superseded_by: Mapped[UUID | None]
    group_id: Mapped[UUID | None]  # None in rows written before migration 0034
    measure: Mapped[str]
    mobility: Mapped[str]
    persons: Mapped[int]
    persons_estimated: Mapped[bool]
    households: Mapped[int | None]
    household_unit: Mapped[str]
    counted_at: Mapped[datetime]
    origin_pcode: Mapped[str | None]
    origin_country: Mapped[str | None]
    origin_locality: Mapped[str | None]
    origin_locality_pcode: Mapped[str | None]
    destination_pcode: Mapped[str | None]
    destination_country: Mapped[str | None]
    destination_locality: Mapped[str | None]
    destination_locality_pcode: Mapped[str | None]
    site_id: Mapped[UUID | None]
    shelter: Mapped[str]
    reported_at: Mapped[datetime | None]  # None in rows written by earlier versions of Dayar
    covers_site: Mapped[bool] = mapped_column(server_default=false())
    is_urgent: Mapped[bool] = mapped_column(server_default=false())
    confirmed_at: Mapped[datetime | None]
    is_return_presumed: Mapped[bool] = mapped_column(server_default=false())


class BoardSite(ConsoleModel):
    __tablename__ = "board_sites"

    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    pcode: Mapped[str]
    locality: Mapped[str | None]
    locality_pcode: Mapped[str | None]
    name_ky: Mapped[str | None]
    name_ru: Mapped[str | None]
    name_en: Mapped[str | None]
