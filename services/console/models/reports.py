"""Outcomes of reports, and the persons to whom dead letters are assigned."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from services.console.models.base import ConsoleModel


class ReportOutcome(ConsoleModel):
    """An outcome of a report. Several reports can have the same `report_id`, so the key is the outcome's own id."""

    __tablename__ = "board_outcomes"

    outcome_id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID]
    version: Mapped[int]
    consumer: Mapped[str]
    kind: Mapped[str]
    status: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    settled_at: Mapped[datetime] = mapped_column(index=True)


class LetterAssignment(ConsoleModel):
    """The person who handles the dead letters of one service, topic and reason."""

    __tablename__ = "letter_assignments"

    service: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[UUID]
    assigned_by: Mapped[UUID]
    assigned_at: Mapped[datetime] = mapped_column(server_default=func.now())
