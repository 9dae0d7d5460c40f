"""Binds an identity in a channel, such as a Telegram user, to the account of the person.

The person sends the code from the identity, which proves that the account belongs to this person.

A person draws a code while signed in to the console. The code works once, within 15 minutes. The database has only a
keyed digest of the code.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import Binding, BindingCode, BindingTries
from services.alerts.receivers.secrets import WebhookSecrets
from shared.auth.tokens import Role
from shared.events.short_codes import ALPHABET, folded_code
from shared.events.vocabulary import DeliveryChannel

VALID = timedelta(minutes=15)
CODE_SYMBOLS = 10  # Ten symbols are 50 random bits.
MOST_FAILURES = 5  # An identity may send this number of wrong codes within VALID.


@dataclass(frozen=True, slots=True)
class BoundPerson:
    """A bound person has the account and the rights that the account had at `issued_at`.

    `issued_at` is the time of the sign-in from which the code was drawn. The binding ends if the sign-in in which the
    code was drawn is revoked.
    """

    account: UUID
    name: str
    roles: frozenset[Role]
    areas: tuple[str, ...]
    issued_at: datetime


class CodeRefusal(StrEnum):
    # People are not told whether the code is unknown, used or expired, so that nobody can guess codes.
    WRONG = "wrong"
    TOO_MANY = "too_many"
    LOCKED = "locked"


async def draw_code(
    session: AsyncSession, box: WebhookSecrets, channel: DeliveryChannel, holder: BoundPerson, now: datetime
) -> str:
    """Makes the account's former code invalid. The caller commits."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_SYMBOLS))
    values = {
        **_columns(holder),
        "digest": box.code_digests(code)[0],
        "drawn_at": now,
    }
    row = insert(BindingCode).values(channel=channel.value, **values)
    await session.execute(row.on_conflict_do_update(index_elements=["channel", "account_id"], set_=values))
    await session.execute(delete(BindingCode).where(BindingCode.drawn_at < now - VALID))
    return f"{code[: CODE_SYMBOLS // 2]}-{code[CODE_SYMBOLS // 2 :]}"


async def bind(
    session: AsyncSession, box: WebhookSecrets, channel: DeliveryChannel, identity: str, typed: str, now: datetime
) -> BoundPerson | CodeRefusal:
    """Binds the identity to the code's account. Former bindings of the identity and of the account end.

    The caller commits also after a refusal, because each wrong code is counted.
    """
    failures = await _failures(session, channel, identity, now)
    if failures > MOST_FAILURES:
        return CodeRefusal.LOCKED
    if failures == MOST_FAILURES:
        await _count_failure(session, channel, identity, failures, now)
        return CodeRefusal.TOO_MANY
    code = await _used(session, box, channel, typed, now)
    if code is None:
        await _count_failure(session, channel, identity, failures, now)
        return CodeRefusal.WRONG
    former = or_(Binding.account_id == code.account_id, Binding.identity == identity)
    await session.execute(delete(Binding).where(Binding.channel == channel.value, former))
    holder = person_of(code)
    row = insert(Binding).values(channel=channel.value, identity=identity, bound_at=now, **_columns(holder))
    await session.execute(row)
    return holder


async def bind_account(session: AsyncSession, channel: DeliveryChannel, holder: BoundPerson, now: datetime) -> None:
    """Binds the signed-in account in a channel that needs no code, such as SMS.

    For SMS, the settings of receivers say which account has which number. The caller commits.
    """
    values = {**_columns(holder), "bound_at": now}
    row = insert(Binding).values(channel=channel.value, identity=str(holder.account), **values)
    await session.execute(row.on_conflict_do_update(index_elements=["channel", "identity"], set_=values))


async def burn(session: AsyncSession, box: WebhookSecrets, channel: DeliveryChannel, typed: str, now: datetime) -> None:
    """Makes the code invalid, because other people may have read the code."""
    await _used(session, box, channel, typed, now)


async def person(session: AsyncSession, channel: DeliveryChannel, identity: str) -> BoundPerson | None:
    row = await session.get(Binding, (channel.value, identity), populate_existing=True)
    return None if row is None else person_of(row)


async def of_account(session: AsyncSession, channel: DeliveryChannel, account: UUID) -> Binding | None:
    return (await session.scalars(select(Binding).filter_by(channel=channel.value, account_id=account))).one_or_none()


async def newest_of(session: AsyncSession, account: UUID) -> BoundPerson | None:
    return next(iter(await newest_of_each(session, [account])), None)


async def newest_of_each(session: AsyncSession, accounts: Sequence[UUID]) -> list[BoundPerson]:
    newest = select(Binding).ext(distinct_on(Binding.account_id)).where(Binding.account_id.in_(accounts))
    rows = await session.scalars(newest.order_by(Binding.account_id, Binding.issued_at.desc()))
    return [person_of(row) for row in rows]


async def everyone(session: AsyncSession, channel: DeliveryChannel) -> Sequence[Binding]:
    return (await session.scalars(select(Binding).filter_by(channel=channel.value).order_by(Binding.name))).all()


async def unbind(session: AsyncSession, channel: DeliveryChannel, account: UUID) -> bool:
    """Returns whether the account was bound. Makes an unused code of the account invalid, too."""
    for model in (BindingCode, Binding):
        ended = delete(model).filter_by(channel=channel.value, account_id=account).returning(model.account_id)
        was_bound = await session.scalar(ended) is not None
    return was_bound


def person_of(row: Binding | BindingCode) -> BoundPerson:
    return BoundPerson(row.account_id, row.name, frozenset(map(Role, row.roles)), tuple(row.areas), row.issued_at)


def _columns(holder: BoundPerson) -> dict[str, Any]:
    return {
        "account_id": holder.account,
        "name": holder.name,
        "roles": sorted(holder.roles),
        "areas": list(holder.areas),
        "issued_at": holder.issued_at,
    }


async def _failures(session: AsyncSession, channel: DeliveryChannel, identity: str, now: datetime) -> int:
    tries = await session.get(BindingTries, (channel.value, identity), populate_existing=True, with_for_update=True)
    return tries.failures if tries is not None and tries.began_at > now - VALID else 0


async def _count_failure(
    session: AsyncSession, channel: DeliveryChannel, identity: str, failures: int, now: datetime
) -> None:
    values = {"failures": failures + 1, **({} if failures else {"began_at": now})}
    row = insert(BindingTries).values(channel=channel.value, identity=identity, **{"began_at": now, **values})
    await session.execute(row.on_conflict_do_update(index_elements=["channel", "identity"], set_=values))
    await session.execute(delete(BindingTries).where(BindingTries.began_at < now - VALID))


async def _used(
    session: AsyncSession, box: WebhookSecrets, channel: DeliveryChannel, typed: str, now: datetime
) -> BindingCode | None:
    digests = box.code_digests(folded_code(typed))
    wanted = (BindingCode.channel == channel.value, BindingCode.digest.in_(digests))
    used = delete(BindingCode).where(*wanted, BindingCode.drawn_at > now - VALID).returning(BindingCode)
    return (await session.scalars(used)).one_or_none()
