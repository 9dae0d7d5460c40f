"""Reports unusually many reads of one person in an hour. The reads themselves are not refused."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from shared import log
from shared.audit import AUDIT, Action, Result
from shared.auth.tokens import Principal

SHOWN = timedelta(hours=24)
HOUR = func.date_trunc("hour", AUDIT.c.at)
ENTRIES = func.count(AUDIT.c.id.distinct())


class Limit(NamedTuple):
    """A limit on the reads of an hour. `amount` is computed from the audit entries that match `where`.

    If `amount` exceeds `most`, the process logs `warning`.
    """

    kind: str
    warning: str
    amount: ColumnElement[int]
    where: ColumnElement[bool]
    most: int


@dataclass(frozen=True, slots=True)
class Unusual:
    """An hour with unusually many reads. `kind` names the exceeded limit."""

    account: UUID
    hour: datetime
    count: int
    kind: str


def read_at(*paths: str) -> ColumnElement[bool]:
    """Selects the successful reads whose subject begins with one of the paths."""
    is_there = or_(*(AUDIT.c.subject.startswith(path, autoescape=True) for path in paths))
    return and_(AUDIT.c.action == Action.READ, AUDIT.c.result == Result.DONE, is_there)


async def watch(session: AsyncSession, caller: Principal, limits: Iterable[Limit]) -> None:
    """Logs a warning if the caller has exceeded a limit. The caller's newest audit entry must be stored before."""
    for limit in limits:
        is_recent = AUDIT.c.at > func.now() - timedelta(hours=1)
        own = counted(limit).where(AUDIT.c.account == caller.account, is_recent)
        if (count := await session.scalar(own) or 0) > limit.most:
            log.get().warning(limit.warning, account=caller.author, count=count)


def counted(limit: Limit, *columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns, limit.amount).select_from(AUDIT).where(limit.where)


async def unusual(session: AsyncSession, now: datetime, limits: Iterable[Limit]) -> Sequence[Unusual]:
    """Returns the hours of the last day with unusually many reads, the latest first."""
    read = [
        Unusual(account, hour, count, limit.kind)
        for limit in limits
        for account, hour, count in await session.execute(hours_with_more(limit, now))
    ]
    return sorted(read, key=attrgetter("hour"), reverse=True)


def hours_with_more(limit: Limit, now: datetime) -> Select[Any]:
    by_hour = counted(limit, AUDIT.c.account, HOUR).where(AUDIT.c.at > now - SHOWN)
    return by_hour.group_by(AUDIT.c.account, HOUR).having(limit.amount > limit.most)
