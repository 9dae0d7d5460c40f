"""The escalation policies."""

from typing import Any

from sqlalchemy import false
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import AlertsModel


class PolicyRow(AlertsModel):
    __tablename__ = "escalation_policies"

    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    areas: Mapped[list[str]]
    hazards: Mapped[list[str]]
    severities: Mapped[list[str]]
    repeats: Mapped[int]
    ends: Mapped[bool] = mapped_column(server_default=false())
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
