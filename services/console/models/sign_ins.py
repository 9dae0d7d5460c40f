"""Sign-ins, known browsers, and the second factors of administrators."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from services.console.models.base import ConsoleModel


class SignIn(ConsoleModel):
    """A sign-in of a browser or phone, or a token of another system.

    A sign-in is renewed while its browser or phone is in use. A token of another system is never renewed.
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
    """A browser or phone of an account. `browser` is the SHA-256 of its secret mark."""

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
    """A recovery code. `code` is a SHA-256, so the table does not contain the code itself."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[bytes] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]
