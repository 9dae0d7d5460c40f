"""The questions whether households or groups left because of an event: the answers of people, and the assignments."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.registry.models.base import Assigned, RegistryModel
from shared.messaging.models import Decision


class EventAnswer(Decision, RegistryModel):
    """The newest answer about a report is valid. `household_id` is the id of a household or of a group.

    The answer concerns the departure from `origin_pcode` at `occurred_at`. The answer has no effect if a correction of
    the report states another departure. The hazard is None if the answer is "no".
    """

    __tablename__ = "event_answers"

    household_id: Mapped[UUID] = mapped_column(index=True)
    report_id: Mapped[UUID]
    origin_pcode: Mapped[str]
    occurred_at: Mapped[datetime]
    answer: Mapped[str]
    hazard_id: Mapped[UUID | None]
    hazard_type: Mapped[str | None]


class EventAssignment(Assigned, RegistryModel):
    __tablename__ = "event_assignments"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
