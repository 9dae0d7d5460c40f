"""Computes the counts of the same people again, after a person has chosen between differing counts."""

# raw SQL throughout: the statements take locks

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.counts.pools import OTHERS, CountPool, headcount
from services.registry.counts.recounts import Recount, changes_of
from services.registry.models import CountDecision
from services.registry.storage import Store
from shared.events.vocabulary import ReportKind
from shared.postgres import database

GROUPS_OF = "SELECT DISTINCT group_id FROM counts WHERE report_id = ANY($1::uuid[])"


async def recount_chosen(session: AsyncSession, decision: CountDecision, store: Store, now: datetime) -> Recount:
    """Computes the two counts, and all counts that change with the two counts.

    Takes a lock, so that no other worker computes counts meanwhile.
    """
    await session.execute(database.advisory_lock("same places"))
    connection = await database.driver(session)
    rows = await connection.fetch(GROUPS_OF, [decision.report_id, decision.other_id])
    groups = [str(row["group_id"]) for row in rows]
    movements = await store.movements_of(ReportKind.GROUP_MOVEMENT, groups)
    own = [headcount(row, store.places) for row in await connection.fetch(OTHERS, [], [], groups, [])]
    return await changes_of(CountPool(connection, store, own, movements, decision_id=decision.decision_id), (), (), now)
