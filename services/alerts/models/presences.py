"""The open boards, and the accounts that have opened one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import AlertsModel


class BoardPresence(AlertsModel):
    __tablename__ = "presences"

    board_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    last_input_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class ActingAccount(AlertsModel):
    """The account had the right to act on alerts at the time `seen_at`, when it had a board open."""

    __tablename__ = "acting_accounts"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


class DisabledAccount(AlertsModel):
    """A person with a disabled account never counts as on duty."""

    __tablename__ = "disabled_accounts"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
