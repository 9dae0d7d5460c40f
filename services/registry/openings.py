"""Logs a warning if a person reads unusually many household records. No read is refused because of its number."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from shared.audit import AUDIT
from shared.auth.tokens import Principal
from shared.web import unusual_reads
from shared.web.unusual_reads import ENTRIES, Limit, Unusual, read_at

MOST_AN_HOUR = 60
MOST_FOUND_AN_HOUR = 600  # one search shows up to 50 households
MOST_SEARCHES_AN_HOUR = 120  # searches without a result count, too: somebody may be testing telephone numbers

# Reads of these paths count as opened records, even if authors read their own reports. The look at a list of households
# does not count.
PATHS = (
    "GET /registry/v1/households/{household_id}",
    "GET /registry/households/{household_id}",
    "GET /registry/groups/{group_id}",
    "GET /registry/sites/{site_id}",
    "GET /registry/v1/held/{outcome_id}",
    "GET /registry/v1/dead-letters/openings/{opening_id}",
)
# the subject of an audit entry for a page that shows households as duplicates
DUPLICATES = "duplicates of "
SEARCHES = ("POST /registry/v1/households:search", "POST /registry/search")

OPENED, FOUND, SEARCHED = read_at(*PATHS), read_at(*SEARCHES, DUPLICATES), read_at(*SEARCHES)
HOUSEHOLD = func.unnest(AUDIT.c.objects).column_valued("household_id", joins_implicitly=True)
HOUSEHOLDS = func.count(HOUSEHOLD.distinct())


class UnusualKind(StrEnum):
    OPENED = "opened"
    FOUND = "found"
    SEARCHED = "searched"


LIMITS = (
    Limit(UnusualKind.OPENED, "unusually many records opened", HOUSEHOLDS, OPENED, MOST_AN_HOUR),
    Limit(UnusualKind.FOUND, "unusually many households found", HOUSEHOLDS, FOUND, MOST_FOUND_AN_HOUR),
    Limit(UnusualKind.SEARCHED, "unusually many searches for households", ENTRIES, SEARCHED, MOST_SEARCHES_AN_HOUR),
)


async def watch(session: AsyncSession, caller: Principal) -> None:
    """The caller writes the audit entry first."""
    await unusual_reads.watch(session, caller, LIMITS)


async def unusual(session: AsyncSession, now: datetime) -> Sequence[Unusual]:
    """The latest hour comes first."""
    return await unusual_reads.unusual(session, now, LIMITS)
