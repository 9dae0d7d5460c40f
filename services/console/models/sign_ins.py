"""Sign-ins, known browsers, and the second factors of administrators."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from services.console.models.base import ConsoleModel


class SignIn(ConsoleModel):
    """A sign-in is renewed while the page or phone is in use.

    The token of another system is a row of this table, too, and is never renewed.
    """

    __tablename__ = "sign_ins"

    jti: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(index=True)
    channel: Mapped[str]
    device: Mapped[UUID | None]
    address: Mapped[str]
    browser: Mapped[str]
    signed_in_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class KnownBrowser(ConsoleModel):
    """`browser` is the SHA-256 of the text that identifies the browser or phone."""

    __tablename__ = "known_browsers"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    browser: Mapped[bytes] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


class SecondFactor(ConsoleModel):
    """`last_step` is the last time step (of 30 seconds) whose code was accepted."""

    __tablename__ = "second_factors"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    last_step: Mapped[int] = mapped_column(BigInteger)
    confirmed_at: Mapped[datetime]


class RecoveryCode(ConsoleModel):
    """`code` is the SHA-256 of the code."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[bytes] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]
