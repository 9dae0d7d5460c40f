"""The columns that several tables of the registry have in common."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from shared.postgres import models


class RegistryModel(models.Base):
    __abstract__ = True
    metadata = models.metadata()


class Registered:
    """`report_id` and `version` identify the report of the current displacement."""

    status: Mapped[str]
    author: Mapped[UUID]
    team: Mapped[UUID | None]
    report_id: Mapped[UUID]
    version: Mapped[int]
    sequence: Mapped[int]
    row_version: Mapped[int]
    registered_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    sealed: Mapped[bytes]


class Moved:
    origin_pcode: Mapped[str | None]
    origin_country: Mapped[str | None]
    destination_pcode: Mapped[str | None]
    destination_country: Mapped[str | None]


class Assigned:
    account: Mapped[UUID]
    assigned_by: Mapped[UUID]
    assigned_at: Mapped[datetime] = mapped_column(server_default=func.now())


class WrappedKey:
    """A data key, encrypted with the key-encryption key `kek_id`."""

    kek_id: Mapped[str]
    wrapped: Mapped[bytes]
