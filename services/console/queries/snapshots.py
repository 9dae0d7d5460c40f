"""Queries for the panels.

A snapshot shows the data of all panels at one moment, with the worker's position on each topic.
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
    """Starts a read-only transaction without an extra round trip.

    All statements of the transaction see the same state.
    """
    _ = await session.connection(execution_options=SNAPSHOT)
    session.info[POSITIONS] = await _positions(session)


async def positions(session: AsyncSession) -> dict[Partition, int]:
    """Returns the worker's positions: all records before a position are stored.

    In a snapshot, the positions do not change.
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
    """Returns the hazards in force or of the last two days, and hazards whose public version is still in force.

    The order has four groups: cancelled but still public, begun, forecast, cancelled. Each group is sorted by severity,
    then by time.

    Pass `has_shapes` only for the map, because the shapes of a hazard can have thousands of corners.
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
    """Counts the earthquakes that are too deep, or have no known magnitude or place."""
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
    """Counts the hazards in force and, separately, the cancelled hazards of the list."""
    is_cancelled = BoardHazard.msg_type == MsgType.CANCEL
    numbers: Any = select(func.count().filter(not_(is_cancelled)), func.count().filter(is_cancelled))
    in_force, cancelled = (await session.execute(_in_force(numbers.select_from(BoardHazard), now))).one()
    return in_force, cancelled


async def hazard(session: AsyncSession, hazard_id: UUID) -> BoardHazard | None:
    return await session.get(BoardHazard, hazard_id)


async def hazards_in_force(session: AsyncSession, now: datetime, is_chosen: ColumnElement[bool] = ALL) -> int:
    """Counts the hazards in force, including the hazards beyond the list's limit."""
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
    """Selects cancelled hazards with a public version in force, which a person must withdraw.

    The list begins with these hazards, whatever their age.
    """
    return and_(BoardHazard.msg_type == MsgType.CANCEL, _is_public_otherwise(now))


def _is_public_otherwise(now: datetime) -> ColumnElement[bool]:
    """Selects hazards of which the public reads a version in `board_releases` that is still in force.

    The source of a Public hazard does not know of a release. The release hides the source's revisions with the same or
    a lower number.
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
    """Counts a whole household at the place of most of its people, because the events name only one place.

    The page of figures counts differently: each part of a household at its own place.
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
    """Counts households and their persons, without the households in other countries.

    - `unconfirmed`: evacuees whom nobody has seen for 24 hours, and other people whom nobody has seen for 30 days
    - `presumed`: people whose evacuation was lifted
    - `evacuated`: all evacuees; a code of `Evacuation` has its own number of evacuees
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
    """Rows from older versions of Dayar have no `confirmed_at`. For these rows, the time of the registration counts."""
    confirmed_at = func.coalesce(BoardHousehold.confirmed_at, BoardHousehold.registered_at)
    valid_from = {mobility: confirmed_from(mobility, now) for mobility in DISPLACED}
    return confirmed_at < case(valid_from, value=BoardHousehold.mobility)


async def outcomes(
    session: AsyncSession, status: Status, since: datetime, kinds: Iterable[ReportKind]
) -> Sequence[Any]:
    """Counts outcomes. Every service that handles a report has its own outcome of the report."""
    wanted = (
        select(ReportOutcome.kind, ReportOutcome.outcome, ReportOutcome.reason, func.count().label("count"))
        .where(ReportOutcome.status == status, ReportOutcome.settled_at > since, ReportOutcome.kind.in_(kinds))
        .group_by(ReportOutcome.kind, ReportOutcome.outcome, ReportOutcome.reason)
    )
    return (await session.execute(wanted)).all()
