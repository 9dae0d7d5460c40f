"""The people who called, and the areas where their hazards were first reported."""

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
    """The report of a caller. The caller's data are in `callers`, under the same `report_id`."""

    __tablename__ = "called_reports"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    hazard_id: Mapped[UUID] = mapped_column(index=True)


class CallerReading(ConsoleModel):
    """Reads of callers' data under an earlier version of Dayar, which a migration copied to the security log."""

    __tablename__ = "caller_readings"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    report_id: Mapped[UUID]
    account_id: Mapped[UUID]
    read_at: Mapped[datetime] = mapped_column(server_default=func.now())


class FirstArea(ConsoleModel):
    """The area of the first report decides who may read the caller's data, even if the hazard's place changes later."""

    __tablename__ = "first_areas"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    pcodes: Mapped[list[str]]
