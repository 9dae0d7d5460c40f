"""Checks that readers of household records state a purpose. Unusually many reads are reported, but not refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from shared import log
from shared.audit import AUDIT, Action, Result
from shared.auth.tokens import Principal, Role
from shared.web.problems import Problem

MOST_AN_HOUR = 60
MOST_FOUND_AN_HOUR = 600  # a single search shows up to 50 households
SHOWN = timedelta(hours=24)
NEED_NO_PURPOSE = frozenset({Role.REGISTRAR})  # reading records is a registrar's daily work

# The audit entries of opened household records, histories, pages and held reports. Lists are not included.
# Entries of authors who open their own reports are counted too.
PATHS = (
    "GET /registry/v1/households/{household_id}",
    "GET /registry/households/{household_id}",
    "GET /registry/v1/held/{outcome_id}",
)
SEARCHES = ("POST /registry/v1/households:search", "POST /registry/search")


def read_at(*paths: str) -> ColumnElement[bool]:
    is_there = or_(*(AUDIT.c.subject.startswith(path, autoescape=True) for path in paths))
    return and_(AUDIT.c.action == Action.READ, AUDIT.c.result == Result.DONE, is_there)


OPENED, FOUND = read_at(*PATHS), read_at(*SEARCHES)
HOUSEHOLD = func.unnest(AUDIT.c.objects).column_valued("household_id", joins_implicitly=True)
HOUSEHOLDS = func.count(HOUSEHOLD.distinct())
HOUR = func.date_trunc("hour", AUDIT.c.at)


@dataclass(frozen=True, slots=True)
class Unusual:
    """An account that opened unusually many households in an hour, or found unusually many by searches."""

    account: UUID
    hour: datetime
    households: int
    is_search: bool


def may_open(caller: Principal) -> None:
    """Raise Problem if the caller has not stated a purpose. A purpose is needed once for each emergency and shift."""
    if not caller.purpose and caller.roles.isdisjoint(NEED_NO_PURPOSE):
        title = "State first what household records are opened for: once for each emergency and shift."
        raise Problem(403, "purpose-needed", title)


async def watch(session: AsyncSession, caller: Principal) -> None:
    """Log a warning if the account opened too many records within an hour. The audit entry must already be written."""
    if (households := await read_in_an_hour(session, caller, OPENED)) > MOST_AN_HOUR:
        log.get().warning("unusually many households opened", account=caller.author, households=households)


async def watch_searches(session: AsyncSession, caller: Principal) -> None:
    """Log a warning if the account found too many households within an hour, like `watch`."""
    if (households := await read_in_an_hour(session, caller, FOUND)) > MOST_FOUND_AN_HOUR:
        log.get().warning("unusually many households found", account=caller.author, households=households)


async def read_in_an_hour(session: AsyncSession, caller: Principal, where: ColumnElement[bool]) -> int:
    is_recent = AUDIT.c.at > func.now() - timedelta(hours=1)
    read = select(HOUSEHOLDS).select_from(AUDIT).where(AUDIT.c.account == caller.account, is_recent, where)
    return await session.scalar(read) or 0


async def unusual(session: AsyncSession, now: datetime) -> Sequence[Unusual]:
    """The accounts that opened or found unusually many records, the latest hour first."""
    read = [
        Unusual(account, hour, households, is_search)
        for is_search, where, most in ((False, OPENED, MOST_AN_HOUR), (True, FOUND, MOST_FOUND_AN_HOUR))
        for account, hour, households in await session.execute(hours_with_more(most, where, now))
    ]
    return sorted(read, key=lambda each: each.hour, reverse=True)


def hours_with_more(most: int, where: ColumnElement[bool], now: datetime) -> Select[Any]:
    return (
        select(AUDIT.c.account, HOUR, HOUSEHOLDS)
        .where(AUDIT.c.at > now - SHOWN, where)
        .group_by(AUDIT.c.account, HOUR)
        .having(most < HOUSEHOLDS)
    )
