"""The tables of receivers and their contacts."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, false
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.models.base import AlertsModel
from services.alerts.receivers.receivers import Contact, Receiver


class ReceiverRow(AlertsModel, record=Receiver):
    """`secrets` sign the messages to the first contact, if this contact is a webhook."""

    __tablename__ = "receivers"
    __table_args__ = (CheckConstraint("step >= 0", name="step"),)

    label: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    language: Mapped[str]
    wait_seconds: Mapped[int | None]
    is_internal: Mapped[bool] = mapped_column(server_default=false())
    kind: Mapped[str] = mapped_column(server_default="post")
    is_duty_head: Mapped[bool] = mapped_column(server_default=false())
    hazards: Mapped[list[str]] = mapped_column(server_default="{}")
    hours: Mapped[list[str]] = mapped_column(server_default="{}")
    secret: Mapped[bytes | None]
    former_secret: Mapped[bytes | None]


class RemovedReceiver(AlertsModel):
    """If a new receiver gets the label of a removed receiver, the older deliveries do not count for the new one."""

    __tablename__ = "removed_receivers"

    label: Mapped[str] = mapped_column(primary_key=True)
    removed_at: Mapped[datetime]


class ContactRow(AlertsModel, record=Contact):
    """A receiver has at most one contact for each channel."""

    __tablename__ = "contacts"

    label: Mapped[str] = mapped_column(ForeignKey("receivers.label", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str]
    wait_seconds: Mapped[int | None]
    position: Mapped[int]
    secret: Mapped[bytes | None]
    former_secret: Mapped[bytes | None]
