"""The answers of people whether households or groups left because of an event, and who is to answer."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.models.base import RegistryModel
from shared.messaging.models import Decision


class EventAnswer(Decision, RegistryModel):
    """A person's answer whether people left because of a hazard. The newest answer about a report is valid.

    `household_id` is the id of the household, or of the group. The answer concerns the departure from `origin_pcode` at
    `occurred_at`. If the report is corrected and states another departure, the answer has no effect. If the answer is
    "no", it has no hazard.
    """

    __tablename__ = "event_answers"

    household_id: Mapped[UUID] = mapped_column(index=True)
    report_id: Mapped[UUID]
    origin_pcode: Mapped[str]
    occurred_at: Mapped[datetime]
    answer: Mapped[str]
    hazard_id: Mapped[UUID | None]
    hazard_type: Mapped[str | None]


class EventAssignment(RegistryModel):
    """The person who is to answer whether the people of this report left because of an event."""

    __tablename__ = "event_assignments"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[UUID]
    assigned_by: Mapped[UUID]
    assigned_at: Mapped[datetime] = mapped_column(server_default=func.now())
