"""The registry's SQLAlchemy models."""

from uuid import UUID

from sqlalchemy import SmallInteger, func
from sqlalchemy.orm import Mapped, mapped_column

from shared.messaging.decisions import Decision
from shared.postgres.database import Base


class HeldDecision(Decision, Base):
    """A decision about the held report with this outcome.

    `is_expiry_only`: accepted as if the phone's sign-in had not expired; the right to change the household is checked.
    """

    __tablename__ = "held_decisions"

    outcome_id: Mapped[UUID]
    is_accepted: Mapped[bool]
    is_expiry_only: Mapped[bool] = mapped_column(default=False)


class DataVersion(Base):
    """Versions of the displacements: each transaction that writes some sets the version in its connection's slot.

    The rows and the trigger that sets them are made by the migration.
    """

    __tablename__ = "data_versions"

    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    version: Mapped[UUID] = mapped_column(server_default=func.gen_random_uuid())
