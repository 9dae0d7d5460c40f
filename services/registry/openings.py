"""Whole records of households: who opens them states why, and who opens unusually many is noticed and never blocked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import log
from shared.auth.tokens import Principal, Role
from shared.web.problems import Problem

MOST_AN_HOUR = 60
SHOWN = timedelta(hours=24)
NEED_NO_PURPOSE = frozenset({Role.REGISTRAR})  # it is their daily work

# What opens a record, and not what lists them. An author who reads back the own report is none of it:
# no role of an office.
OPENED = "action = 'read' AND result = 'done' AND subject LIKE 'GET /registry/v1/households/{household\\_id}%'"
LAST_HOUR = text(f"""
SELECT count(DISTINCT household_id) FROM audit, unnest(objects) AS household_id
WHERE account = :account AND at > now() - interval '1 hour' AND {OPENED}
""")  # noqa: S608 - put together from constants
UNUSUAL = text(f"""
SELECT account, date_trunc('hour', at) AS hour, count(DISTINCT household_id) AS households
FROM audit, unnest(objects) AS household_id WHERE at > :since AND {OPENED}
GROUP BY account, date_trunc('hour', at) HAVING count(DISTINCT household_id) > :most ORDER BY hour DESC
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Unusual:
    """An account that opened more than the usual number of households in an hour."""

    account: UUID
    hour: datetime
    households: int


def may_open(caller: Principal) -> None:
    """Raises a problem where a purpose must be stated first, once for each emergency and shift."""
    if not caller.purpose and caller.roles.isdisjoint(NEED_NO_PURPOSE):
        title = "State first what household records are opened for: once for each emergency and shift."
        raise Problem(403, "purpose-needed", title)


async def watch(session: AsyncSession, caller: Principal) -> None:
    """Call it after the reading was noted; each further one above the usual number is logged."""
    households = await session.scalar(LAST_HOUR, {"account": caller.account}) or 0
    if households > MOST_AN_HOUR:
        log.get().warning("unusually many households opened", account=caller.author, households=households)


async def unusual(session: AsyncSession, now: datetime) -> Sequence[Unusual]:
    """Latest hour first."""
    rows = await session.execute(UNUSUAL, {"since": now - SHOWN, "most": MOST_AN_HOUR})
    return [Unusual(row.account, row.hour, row.households) for row in rows]
