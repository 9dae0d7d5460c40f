"""The reports with their outcomes and codes, and the key of their digests."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, cast, func, text
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.models.base import RegistryModel


class Report(RegistryModel):
    """`clear` has the unencrypted fields as JSON."""

    __tablename__ = "reports"
    __table_args__ = (Index("ix_reports_held", "received_at", postgresql_where=text("outcome = 'held'")),)

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    author: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(index=True)
    team: Mapped[UUID | None]
    channel: Mapped[str]
    received_at: Mapped[datetime]
    places_version: Mapped[str | None]
    flags: Mapped[list[str]]
    registrar_areas: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    status: Mapped[str]
    digest: Mapped[bytes]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    outcome_id: Mapped[UUID]
    clear: Mapped[str]
    sealed: Mapped[bytes]


CODE_CHARACTERS = 4  # the code of a report is the end of its id
CODE = func.right(cast(Report.report_id, Text), text(str(CODE_CHARACTERS)))
Index("ix_reports_code", CODE)


class CodedMovement(RegistryModel):
    """A movement that waits for a household with its short code.

    `wrong_at` is the time from which the code counts as a wrong code of the author. `wrong_at` is NULL if the code was
    not compared, because the author had sent too many wrong codes. A report also gets a row, for one hour, if it gives
    its household a code that another household has.
    """

    __tablename__ = "coded_movements"
    __table_args__ = (
        Index(None, "author", "wrong_at"),
        Index("ix_coded_movements_paused", "compared_at", postgresql_where=text("wrong_at IS NULL")),
        Index("ix_coded_movements_wrong", "compared_at", postgresql_where=text("wrong_at IS NOT NULL")),
    )

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    author: Mapped[UUID] = mapped_column(primary_key=True)
    compared_at: Mapped[datetime]
    wrong_at: Mapped[datetime | None]


class DigestKey(RegistryModel):
    """The newest key with which the stored digests were computed. The table has one row."""

    __tablename__ = "digest_key"

    key_id: Mapped[str] = mapped_column(primary_key=True)
