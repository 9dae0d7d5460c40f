"""Remembers which stock the last event about each held count stated, so that an event is published only on a change.

Many recorded counts may concern one held count (`counts.py`). Most of them leave its stock as it was.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.held.people import HeldChange
from services.registry.models import HeldStock
from shared.events.displacements import GroupClear
from shared.postgres.upsert import upsert

COLUMNS = (HeldStock.group_id, HeldStock.report_id, HeldStock.version, HeldStock.author, HeldStock.stock_id)


async def unpublished(
    session: AsyncSession, changes: Sequence[HeldChange], stocks: Mapping[str, UUID]
) -> Sequence[HeldChange]:
    """Leaves out the held counts of which the last event stated the same. Remembers the others.

    `stocks` maps the report ids of counts to their stocks. The caller has locked the groups.
    """
    groups = {UUID(change.filed.subject[1]): change for change in changes if isinstance(change.filed.clear, GroupClear)}
    if not groups:
        return changes
    rows = await session.execute(select(*COLUMNS).where(HeldStock.group_id.in_(groups)))
    known = {row.group_id: row._asdict() for row in rows}
    stated = {group_id: stated_by(change, stocks) for group_id, change in groups.items() if change.is_held}
    unchanged = {group_id for group_id, stock in stated.items() if known.get(group_id) == stock}
    await upsert(session, HeldStock, [stock for group_id, stock in stated.items() if group_id not in unchanged])
    if ended := groups.keys() - stated.keys():
        await session.execute(delete(HeldStock).where(HeldStock.group_id.in_(ended)))
    return [change for change in changes if UUID(change.filed.subject[1]) not in unchanged]


def stated_by(change: HeldChange, stocks: Mapping[str, UUID]) -> dict[str, Any]:
    """The row of the count: the version of the report, and its stock."""
    filed = change.filed
    return {
        "group_id": UUID(filed.subject[1]),
        "report_id": UUID(filed.report_id),
        "version": filed.clear.version,
        "author": UUID(filed.author),
        "stock_id": stocks[filed.report_id],
    }
