"""The tables of people who may act by messages, and of the codes that bind them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import AlertsModel


class Binding(AlertsModel):
    """A row permits a person to act on alerts by messages in a channel.

    `identity` is the person's id in the channel, such as a Telegram user id. Name, roles and areas are those of the
    account at `issued_at`. The binding ends when the account's rights change.
    """

    __tablename__ = "bindings"
    __table_args__ = (UniqueConstraint("channel", "account_id"),)

    channel: Mapped[str] = mapped_column(primary_key=True)
    identity: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    name: Mapped[str]
    roles: Mapped[list[str]]
    areas: Mapped[list[str]]
    issued_at: Mapped[datetime]
    bound_at: Mapped[datetime]


class BindingCode(AlertsModel):
    """The code itself is not stored, but its keyed digest `digest`.

    The code is valid for 15 minutes after `drawn_at`.
    """

    __tablename__ = "binding_codes"
    __table_args__ = (UniqueConstraint("digest"),)

    channel: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes]
    name: Mapped[str]
    roles: Mapped[list[str]]
    areas: Mapped[list[str]]
    issued_at: Mapped[datetime]
    drawn_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BindingTries(AlertsModel):
    __tablename__ = "binding_tries"

    channel: Mapped[str] = mapped_column(primary_key=True)
    identity: Mapped[str] = mapped_column(primary_key=True)
    began_at: Mapped[datetime]
    failures: Mapped[int]
