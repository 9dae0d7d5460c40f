"""The table of message templates, which are the centre's own wording."""

from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.message_templates.templates import MessageTemplate
from services.alerts.models.base import AlertsModel


class MessageTemplateRow(AlertsModel, record=MessageTemplate):
    """An empty hazard or severity stands for all hazards or severities."""

    __tablename__ = "message_templates"

    hazard: Mapped[str] = mapped_column(primary_key=True)
    severity: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
