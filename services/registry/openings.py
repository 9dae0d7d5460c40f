"""Checks that readers of household records state a purpose. Unusually many reads are reported, but not refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import log
from shared.audit import AUDIT, Action, Result
from shared.auth.tokens import Principal, Role
from shared.web.problems import Problem

MOST_AN_HOUR = 60
SHOWN = timedelta(hours=24)
NEED_NO_PURPOSE = frozenset({Role.REGISTRAR})  # reading records is a registrar's daily work

# The audit entries of opened household records and histories, not of lists.
# Entries of authors who open their own reports are counted too.
PATH = "GET /registry/v1/households/{household_id}"
OPENED = and_(
    AUDIT.c.action == Action.READ, AUDIT.c.result == Result.DONE, AUDIT.c.subject.startswith(PATH, autoescape=True)
)
HOUSEHOLD = func.unnest(AUDIT.c.objects).column_valued("household_id", joins_implicitly=True)
HOUSEHOLDS = func.count(HOUSEHOLD.distinct())
HOUR = func.date_trunc("hour", AUDIT.c.at)


@dataclass(frozen=True, slots=True)
class Unusual:
    """An account that opened the records of unusually many households in an hour."""

    account: UUID
    hour: datetime
    households: int


def may_open(caller: Principal) -> None:
    """Raise Problem if the caller has not stated a purpose. A purpose is needed once for each emergency and shift."""
    if not caller.purpose and caller.roles.isdisjoint(NEED_NO_PURPOSE):
        title = "State first what household records are opened for: once for each emergency and shift."
        raise Problem(403, "purpose-needed", title)


async def watch(session: AsyncSession, caller: Principal) -> None:
    """Log a warning if the account opened too many records within an hour. The audit entry must already be written."""
    is_own = AUDIT.c.account == caller.account
    opened = select(HOUSEHOLDS).select_from(AUDIT).where(is_own, AUDIT.c.at > func.now() - timedelta(hours=1), OPENED)
    households = await session.scalar(opened) or 0
    if households > MOST_AN_HOUR:
        log.get().warning("unusually many households opened", account=caller.author, households=households)


async def unusual(session: AsyncSession, now: datetime) -> Sequence[Unusual]:
    """The accounts that opened unusually many records, the latest hour first."""
    hours = (
        select(AUDIT.c.account, HOUR, HOUSEHOLDS)
        .where(AUDIT.c.at > now - SHOWN, OPENED)
        .group_by(AUDIT.c.account, HOUR)
        .having(HOUSEHOLDS > MOST_AN_HOUR)
        .order_by(HOUR.desc())
    )
    return [Unusual(account, hour, households) for account, hour, households in await session.execute(hours)]
