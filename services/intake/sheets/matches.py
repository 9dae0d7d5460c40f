"""Rows of a list whose heads another team has sent: which of them an account may learn of, and how many an hour.

An account could otherwise upload invented lists, and learn from the verdicts who is registered. It learns only of
households in its areas, which it may also search for. Each such row is in the security log, like a search.
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
MOST = 2_000  # matched reports of an account within WINDOW: as many as the largest list has rows


class TooManyMatches(Exception):
    """The account's lists of the last hour match too many reports of other teams."""


async def matches(
    session: AsyncSession, head_ids: Collection[UUID], *, principal: Principal, team: Collection[UUID], places: Places
) -> dict[UUID, UUID]:
    """For each head that another team has sent from the account's areas, the report of this team."""
    heads = await queries.heads_of_others(session, head_ids, team)
    return {id: report_id for id, report_id, pcode in heads if principal.covers(pcode, places)}


async def record(session: AsyncSession, entry: Entry, report_ids: Collection[UUID]) -> None:
    """Write the matched reports to the security log. Raises TooManyMatches."""
    # two requests of an account would otherwise count separately
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"matches {entry.account}", 0))))
    earlier = select(func.unnest(AUDIT.c.objects)).where(
        AUDIT.c.account == entry.account, AUDIT.c.reason == REASON, AUDIT.c.at > func.now() - WINDOW
    )
    count = len({*(await session.scalars(earlier)), *report_ids})
    if count > MOST:
        log.get().warning("lists match unusually many households", account=str(entry.account), count=count)
        raise TooManyMatches
    await audit.add(session, replace(entry, objects=sorted(report_ids), reason=REASON))
