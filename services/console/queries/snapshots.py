"""What a panel shows, read in one snapshot with the positions it stands at."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import Alert, Delivery, Hazard, Household, ReportOutcome
from shared.events.vocabulary import DISPLACED, MsgType, ReportKind, Severity, Status
from shared.readings import Partition

RECENT = timedelta(hours=24)
HAZARD_SHOWN = timedelta(hours=48)
MOST_HAZARDS = 60
MOST_ALERTS = 60
SEVEREST_FIRST = {severity: rank for rank, severity in enumerate(Severity)}


async def begin(session: AsyncSession) -> None:
    """All that follows sees one moment."""
    await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


async def positions(session: AsyncSession) -> dict[Partition, int]:
    rows = await session.execute(text("SELECT topic, partition, next_offset FROM consumer_offsets"))
    return {(topic, partition): next for topic, partition, next in rows}


async def alerts(session: AsyncSession, now: datetime, pcodes: Sequence[str] | None) -> Sequence[Alert]:
    """Unanswered first, then the most severe, then the oldest; those resolved in the last day come last."""
    wanted = (
        _raised(select(Alert), pcodes)
        .where(or_(Alert.resolved_at.is_(None), Alert.resolved_at > now - RECENT))
        .order_by(
            Alert.resolved_at.is_not(None),
            Alert.acknowledged_at.is_not(None),
            case(SEVEREST_FIRST, value=Alert.severity, else_=len(SEVEREST_FIRST)),
            Alert.raised_at,
        )
        .limit(MOST_ALERTS)
    )
    return (await session.scalars(wanted)).all()


async def alerts_waiting(session: AsyncSession, pcodes: Sequence[str] | None) -> int:
    """How many nobody has answered, however many of them are shown."""
    wanted = _raised(select(func.count()).select_from(Alert), pcodes)
    return await session.scalar(wanted.where(Alert.acknowledged_at.is_(None), Alert.resolved_at.is_(None))) or 0


async def suppressed(session: AsyncSession, now: datetime, pcodes: Sequence[str] | None) -> int:
    wanted = select(func.count()).where(Alert.is_suppressed, Alert.raised_at > now - RECENT, _concern(pcodes))
    return await session.scalar(wanted) or 0


def _raised(wanted: Select[Any], pcodes: Sequence[str] | None) -> Select[Any]:
    return wanted.where(~Alert.is_suppressed, Alert.status != Status.DRAFT, _concern(pcodes))


def _concern(pcodes: Sequence[str] | None) -> ColumnElement[bool]:
    """An alert without a place is everybody's."""
    return true() if pcodes is None else or_(Alert.pcodes.op("&&")(list(pcodes)), Alert.pcodes == [])


async def deliveries(session: AsyncSession, alerts: Iterable[Alert]) -> dict[Any, tuple[int, int]]:
    """Delivered and failed, per alert."""
    ids = [alert.alert_id for alert in alerts]
    delivered = func.count().filter(Delivery.is_delivered)
    failed = func.count().filter(~Delivery.is_delivered)
    rows = await session.execute(
        select(Delivery.alert_id, delivered, failed).where(Delivery.alert_id.in_(ids)).group_by(Delivery.alert_id)
    )
    return {alert_id: (reached, lost) for alert_id, reached, lost in rows}


async def hazards(session: AsyncSession, now: datetime) -> Sequence[Hazard]:
    """What holds now or began in the last two days, newest first."""
    wanted = (
        _in_force(select(Hazard), now)
        .order_by((Hazard.msg_type == MsgType.CANCEL), Hazard.onset.desc())
        .limit(MOST_HAZARDS)
    )
    return (await session.scalars(wanted)).all()


async def hazard(session: AsyncSession, hazard_id: UUID) -> Hazard | None:
    return await session.get(Hazard, hazard_id)


async def hazards_in_force(session: AsyncSession, now: datetime) -> int:
    """How many, without those that were cancelled, however many are shown."""
    wanted = _in_force(select(func.count()).select_from(Hazard), now).where(Hazard.msg_type != MsgType.CANCEL)
    return await session.scalar(wanted) or 0


def _in_force(wanted: Select[Any], now: datetime) -> Select[Any]:
    return wanted.where(Hazard.status != Status.DRAFT).where(
        or_(Hazard.onset > now - HAZARD_SHOWN, Hazard.received_at > now - HAZARD_SHOWN, Hazard.expires > now)
    )


async def households(
    session: AsyncSession, status: Status, since: datetime, pcodes: Sequence[str] | None
) -> Sequence[Any]:
    """Displaced households and persons by where they are and where they come from, as the figures count them."""
    wanted: Any = select(
        Household.origin_pcode,
        Household.origin_country,
        Household.destination_pcode,
        Household.destination_country,
        func.count().label("households"),
        func.sum(Household.persons).label("persons"),
        func.count().filter(Household.registered_at > since).label("new"),
    ).where(Household.status == status, Household.mobility.in_(DISPLACED))
    if pcodes is not None:
        current = func.coalesce(Household.destination_pcode, Household.origin_pcode)
        wanted = wanted.where(current.in_(pcodes))
    places = (
        Household.origin_pcode,
        Household.origin_country,
        Household.destination_pcode,
        Household.destination_country,
    )
    rows: Sequence[Any] = (await session.execute(wanted.group_by(*places))).all()
    return rows


async def outcomes(
    session: AsyncSession, status: Status, since: datetime, kinds: Iterable[ReportKind]
) -> Sequence[Any]:
    """What became of the reports of the last day; of several consumers each tells its own."""
    wanted = (
        select(ReportOutcome.kind, ReportOutcome.outcome, ReportOutcome.reason, func.count().label("count"))
        .where(ReportOutcome.status == status, ReportOutcome.settled_at > since, ReportOutcome.kind.in_(kinds))
        .group_by(ReportOutcome.kind, ReportOutcome.outcome, ReportOutcome.reason)
    )
    return (await session.execute(wanted)).all()
