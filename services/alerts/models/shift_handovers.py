"""The table of handovers between shifts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import AlertsModel


class ShiftHandoverRow(AlertsModel):
    """`sealed` has the encrypted notes of the shift. `areas` are sorted."""

    __tablename__ = "shift_handovers"
    __table_args__ = (Index(None, "areas", "handed_over_at"),)

    handover_id: Mapped[UUID] = mapped_column(primary_key=True)
    handed_over_at: Mapped[datetime]
    from_account: Mapped[UUID]
    from_name: Mapped[str]
    to_account: Mapped[UUID]
    to_name: Mapped[str]
    areas: Mapped[list[str]] = mapped_column(ARRAY(Text))
    sealed: Mapped[bytes]
