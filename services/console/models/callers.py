"""Who called, and where the hazard of a call was first reported."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from services.console.models.base import ConsoleModel


class StoredCaller(ConsoleModel):
    __tablename__ = "callers"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    author: Mapped[UUID]
    noted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sealed: Mapped[bytes]


class CalledReport(ConsoleModel):
    """The caller is stored under the id of the report."""

    __tablename__ = "called_reports"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    hazard_id: Mapped[UUID] = mapped_column(index=True)


class CallerReading(ConsoleModel):
    """One read of a caller's data, recorded by an earlier version of Dayar and copied to the security log."""

    __tablename__ = "caller_readings"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    report_id: Mapped[UUID]
    account_id: Mapped[UUID]
    read_at: Mapped[datetime] = mapped_column(server_default=func.now())


class FirstArea(ConsoleModel):
    """If a hazard's place changes, the area of the first report still decides who may read the caller's data."""

    __tablename__ = "first_areas"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    pcodes: Mapped[list[str]]
