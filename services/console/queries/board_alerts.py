"""Queries for the board's sections of alerts: open alerts, and alerts closed in the last day."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, and_, case, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import BoardAlert, BoardDelivery
from services.console.queries.snapshots import ALL, RECENT
from services.console.sections import UNACKNOWLEDGED, Section
from shared.events.vocabulary import Demand, Severity, Status
from shared.postgres.arrays import any_of

SEVEREST_FIRST = {severity: rank for rank, severity in enumerate(Severity)}
URGENT = (Severity.EXTREME, Severity.SEVERE)
MOST_RINGING = 50

IS_RAISED = and_(~BoardAlert.is_suppressed, BoardAlert.status != Status.DRAFT)
IS_OPEN = BoardAlert.resolved_at.is_(None)
_UNSEEN = and_(IS_OPEN, BoardAlert.is_unseen, BoardAlert.acknowledged_at.is_(None))
HOLDS: Mapping[Section, ColumnElement[bool]] = {
    Section.WAITING: and_(IS_OPEN, not_(_UNSEEN), BoardAlert.acknowledged_at.is_(None)),
    Section.UNSEEN: _UNSEEN,
    Section.ACKNOWLEDGED: and_(IS_OPEN, BoardAlert.acknowledged_at.is_not(None), BoardAlert.progressed_at.is_(None)),
    Section.IN_PROGRESS: and_(IS_OPEN, BoardAlert.acknowledged_at.is_not(None), BoardAlert.progressed_at.is_not(None)),
    Section.CLOSED: not_(IS_OPEN),
}
_SECTION = case(*((held, section.value) for section, held in HOLDS.items()))


@dataclass(frozen=True, slots=True)
class SectionAlerts:
    alerts: Sequence[BoardAlert]
    counts: Counter[str]

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def hidden(self) -> int:
        return self.total - len(self.alerts)


async def sections(
    session: AsyncSession,
    now: datetime,
    pcodes: Sequence[str] | None,
    most: int,
    is_chosen: ColumnElement[bool] = ALL,
    wanted: Iterable[Section] = Section,
) -> dict[Section, SectionAlerts]:
    """Returns each section with at most `most` alerts, so that many alerts in one section hide no alert in another."""
    numbers = await counts(session, now, pcodes, is_chosen)
    return {
        section: SectionAlerts(
            await _alerts(session, section, now, pcodes, most, is_chosen) if numbers[section] else (), numbers[section]
        )
        for section in wanted
    }


async def counts(
    session: AsyncSession, now: datetime, pcodes: Sequence[str] | None, is_chosen: ColumnElement[bool] = ALL
) -> dict[Section, Counter[str]]:
    wanted = _shown(select(_SECTION, BoardAlert.severity, func.count()), now, pcodes).where(is_chosen)
    rows = await session.execute(wanted.group_by(_SECTION, BoardAlert.severity))
    numbers = {section: Counter[str]() for section in Section}
    for section, severity, count in rows:
        numbers[Section(section)][severity] += count
    return numbers


async def hidden_unacknowledged(
    session: AsyncSession, now: datetime, pcodes: Sequence[str] | None, listed: Mapping[Section, SectionAlerts]
) -> Counter[str]:
    """Counts, by severity, the unacknowledged alerts that the filter of `listed` hides.

    Open alerts that ended without an acknowledgement count too.
    """
    numbers = await counts(session, now, pcodes)
    return sum((numbers[section] - listed[section].counts for section in UNACKNOWLEDGED), Counter[str]())


async def _alerts(
    session: AsyncSession,
    section: Section,
    now: datetime,
    pcodes: Sequence[str] | None,
    most: int,
    is_chosen: ColumnElement[bool],
) -> Sequence[BoardAlert]:
    """Returns the alerts of a section. Closed alerts are sorted by the time of closing, the newest first.

    Open alerts are sorted by three rules: alerts that demand an operator's work first, then the most severe, then the
    oldest.
    """
    severest = case(SEVEREST_FIRST, value=BoardAlert.severity, else_=len(SEVEREST_FIRST))
    order = (
        (BoardAlert.resolved_at.desc(),)
        if section is Section.CLOSED
        else (BoardAlert.demand.is_(None), severest, BoardAlert.raised_at)
    )
    wanted = _shown(select(BoardAlert), now, pcodes).where(HOLDS[section], is_chosen)
    return (await session.scalars(wanted.order_by(*order, BoardAlert.alert_id).limit(most))).all()


async def ringing(session: AsyncSession, pcodes: Sequence[str] | None) -> tuple[Counter[str], Sequence[BoardAlert]]:
    """Counts, by severity, the alerts that demand an acknowledgement or an action, and returns the 50 most severe."""
    asks = and_(IS_OPEN, BoardAlert.demand.in_((Demand.ACKNOWLEDGEMENT, Demand.ACTION)))
    wanted: Select[Any] = raised(select(BoardAlert), pcodes).where(asks)
    by_severity = wanted.with_only_columns(BoardAlert.severity, func.count()).group_by(BoardAlert.severity)
    counts = Counter[str](dict((await session.execute(by_severity)).tuples().all()))
    severest = case(SEVEREST_FIRST, value=BoardAlert.severity, else_=len(SEVEREST_FIRST))
    newest = wanted.order_by(severest, BoardAlert.raised_at.desc()).limit(MOST_RINGING)
    return counts, (await session.scalars(newest)).all()


async def of_hazard(
    session: AsyncSession, hazard_id: UUID, pcodes: Sequence[str] | None, most: int
) -> Sequence[BoardAlert]:
    wanted = raised(select(BoardAlert), pcodes).where(BoardAlert.hazard_id == hazard_id)
    return (await session.scalars(wanted.order_by(BoardAlert.raised_at.desc(), BoardAlert.alert_id).limit(most))).all()


async def suppressed(session: AsyncSession, now: datetime, pcodes: Sequence[str] | None) -> int:
    """Counts the alerts that were suppressed because they were too old. Withheld alerts do not count."""
    wanted = select(func.count()).where(
        BoardAlert.is_suppressed,
        BoardAlert.reason == "too_old",
        BoardAlert.raised_at > now - RECENT,
        concern(BoardAlert.pcodes.expression, pcodes),
    )
    return await session.scalar(wanted) or 0


def people(alerts: Iterable[BoardAlert]) -> Iterator[UUID | None]:
    for alert in alerts:
        yield from (alert.acknowledged_by, alert.assigned_to, alert.progressed_by, alert.resolved_by)


async def deliveries(session: AsyncSession, alerts: Iterable[BoardAlert]) -> dict[Any, tuple[int, int]]:
    """Counts the successful and the failed deliveries of each alert."""
    ids = [alert.alert_id for alert in alerts]
    delivered = func.count().filter(BoardDelivery.is_delivered)
    failed = func.count().filter(~BoardDelivery.is_delivered)
    rows = await session.execute(
        select(BoardDelivery.alert_id, delivered, failed)
        .where(BoardDelivery.alert_id == any_of(ids, Uuid))
        .group_by(BoardDelivery.alert_id)
    )
    return {alert_id: (reached, lost) for alert_id, reached, lost in rows}


def _shown(wanted: Select[Any], now: datetime, pcodes: Sequence[str] | None) -> Select[Any]:
    return raised(wanted, pcodes).where(or_(IS_OPEN, BoardAlert.resolved_at > now - RECENT))


def raised(wanted: Select[Any], pcodes: Sequence[str] | None) -> Select[Any]:
    """Selects alerts that concern the P-codes. Suppressed alerts and drafts are left out."""
    return wanted.where(IS_RAISED, concern(BoardAlert.pcodes.expression, pcodes))


def concern(alerts_pcodes: ColumnElement[Any], pcodes: Sequence[str] | None) -> ColumnElement[bool]:
    """Selects alerts that concern the P-codes. An alert without a place concerns all P-codes."""
    return ALL if pcodes is None else or_(touch(alerts_pcodes, pcodes), alerts_pcodes == [])


def touch(events_pcodes: ColumnElement[Any], pcodes: Iterable[str] | None) -> ColumnElement[bool]:
    """Selects events in at least one of the P-codes. If `pcodes` is None, all events are selected."""
    return ALL if pcodes is None else events_pcodes.op("&&")(list(pcodes))
