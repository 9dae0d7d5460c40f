"""The tables of open boards, of accounts that opened a board, and of disabled accounts."""

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
    """At `seen_at`, the account had a board open, and therefore the right to act on alerts."""

    __tablename__ = "acting_accounts"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


class DisabledAccount(AlertsModel):
    """A person whose account is disabled counts as on duty only if everybody in the roster is disabled."""

    __tablename__ = "disabled_accounts"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
