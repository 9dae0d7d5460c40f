"""Reports if a person reads unusually many household records. The reads are not refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from shared import log
from shared.audit import AUDIT, Action, Result
from shared.auth.tokens import Principal

MOST_AN_HOUR = 60
MOST_FOUND_AN_HOUR = 600  # in an hour, searches may find this many households; one search shows up to 50
MOST_SEARCHES_AN_HOUR = 120  # searches without a result count, too, because somebody may be testing telephone numbers
SHOWN = timedelta(hours=24)

# Audit entries with these paths count as opened records: households, histories, held reports, dead letters, and the
# pages of groups and sites. Entries of lists are not counted. Entries of authors who open their own reports are
# counted, too.
PATHS = (
    "GET /registry/v1/households/{household_id}",
    "GET /registry/households/{household_id}",
    "GET /registry/groups/{group_id}",
    "GET /registry/sites/{site_id}",
    "GET /registry/v1/held/{outcome_id}",
    "GET /registry/v1/dead-letters/openings/{opening_id}",
)
# if a page shows households as duplicates, the subject of its audit entry begins with these words
DUPLICATES = "duplicates of "
SEARCHES = ("POST /registry/v1/households:search", "POST /registry/search")


def read_at(*paths: str) -> ColumnElement[bool]:
    is_there = or_(*(AUDIT.c.subject.startswith(path, autoescape=True) for path in paths))
    return and_(AUDIT.c.action == Action.READ, AUDIT.c.result == Result.DONE, is_there)


OPENED, FOUND, SEARCHED = read_at(*PATHS), read_at(*SEARCHES, DUPLICATES), read_at(*SEARCHES)
HOUSEHOLD = func.unnest(AUDIT.c.objects).column_valued("household_id", joins_implicitly=True)
HOUSEHOLDS = func.count(HOUSEHOLD.distinct())
ENTRIES = func.count(AUDIT.c.id.distinct())
HOUR = func.date_trunc("hour", AUDIT.c.at)


class UnusualKind(StrEnum):
    OPENED = "opened"
    FOUND = "found"
    SEARCHED = "searched"


WARNINGS = {
    UnusualKind.OPENED: "unusually many records opened",
    UnusualKind.FOUND: "unusually many households found",
    UnusualKind.SEARCHED: "unusually many searches for households",
}


class Limit(NamedTuple):
    """Reads are unusual if the `amount` of an hour is larger than `most`.

    `amount` is computed over the audit entries that match `where`.
    """

    kind: UnusualKind
    amount: ColumnElement[int]
    where: ColumnElement[bool]
    most: int


LIMITS = (
    Limit(UnusualKind.OPENED, HOUSEHOLDS, OPENED, MOST_AN_HOUR),
    Limit(UnusualKind.FOUND, HOUSEHOLDS, FOUND, MOST_FOUND_AN_HOUR),
    Limit(UnusualKind.SEARCHED, ENTRIES, SEARCHED, MOST_SEARCHES_AN_HOUR),
)


@dataclass(frozen=True, slots=True)
class Unusual:
    """An account that opened or found unusually many records in an hour, or made unusually many searches."""

    account: UUID
    hour: datetime
    count: int
    kind: UnusualKind


async def watch(session: AsyncSession, caller: Principal) -> None:
    """Log a warning if the account read unusually many records within an hour.

    The caller must write the audit entry first.
    """
    for limit in LIMITS:
        is_recent = AUDIT.c.at > func.now() - timedelta(hours=1)
        own = counted(limit).where(AUDIT.c.account == caller.account, is_recent)
        if (count := await session.scalar(own) or 0) > limit.most:
            log.get().warning(WARNINGS[limit.kind], account=caller.author, count=count)


def counted(limit: Limit, *columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns, limit.amount).select_from(AUDIT).where(limit.where)


async def unusual(session: AsyncSession, now: datetime) -> Sequence[Unusual]:
    """The accounts that opened or found unusually many records in an hour, or searched unusually often.

    The latest hour comes first.
    """
    read = [
        Unusual(account, hour, count, limit.kind)
        for limit in LIMITS
        for account, hour, count in await session.execute(hours_with_more(limit, now))
    ]
    return sorted(read, key=attrgetter("hour"), reverse=True)


def hours_with_more(limit: Limit, now: datetime) -> Select[Any]:
    by_hour = counted(limit, AUDIT.c.account, HOUR).where(AUDIT.c.at > now - SHOWN)
    return by_hour.group_by(AUDIT.c.account, HOUR).having(limit.amount > limit.most)
