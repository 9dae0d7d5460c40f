"""The registry's tables that are spoken of by SQLAlchemy."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from shared.messaging.decisions import Decision
from shared.postgres.database import Base


class HeldDecision(Decision, Base):
    """On the report whose outcome, `held`, is named.

    `is_expiry_only`: accepted as if the phone's sign-in had not ended; who may write the household is judged as usual.
    """

    __tablename__ = "held_decisions"

    outcome_id: Mapped[UUID]
    is_accepted: Mapped[bool]
    is_expiry_only: Mapped[bool] = mapped_column(default=False)
