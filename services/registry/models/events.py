"""The answers of people whether households left because of an event."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.registry.models.base import RegistryModel
from shared.messaging.models import Decision


class EventAnswer(Decision, RegistryModel):
    """A person's answer whether a household left because of a hazard. The newest answer about a report is valid.

    The answer concerns the departure from `origin_pcode` at `occurred_at`. If the report is corrected and states
    another departure, the answer has no effect. If the answer is "no", it has no hazard.
    """

    __tablename__ = "event_answers"

    household_id: Mapped[UUID] = mapped_column(index=True)
    report_id: Mapped[UUID]
    origin_pcode: Mapped[str]
    occurred_at: Mapped[datetime]
    answer: Mapped[str]
    hazard_id: Mapped[UUID | None]
    hazard_type: Mapped[str | None]
