"""Which accounts may act on alerts, as far as the alerts service knows. Only the console knows the roles of accounts.

An account is known to have the right to act if it has opened a board, or bound itself in a channel, since its rights
were last changed. Only operators and duty heads can do this.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts import bindings
from services.alerts.acts.assignees import Access
from services.alerts.models import ActingAccount
from shared.auth.access import CMC
from shared.events import CredentialKind
from shared.postgres.upsert import upsert


async def note(session: AsyncSession, account: UUID, now: datetime) -> None:
    """Stores that the account has the right to act now. The caller commits."""
    await upsert(session, ActingAccount, [{"account_id": account, "seen_at": now}])


async def may_act(session: AsyncSession, account: UUID, access: Access) -> bool:
    """Whether the account is known to have the right to act. A change of its password or rights ends this knowledge."""
    seen_at = await session.scalar(select(ActingAccount.seen_at).filter_by(account_id=account))
    person = await bindings.newest_of(session, account)
    bound_at = person.issued_at if person is not None and not CMC.isdisjoint(person.roles) else None
    return any(
        not access.ends([(CredentialKind.ACCOUNT, account)], int(known_at.timestamp()))
        for known_at in (seen_at, bound_at)
        if known_at is not None
    )
