"""Queries about differing counts of the same people, and about the choices of people between these counts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.registry.groups.queries import HERE, IN_EFFECT, OF_COUNT
from services.registry.models import CountDecision, GroupCount, GroupStay, Report
from services.registry.places.queries import APPLIED
from services.registry.reports import NEVER
from services.registry.visibility import Visibility
from shared.events.vocabulary import Measure, Status
from shared.messaging import decisions
from shared.postgres import database

MOST = 500
MOST_DECIDED = 100
COLUMNS = (
    GroupCount.stock_id,
    GroupCount.group_id,
    GroupCount.report_id,
    GroupCount.version,
    GroupCount.persons,
    GroupCount.counted_at,
    GroupCount.counted_at_precision,
    GroupCount.changed_at,
)
PAIR = (
    func.least(CountDecision.report_id, CountDecision.other_id),
    func.greatest(CountDecision.report_id, CountDecision.other_id),
)
# A count leaves the list at once when a person finds the count wrong.
IS_REFUSED = exists().where(
    CountDecision.other_id == GroupCount.report_id,
    CountDecision.other_version == GroupCount.version,
    CountDecision.carried_out_at.is_(None),
    ~CountDecision.is_reversed,
)


@dataclass(frozen=True, slots=True)
class Stock:
    """Counts of the same people whose numbers differ: all these counts are in effect. The newest count comes first.

    `stays` maps the report id of each count to the numbers of people who were left after each movement.
    """

    stock_id: UUID
    counts: Sequence[Any]
    stays: Mapping[UUID, Sequence[Any]] = field(default_factory=dict)

    @property
    def since(self) -> datetime:
        """The time when the second count arrived: from this time on, the counts differ."""
        received: list[datetime] = sorted(count.received_at for count in self.counts)
        return received[1]

    def persons_left(self, count: Any) -> int:
        """The people who were at the place just before the newest count.

        Teams disagree if their numbers of people differ too much (docs/decisions/0037).
        """
        at = self.counts[0].counted_at
        if count.changed_at is None or count.changed_at >= at:
            return int(count.persons)
        stays = self.stays.get(count.report_id, ())
        return next((stay.persons for stay in stays if stay.counted_at < at and lasted_until(stay, at)), 0)


def lasted_until(stay: Any, at: datetime) -> bool:
    """Python cannot compare NEVER, which has no time zone, with times that have a time zone."""
    return stay.superseded_at in (None, NEVER) or at <= stay.superseded_at


async def stocks(
    session: AsyncSession, visibility: Visibility, status: Status, ids: Collection[UUID] | None = None
) -> list[Stock]:
    """The stock that has waited longest comes first."""
    in_effect = (IN_EFFECT, GroupCount.measure == Measure.STOCK, GroupCount.status == status, ~IS_REFUSED)
    several = select(GroupCount.stock_id).where(*in_effect).group_by(GroupCount.stock_id).having(func.count() > 1)
    if ids is not None:
        several = several.where(GroupCount.stock_id.in_(ids))
    stated = select(*COLUMNS, Report.author, Report.received_at, Report.clear).join(Report, OF_COUNT)
    wanted = stated.where(*in_effect, GroupCount.stock_id.in_(several), visibility.covers(HERE)).limit(MOST)
    rows = await session.execute(wanted.order_by(GroupCount.stock_id, GroupCount.counted_at.desc()))
    by_stock = {stock_id: list(counts) for stock_id, counts in groupby(rows, key=attrgetter("stock_id"))}
    left = await stays(session, [count.report_id for counts in by_stock.values() for count in counts])
    stocks = [Stock(stock_id, counts, left) for stock_id, counts in by_stock.items() if len(counts) > 1]
    return sorted(stocks, key=lambda stock: stock.since)


async def stays(session: AsyncSession, report_ids: Collection[UUID]) -> dict[UUID, list[Any]]:
    wanted = select(GroupStay.report_id, GroupStay.persons, GroupStay.counted_at, GroupStay.superseded_at)
    left = defaultdict[UUID, list[Any]](list)
    for stay in await session.execute(wanted.where(GroupStay.report_id.in_(report_ids))):
        left[stay.report_id].append(stay)
    return left


async def chosen(session: AsyncSession, visibility: Visibility, ids: Collection[UUID] | None = None) -> Sequence[Any]:
    """Leaves out reversed choices, and choices whose counts were corrected later."""
    wanted = _choices().where(visibility.covers(HERE))
    if ids is not None:
        wanted = wanted.where(CountDecision.decision_id.in_(ids))
    return (await session.execute(wanted.order_by(CountDecision.decided_at.desc()).limit(MOST_DECIDED))).all()


async def choices_about(session: AsyncSession, report_ids: Collection[UUID]) -> Sequence[Any]:
    """Only choices that the worker has executed are returned."""
    either = or_(CountDecision.report_id.in_(report_ids), CountDecision.other_id.in_(report_ids))
    wanted = _choices().where(either, CountDecision.result == APPLIED)
    return (await session.execute(wanted.order_by(CountDecision.decided_at))).all()


def _choices() -> Any:
    """Leaves out reversed choices, and choices about counts that were corrected later."""
    newest = (
        select(CountDecision.decision_id)
        .ext(distinct_on(*PAIR))
        .where(or_(CountDecision.carried_out_at.is_(None), CountDecision.result == APPLIED))
        .order_by(*PAIR, CountDecision.decided_at.desc(), CountDecision.decision_id)
    )
    other = aliased(GroupCount)
    return (
        select(
            CountDecision,
            GroupCount.persons,
            GroupCount.group_id,
            other.persons.label("other_persons"),
            other.group_id.label("other_group"),
            Report.clear,
        )
        .join(
            GroupCount,
            (GroupCount.report_id == CountDecision.report_id) & (GroupCount.version == CountDecision.version),
        )
        .join(other, (other.report_id == CountDecision.other_id) & (other.version == CountDecision.other_version))
        .join(Report, OF_COUNT)
        .where(CountDecision.decision_id.in_(newest), ~CountDecision.is_reversed)
    )


async def lock(session: AsyncSession) -> None:
    """The lock serialises choices: of two choices between the same counts, only the first is stored."""
    await session.execute(database.advisory_lock("count decisions"))


async def store(session: AsyncSession, made: Iterable[CountDecision]) -> None:
    await decisions.write(session, *made)
