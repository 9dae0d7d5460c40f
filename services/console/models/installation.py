"""Notices for administrators, and the checks of the installation."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity
from sqlalchemy.orm import Mapped, mapped_column

from services.console.models.base import ConsoleModel


class Notice(ConsoleModel):
    """A notice for administrators.

    `account` is the name of an existing account, so it cannot contain a typed password.
    """

    __tablename__ = "notices"

    notice_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    account: Mapped[str | None]
    address: Mapped[str | None]
    figures: Mapped[dict[str, Any]]
    raised_at: Mapped[datetime] = mapped_column(index=True)


class StoredCheck(ConsoleModel):
    __tablename__ = "checks"

    name: Mapped[str] = mapped_column(primary_key=True)
    checked_at: Mapped[datetime]
    is_well: Mapped[bool | None]
    figure: Mapped[float | None]
    due_at: Mapped[datetime | None]
