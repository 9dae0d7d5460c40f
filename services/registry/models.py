"""The registry's tables that are spoken of by SQLAlchemy."""

from uuid import UUID

from sqlalchemy.orm import Mapped

from shared.messaging.decisions import Decision
from shared.postgres.database import Base


class HeldDecision(Decision, Base):
    """On the report whose outcome, `held`, is named."""

    __tablename__ = "held_decisions"

    outcome_id: Mapped[UUID]
    is_accepted: Mapped[bool]
