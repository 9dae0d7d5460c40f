"""Stores which accounts are known to have the right to act on alerts.

Only the console knows which account has which roles. The service learns of the right only when an account opens a board
or is bound in a channel. Only operators and duty heads can do either. A stored row is ignored if the account's rights
have changed since the row was stored.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts import assignees, bindings
from services.alerts.acts.assignees import Access
from services.alerts.alerts import Alert
from services.alerts.models import ActingAccount
from services.alerts.queries import plans as plan_queries
from services.alerts.views import Assignee
from shared.auth.role_groups import CMC
from shared.auth.tokens import Ancestry
from shared.events import CredentialKind
from shared.postgres.upsert import upsert


async def note(session: AsyncSession, account: UUID, now: datetime) -> None:
    """The caller commits."""
    await upsert(session, ActingAccount, [{"account_id": account, "seen_at": now}])


async def may_act(session: AsyncSession, account: UUID, access: Access) -> bool:
    """After a change of the account's rights or password, returns False until the right is known anew."""
    return account in await _acting(session, [account], access)


async def offered(
    session: AsyncSession,
    alerts: Sequence[Alert],
    places: Ancestry,
    access: Access,
    now: datetime,
    *,
    besides: UUID | None,
) -> list[Assignee]:
    plan = await plan_queries.plan(session, now)
    of_each = [assignees.in_order(alert, plan, places, access, now, besides=besides) for alert in alerts]
    accounts = [{person.account_id for person in people} for people in of_each]
    people = (
        [person for person in of_each[0] if all(person.account_id in others for others in accounts)] if of_each else []
    )
    return await known_to_act(session, people, access)


async def known_to_act(session: AsyncSession, people: Sequence[Assignee], access: Access) -> list[Assignee]:
    acting = await _acting(session, [person.account_id for person in people], access)
    return [person for person in people if person.account_id in acting]


async def _acting(session: AsyncSession, accounts: Sequence[UUID], access: Access) -> set[UUID]:
    seen = select(ActingAccount.account_id, ActingAccount.seen_at).where(ActingAccount.account_id.in_(accounts))
    known_at = [(account, seen_at) for account, seen_at in await session.execute(seen)]
    bound = await bindings.newest_of_each(session, accounts)
    known_at += [(person.account, person.issued_at) for person in bound if not CMC.isdisjoint(person.roles)]
    return {
        account
        for account, instant in known_at
        if not access.ends([(CredentialKind.ACCOUNT, account)], int(instant.timestamp()))
    }
