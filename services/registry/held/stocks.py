"""Stores the facts of each held count, and the stock that the last event about the count stated.

Many recorded counts may concern a held count (`counts.py`), but few of them change its stock. An event is published
only if the stock has changed.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.counts.headcounts import Headcount
from services.registry.held.people import HeldChange
from services.registry.models import HeldStock
from shared.events.displacements import GroupClear
from shared.events.vocabulary import DISPLACED, Measure
from shared.postgres.models import table
from shared.postgres.upsert import upsert


async def unpublished(
    session: AsyncSession,
    changes: Sequence[HeldChange],
    counts: Mapping[str, Headcount],
    stocks: Mapping[str, UUID],
) -> Sequence[HeldChange]:
    """Returns the held counts whose facts differ from the last event, and stores these facts.

    The caller has locked the groups.
    """
    groups = {UUID(change.filed.subject[1]): change for change in changes if isinstance(change.filed.clear, GroupClear)}
    if not groups:
        return changes
    rows = await session.execute(select(*table(HeldStock).columns).where(HeldStock.group_id.in_(groups)))
    known = {row.group_id: row._asdict() for row in rows}
    stated = {
        group_id: stated_by(change, counts[change.filed.report_id], stocks)
        for group_id, change in groups.items()
        if change.is_held
    }
    unchanged = {group_id for group_id, stock in stated.items() if known.get(group_id) == stock}
    await upsert(session, HeldStock, [stock for group_id, stock in stated.items() if group_id not in unchanged])
    if ended := groups.keys() - stated.keys():
        await session.execute(delete(HeldStock).where(HeldStock.group_id.in_(ended)))
    return [change for change in changes if UUID(change.filed.subject[1]) not in unchanged]


def stated_by(change: HeldChange, count: Headcount, stocks: Mapping[str, UUID]) -> dict[str, Any]:
    clear = count.clear
    is_displaced = clear.measure is Measure.STOCK and clear.mobility in DISPLACED
    return {
        "group_id": UUID(count.group_id),
        "report_id": UUID(count.report_id),
        "version": clear.version,
        "author": UUID(change.filed.author),
        "stock_id": stocks[count.report_id],
        "status": clear.status.value,
        "persons": clear.persons,
        "is_counted": is_displaced and clear.destination.pcode is not None,
        "origin_pcode": clear.origin.pcode,
        "destination_pcode": clear.destination.pcode,
        "hazard_id": clear.hazard_id,
        "site_id": count.site_id,
        "covers_site": count.covers_site,
        "counted_at": count.counted_at,
        "reported_at": clear.reported_at,
    }
