"""Stores which sources have a lifted budget."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import AlertsModel


class BudgetLift(AlertsModel):
    """Until `lifted_until`, the source may raise any number of alerts."""

    __tablename__ = "budget_lifts"

    source: Mapped[str] = mapped_column(primary_key=True)
    lifted_until: Mapped[datetime]
    account_id: Mapped[UUID]
