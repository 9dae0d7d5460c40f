"""Opening household records: callers must state a purpose; unusually many openings are reported, never blocked."""

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
NEED_NO_PURPOSE = frozenset({Role.REGISTRAR})  # opening records is their daily work

# Audit entries of opened records, without lists. An author who reads back the own report has no office role and is
# not counted.
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
    """An account that opened unusually many households in an hour."""

    account: UUID
    hour: datetime
    households: int


def may_open(caller: Principal) -> None:
    """Raise Problem if the caller must state a purpose first, once for each emergency and shift."""
    if not caller.purpose and caller.roles.isdisjoint(NEED_NO_PURPOSE):
        title = "State first what household records are opened for: once for each emergency and shift."
        raise Problem(403, "purpose-needed", title)


async def watch(session: AsyncSession, caller: Principal) -> None:
    """Log each opening above the hourly limit. Call after the audit entry is written."""
    households = await session.scalar(LAST_HOUR, {"account": caller.account}) or 0
    if households > MOST_AN_HOUR:
        log.get().warning("unusually many households opened", account=caller.author, households=households)


async def unusual(session: AsyncSession, now: datetime) -> Sequence[Unusual]:
    """Accounts with unusually many openings, latest hour first."""
    rows = await session.execute(UNUSUAL, {"since": now - SHOWN, "most": MOST_AN_HOUR})
    return [Unusual(row.account, row.hour, row.households) for row in rows]
