"""Queries for the panels' data.

A snapshot contains the data of the panels, and the positions on the topics up to which the worker had stored records.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, TextClause, and_, case, func, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from services.console.models import BoardHazard, BoardHousehold, BoardRelease, ReportOutcome
from services.console.queries.areas import in_areas
from shared.confirmations import confirmed_from
from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events.vocabulary import (
    DISPLACED,
    Evacuation,
    HazardType,
    Mobility,
    MsgType,
    ReportKind,
    Scope,
    Severity,
    Status,
)
from shared.messaging.models import ConsumerOffset
from shared.messaging.records import Partition
from shared.places import Places
from shared.quakes.intensity import DEEPEST_KM

RECENT = timedelta(hours=24)
HAZARD_SHOWN = timedelta(hours=48)
ALL = true()
HERE = "coalesce(board_households.destination_pcode, board_households.origin_pcode)"
MOVED = (
    BoardHousehold.origin_pcode,
    BoardHousehold.origin_country,
    BoardHousehold.destination_pcode,
    BoardHousehold.destination_country,
)
SEVEREST_FIRST = {severity: rank for rank, severity in enumerate(Severity)}


SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
POSITIONS = "positions"


async def begin(session: AsyncSession) -> None:
    """Starts a read-only snapshot without a round trip. All following statements see the same state of the database."""
    _ = await session.connection(execution_options=SNAPSHOT)
    session.info[POSITIONS] = await _positions(session)


async def positions(session: AsyncSession) -> dict[Partition, int]:
    """The worker has stored all records before these positions.

    In a snapshot, the positions are those at the snapshot's beginning.
    """
    known: dict[Partition, int] | None = session.info.get(POSITIONS)
    return await _positions(session) if known is None else known


async def _positions(session: AsyncSession) -> dict[Partition, int]:
    rows = await session.execute(select(ConsumerOffset.topic, ConsumerOffset.partition, ConsumerOffset.next_offset))
    return {(topic, partition): next for topic, partition, next in rows}


async def hazards(
    session: AsyncSession,
    now: datetime,
    most: int,
    *,
    has_shapes: bool = False,
    is_chosen: ColumnElement[bool] = ALL,
) -> Sequence[BoardHazard]:
    """The hazards in force or of the last two days, and hazards that are still in force for the public.

    Cancelled hazards that are still public come first, then hazards that have begun, forecasts, and other cancelled
    hazards. Each of these four groups is sorted by severity, then by time. The shapes of hazards can have thousands of
    corners, and only the map needs them.
    """
    severest = case(SEVEREST_FIRST, value=BoardHazard.severity, else_=len(SEVEREST_FIRST))
    wanted = _in_force(select(BoardHazard).where(is_chosen), now).order_by(
        not_(_still_public(now)),
        BoardHazard.msg_type == MsgType.CANCEL,
        BoardHazard.onset > now,
        severest,
        BoardHazard.onset.desc(),
        BoardHazard.hazard_id,
    )
    if not has_shapes:
        wanted = wanted.options(defer(BoardHazard.shapes, raiseload=True))
    return (await session.scalars(wanted.limit(most))).all()


async def strongest_quakes(session: AsyncSession, now: datetime, status: Status, most: int) -> Sequence[BoardHazard]:
    wanted = _quakes(select(BoardHazard), now, status).where(BoardHazard.magnitude.is_not(None))
    strongest = wanted.order_by(BoardHazard.magnitude.desc(), BoardHazard.hazard_id).limit(most)
    return (await session.scalars(strongest.options(defer(BoardHazard.shapes, raiseload=True)))).all()


async def quakes_uncomputed(session: AsyncSession, now: datetime, status: Status) -> int:
    """Counts earthquakes that are too deep, and earthquakes whose magnitude or place is not known."""
    wanted = _quakes(select(func.count()).select_from(BoardHazard), now, status)
    is_nowhere = BoardHazard.lat.is_(None) & (func.cardinality(BoardHazard.pcodes) == 0)
    is_uncomputed = or_(BoardHazard.magnitude.is_(None), BoardHazard.depth_km > DEEPEST_KM, is_nowhere)
    return await session.scalar(wanted.where(is_uncomputed)) or 0


def _quakes(wanted: Select[Any], now: datetime, status: Status) -> Select[Any]:
    return _in_force(wanted, now).where(
        BoardHazard.type == HazardType.EARTHQUAKE,
        BoardHazard.status == status,
        BoardHazard.msg_type != MsgType.CANCEL,
        or_(BoardHazard.expires.is_(None), BoardHazard.expires > now),
    )


async def hazard_counts(session: AsyncSession, now: datetime) -> tuple[int, int]:
    """Returns the number of hazards in force, and the number of cancelled hazards in the list."""
    is_cancelled = BoardHazard.msg_type == MsgType.CANCEL
    numbers: Any = select(func.count().filter(not_(is_cancelled)), func.count().filter(is_cancelled))
    in_force, cancelled = (await session.execute(_in_force(numbers.select_from(BoardHazard), now))).one()
    return in_force, cancelled


async def hazard(session: AsyncSession, hazard_id: UUID) -> BoardHazard | None:
    return await session.get(BoardHazard, hazard_id)


async def hazards_in_force(session: AsyncSession, now: datetime, is_chosen: ColumnElement[bool] = ALL) -> int:
    """Counts also the hazards for which the list has no room."""
    wanted = _in_force(select(func.count()).select_from(BoardHazard), now)
    return await session.scalar(wanted.where(BoardHazard.msg_type != MsgType.CANCEL, is_chosen)) or 0


def _in_force(wanted: Select[Any], now: datetime) -> Select[Any]:
    return wanted.where(BoardHazard.status != Status.DRAFT).where(
        or_(
            BoardHazard.onset > now - HAZARD_SHOWN,
            BoardHazard.received_at > now - HAZARD_SHOWN,
            BoardHazard.expires > now,
            _is_public_otherwise(now),
        )
    )


def _still_public(now: datetime) -> ColumnElement[bool]:
    """The board lists these hazards first, whatever their age, because a person must withdraw their public versions."""
    return and_(BoardHazard.msg_type == MsgType.CANCEL, _is_public_otherwise(now))


def _is_public_otherwise(now: datetime) -> ColumnElement[bool]:
    """For a Public hazard, a release counts only if its revision number is the same or higher.

    This release hides the updates of the hazard's source, because the source does not know of the release.
    """
    in_force = (
        select(BoardRelease.hazard_id)
        .where(BoardRelease.hazard_id == BoardHazard.hazard_id, BoardRelease.msg_type != MsgType.CANCEL)
        .where(or_(BoardRelease.expires.is_(None), BoardRelease.expires > now))
    )
    is_release = BoardRelease.released_revision < BoardRelease.revision
    hides = and_(is_release, BoardRelease.revision >= BoardHazard.revision)
    return in_force.where(or_(BoardHazard.scope != Scope.PUBLIC, hides)).exists()


async def households(
    session: AsyncSession, status: Status, since: datetime, areas: Iterable[str], places: Places
) -> Sequence[Any]:
    """Counts a household at the place of most of its people, because its events name only one place.

    The page of figures, however, counts each part of a household at its own place.
    """
    wanted: Any = select(
        *MOVED,
        func.count().label("households"),
        func.sum(BoardHousehold.persons).label("persons"),
        func.count().filter(BoardHousehold.registered_at > since).label("new"),
        func.count().filter(BoardHousehold.is_urgent).label("urgent"),
        func.max(BoardHousehold.registered_at).label("newest"),
    ).where(*_displaced(status, areas, places))
    rows: Sequence[Any] = (await session.execute(wanted.group_by(*MOVED))).all()
    return rows


async def confirmations(
    session: AsyncSession, status: Status, now: datetime, areas: Iterable[str], places: Places
) -> RowMapping:
    """People in other countries are not counted.

    `unconfirmed` are the evacuees whom nobody has seen for 24 hours, and the other people whom nobody has seen for 30
    days. `presumed` are the people whose evacuation was lifted. `evacuated` are the evacuees, and each code of
    `Evacuation` names the evacuees of this kind.
    """
    is_evacuated = BoardHousehold.mobility == Mobility.EVACUATION
    conditions: dict[str, ColumnElement[bool]] = {
        "evacuated": is_evacuated,
        "unconfirmed": _is_unconfirmed(now),
        "presumed": BoardHousehold.is_return_presumed.expression,
        **{kind.value: and_(is_evacuated, BoardHousehold.evacuation == kind) for kind in Evacuation},
    }
    numbers = [
        func.coalesce(number.filter(condition), 0).label(f"{name}_{unit}")
        for name, condition in conditions.items()
        for unit, number in (("households", func.count()), ("persons", func.sum(BoardHousehold.persons)))
    ]
    in_country = BoardHousehold.destination_country.in_((COUNTRY, UNKNOWN_COUNTRY))
    is_in_country = or_(BoardHousehold.destination_pcode.is_not(None), in_country)
    wanted = select(*numbers).where(*_displaced(status, areas, places), is_in_country)
    return (await session.execute(wanted)).mappings().one()


def _displaced(status: Status, areas: Iterable[str], places: Places) -> tuple[ColumnElement[bool] | TextClause, ...]:
    return *is_displaced(status), in_areas(HERE, areas, places)


def is_displaced(status: Status) -> tuple[ColumnElement[bool], ...]:
    return BoardHousehold.status == status, BoardHousehold.mobility.in_(DISPLACED), BoardHousehold.persons > 0


def _is_unconfirmed(now: datetime) -> ColumnElement[bool]:
    """Older versions of Dayar wrote rows without `confirmed_at`.

    For these rows, the time of the registration counts.
    """
    confirmed_at = func.coalesce(BoardHousehold.confirmed_at, BoardHousehold.registered_at)
    valid_from = {mobility: confirmed_from(mobility, now) for mobility in DISPLACED}
    return confirmed_at < case(valid_from, value=BoardHousehold.mobility)


async def outcomes(
    session: AsyncSession, status: Status, since: datetime, kinds: Iterable[ReportKind]
) -> Sequence[Any]:
    """Counts one outcome of a report for each consumer."""
    wanted = (
        select(ReportOutcome.kind, ReportOutcome.outcome, ReportOutcome.reason, func.count().label("count"))
        .where(ReportOutcome.status == status, ReportOutcome.settled_at > since, ReportOutcome.kind.in_(kinds))
        .group_by(ReportOutcome.kind, ReportOutcome.outcome, ReportOutcome.reason)
    )
    return (await session.execute(wanted)).all()
