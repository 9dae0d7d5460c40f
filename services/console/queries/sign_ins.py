"""Queries for the sign-ins of an account from browsers and phones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import Account, SignIn
from shared import audit
from shared.audit import Action, Entry
from shared.auth.tokens import Principal

KEPT_AFTER_END = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Device:
    """A phone of an account. `expires_at` is the end of the phone's newest token."""

    device: UUID
    first_at: datetime
    seen_at: datetime
    expires_at: datetime
    is_ended: bool


async def record(session: AsyncSession, principal: Principal, *, address: str, browser: str) -> None:
    """Stores a sign-in. Deletes the account's sign-ins that expired more than 90 days ago."""
    now = datetime.fromtimestamp(principal.issued_at, UTC)
    ended = SignIn.expires_at < now - KEPT_AFTER_END
    await session.execute(delete(SignIn).where(SignIn.account_id == principal.account, ended))
    session.add(row_of(principal, address, browser))
    await audit.add(
        session,
        Entry(
            action=Action.SIGNED_IN,
            account=principal.account,
            token=principal.jti,
            address=address,
            objects=[principal.device] if principal.device else [],
        ),
    )


def record_token(session: AsyncSession, principal: Principal, *, address: str) -> None:
    """Stores a token of another system, so that administrators are warned before it expires."""
    session.add(row_of(principal, address, ""))


def row_of(principal: Principal, address: str, browser: str) -> SignIn:
    now = datetime.fromtimestamp(principal.issued_at, UTC)
    return SignIn(
        jti=principal.jti,
        account_id=principal.account,
        channel=principal.channel,
        device=principal.device,
        address=address,
        browser=browser,
        signed_in_at=now,
        seen_at=now,
        expires_at=ends_at(principal),
        ended_at=None,
    )


async def end_token(session: AsyncSession, jti: UUID, now: datetime) -> None:
    await session.execute(update(SignIn).where(SignIn.jti == jti).values(ended_at=now))


async def renew(session: AsyncSession, principal: Principal, now: datetime) -> None:
    values = {"seen_at": now, "expires_at": ends_at(principal)}
    await session.execute(update(SignIn).where(SignIn.jti == principal.jti).values(values))


async def open_ones(session: AsyncSession, account: Account, now: datetime) -> Sequence[SignIn]:
    wanted = select(SignIn).where(*_is_open(account, now)).order_by(SignIn.seen_at.desc())
    return (await session.scalars(wanted)).all()


async def last_contacts(session: AsyncSession) -> dict[UUID, datetime]:
    rows = await session.execute(
        select(SignIn.account_id, func.max(SignIn.seen_at).label("seen_at")).group_by(SignIn.account_id)
    )
    return {row.account_id: row.seen_at for row in rows}


async def end(session: AsyncSession, account_id: UUID, jti: UUID, now: datetime) -> SignIn | None:
    """Ends a sign-in. Returns None if the account does not have the sign-in."""
    mine = SignIn.account_id == account_id, SignIn.jti == jti
    return await session.scalar(update(SignIn).where(*mine).values(ended_at=now).returning(SignIn))


async def devices(session: AsyncSession, account: Account, now: datetime) -> list[Device]:
    is_open = func.bool_or(_lives(account, now))
    rows = await session.execute(
        select(
            SignIn.device, func.min(SignIn.signed_in_at), func.max(SignIn.seen_at), func.max(SignIn.expires_at), is_open
        )
        .where(SignIn.account_id == account.account_id, SignIn.device.is_not(None))
        .group_by(SignIn.device)
        .order_by(func.max(SignIn.seen_at).desc())
    )
    return [Device(device, first, seen, expires, not lives) for device, first, seen, expires, lives in rows]


async def end_device(session: AsyncSession, account_id: UUID, device: UUID, now: datetime) -> bool:
    """Ends all sign-ins of a phone. Returns False if the account has no sign-in on the phone."""
    mine = SignIn.account_id == account_id, SignIn.device == device
    ended = await session.scalars(update(SignIn).where(*mine).values(ended_at=now).returning(SignIn.jti))
    return bool(ended.all())


def _is_open(account: Account, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return SignIn.account_id == account.account_id, _lives(account, now)


def _lives(account: Account, now: datetime) -> ColumnElement[bool]:
    valid_from = account.tokens_valid_from or datetime.min.replace(tzinfo=UTC)
    return and_(SignIn.ended_at.is_(None), SignIn.expires_at > now, SignIn.signed_in_at >= valid_from)


def ends_at(principal: Principal) -> datetime:
    return datetime.fromtimestamp(principal.expires_at, UTC)
