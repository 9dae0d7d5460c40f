"""The table of silences."""

from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import AlertsModel
from services.alerts.silences.silences import Silence


class SilenceRow(AlertsModel, record=Silence):
    """If a person ends a silence early, `ends_at` becomes the time of this action."""

    __tablename__ = "silences"
    __table_args__ = (Index(None, "ends_at"),)

    silence_id: Mapped[UUID] = mapped_column(primary_key=True)
    sources: Mapped[list[str]] = mapped_column(server_default="{}")
