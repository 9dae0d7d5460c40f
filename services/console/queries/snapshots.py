"""What a panel shows, read in one snapshot with the positions it stands at."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import Hazard, Household, ReportOutcome
from shared.events.vocabulary import DISPLACED, MsgType, ReportKind, Severity, Status
from shared.messaging.records import Partition

RECENT = timedelta(hours=24)
HAZARD_SHOWN = timedelta(hours=48)
SEVEREST_FIRST = {severity: rank for rank, severity in enumerate(Severity)}


async def begin(session: AsyncSession) -> None:
    """All that follows sees one moment."""
    await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


async def positions(session: AsyncSession) -> dict[Partition, int]:
    rows = await session.execute(text("SELECT topic, partition, next_offset FROM consumer_offsets"))
    return {(topic, partition): next for topic, partition, next in rows}


async def hazards(session: AsyncSession, now: datetime, most: int) -> Sequence[Hazard]:
    """What holds now or began in the last two days: what has begun before forecasts, the most severe first, then the newest."""
    severest = case(SEVEREST_FIRST, value=Hazard.severity, else_=len(SEVEREST_FIRST))
    wanted = _in_force(select(Hazard), now).order_by(
        Hazard.msg_type == MsgType.CANCEL, Hazard.onset > now, severest, Hazard.onset.desc(), Hazard.hazard_id
    )
    return (await session.scalars(wanted.limit(most))).all()


async def hazards_cancelled(session: AsyncSession, now: datetime) -> int:
    wanted = _in_force(select(func.count()).select_from(Hazard), now).where(Hazard.msg_type == MsgType.CANCEL)
    return await session.scalar(wanted) or 0


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
