"""Accounts, their enrolment links and their saved filters."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, false, func, text
from sqlalchemy.orm import Mapped, mapped_column

from services.console.models.base import ConsoleModel


class Account(ConsoleModel):
    __tablename__ = "accounts"
    __table_args__ = (Index("uq_accounts_name", text("lower(name)"), unique=True),)

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    organisation: Mapped[str | None]
    post: Mapped[str | None]
    language: Mapped[str | None]
    telephone: Mapped[bytes | None]  # encrypted, see `administration/telephones.py`
    team: Mapped[UUID | None]
    roles: Mapped[list[str]]
    areas: Mapped[list[str]]
    sources: Mapped[list[str]]
    password_hash: Mapped[str | None]
    must_change: Mapped[bool] = mapped_column(server_default=false())
    password_until: Mapped[datetime | None]
    password_changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    disabled_at: Mapped[datetime | None]
    tokens_valid_from: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # hazards in these areas are granted to another system
    hazard_areas: Mapped[list[str]] = mapped_column(server_default="{}")


class Enrolment(ConsoleModel):
    """A link by which a person sets the account's password. `token` is the SHA-256 of the token.

    The link is valid until `expires_at`, and only while the account's state equals the stored `state`.
    """

    __tablename__ = "enrolments"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    token: Mapped[bytes] = mapped_column(unique=True)
    state: Mapped[str]
    expires_at: Mapped[datetime]


class SavedFilter(ConsoleModel):
    """A saved filter. `query` has the form of the query part of a URL."""

    __tablename__ = "saved_filters"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    filter_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    name: Mapped[str]
    query: Mapped[str]
