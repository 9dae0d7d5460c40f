"""Limits what an account learns if its list contains the head of a household that another team has sent.

Without limits, an account could upload invented lists to learn who is registered. An account learns only of households
that the account may search anyway. The security log contains each match. The number of matches in an hour is limited.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.sheets import queries
from shared import audit, log
from shared.audit import AUDIT, Entry
from shared.auth.tokens import Principal
from shared.places import Places

REASON = "changed_elsewhere"
WINDOW = timedelta(hours=1)
# The largest number of matches within WINDOW, equal to the number of rows in the largest sheet.
MOST = 2_000


class TooManyMatches(Exception):
    """The account's lists of the last hour match too many reports of other teams."""


async def matches(
    session: AsyncSession, head_ids: Collection[UUID], *, principal: Principal, team: Collection[UUID], places: Places
) -> dict[UUID, UUID]:
    """Return the heads that another team has sent, with their reports, if the place is in the account's areas."""
    heads = await queries.heads_of_others(session, head_ids, team)
    return {id: report_id for id, report_id, pcode in heads if principal.covers(pcode, places)}


async def record(session: AsyncSession, entry: Entry, report_ids: Collection[UUID]) -> None:
    """Raises TooManyMatches."""
    # Without the lock, two concurrent requests of an account would not count each other's matches.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"matches {entry.account}", 0))))
    earlier = select(func.unnest(AUDIT.c.objects)).where(
        AUDIT.c.account == entry.account, AUDIT.c.reason == REASON, AUDIT.c.at > func.now() - WINDOW
    )
    count = len({*(await session.scalars(earlier)), *report_ids})
    if count > MOST:
        log.get().warning("lists match unusually many households", account=str(entry.account), count=count)
        raise TooManyMatches
    await audit.add(session, replace(entry, objects=sorted(report_ids), reason=REASON))
