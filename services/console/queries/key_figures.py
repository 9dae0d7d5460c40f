"""Queries for the key figures of the board: the figures of now, and the recorded figures of earlier times.

A key figure is stored in parts, each with a list of P-codes. A reader's figure is the sum of the parts that the reader
may see. The board's lists use the same rules: an alert counts if it concerns the reader's areas, and a household counts
if its place is in them.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Select,
    Subquery,
    Text,
    and_,
    cast,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncSession

from services.console import board
from services.console.key_figures import KeyFigure, Sums
from services.console.models import BoardAlert, BoardDelivery, BoardHousehold, KeyFigurePart
from services.console.queries.areas import in_areas
from services.console.queries.board_alerts import HOLDS, IS_OPEN, IS_RAISED, concern
from services.console.queries.snapshots import is_displaced
from services.console.sections import Section
from shared.auth.tokens import Principal
from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events.vocabulary import Status
from shared.places import Places
from shared.postgres import database

EVERY = timedelta(minutes=15)
LATE = timedelta(minutes=5)  # the longest delay with which a recording begins
COMPARED = timedelta(hours=24)
COLUMNS = ("figure", "severity", "pcodes", "count")
NO_SEVERITY = cast(null(), Text)


async def of_alerts(session: AsyncSession, reader: Principal, places: Places) -> Sums:
    return await _sums(session, union_all(*_of_alerts()).subquery("parts"), reader, places)


async def of_households(session: AsyncSession, status: Status, reader: Principal, places: Places) -> Sums:
    """Reads all households."""
    return await _sums(session, _displaced(status).subquery("parts"), reader, places)


async def day_ago(session: AsyncSession, moment: datetime, reader: Principal, places: Places) -> Sums:
    """Returns the sums recorded 24 hours before `moment`, or no sums if nothing was recorded."""
    latest, taken_at = moment - COMPARED, KeyFigurePart.taken_at
    newest = select(func.max(taken_at)).where(taken_at <= latest, taken_at > latest - EVERY - LATE).scalar_subquery()
    parts = select(*(getattr(KeyFigurePart, column) for column in COLUMNS)).where(taken_at == newest)
    return await _sums(session, parts.subquery("parts"), reader, places)


async def record(session: AsyncSession, status: Status, moment: datetime) -> None:
    """Records the figures once per quarter of an hour, whichever worker comes first.

    Deletes parts that are too old for a comparison.
    """
    await session.execute(database.advisory_lock("key figures"))
    slot = moment - (moment - datetime.min.replace(tzinfo=moment.tzinfo)) % EVERY
    if await session.scalar(select(KeyFigurePart.part_id).where(KeyFigurePart.taken_at >= slot).limit(1)):
        return
    parts = _parts(status).subquery("parts")
    rows = select(literal(moment), *(parts.c[column] for column in COLUMNS))
    await session.execute(insert(KeyFigurePart).from_select(["taken_at", *COLUMNS], rows))
    oldest = moment - COMPARED - 2 * EVERY
    await session.execute(delete(KeyFigurePart).where(KeyFigurePart.taken_at < oldest))


async def _sums(session: AsyncSession, parts: Subquery, reader: Principal, places: Places) -> Sums:
    is_displaced_part = parts.c.figure == KeyFigure.DISPLACED
    around = board.concerning(reader, places)
    is_visible = or_(
        parts.c.count == 0,  # a part with the count 0 proves that the figure was recorded
        and_(is_displaced_part, in_areas("parts.pcodes[1]", reader.areas, places)),
        and_(~is_displaced_part, concern(parts.c.pcodes, around)),
    )
    wanted = select(parts.c.figure, parts.c.severity, func.sum(parts.c.count)).where(is_visible)
    rows = await session.execute(wanted.group_by(parts.c.figure, parts.c.severity))
    return {(figure, severity): int(count) for figure, severity, count in rows}


def _parts(status: Status) -> CompoundSelect[Any]:
    """Adds a part with the count 0 to each figure, because a figure of 0 differs from a figure without a record."""
    nowhere = cast(array([]), ARRAY(Text))
    zeros = (select(literal(str(figure)), NO_SEVERITY, nowhere, literal(0)) for figure in KeyFigure)
    return union_all(*_of_alerts(), _displaced(status), *zeros)


def _of_alerts() -> tuple[Select[Any], ...]:
    return (
        _alerts(KeyFigure.UNACKNOWLEDGED, HOLDS[Section.WAITING], BoardAlert.severity.expression),
        _alerts(KeyFigure.IN_PROGRESS, HOLDS[Section.IN_PROGRESS]),
        _not_delivered(),
    )


def _alerts(
    figure: KeyFigure, is_counted: ColumnElement[bool], severity: ColumnElement[Any] = NO_SEVERITY
) -> Select[Any]:
    wanted = _part(figure, BoardAlert.pcodes.expression, func.count(), severity).where(IS_RAISED, is_counted)
    return wanted.group_by(BoardAlert.pcodes, severity)


def _not_delivered() -> Select[Any]:
    wanted = _part(KeyFigure.NOT_DELIVERED, BoardAlert.pcodes.expression, func.count())
    joined = wanted.join(BoardDelivery, BoardDelivery.alert_id == BoardAlert.alert_id)
    return joined.where(IS_RAISED, IS_OPEN, ~BoardDelivery.is_delivered).group_by(BoardAlert.pcodes)


def _displaced(status: Status) -> Select[Any]:
    here = func.coalesce(BoardHousehold.destination_pcode, BoardHousehold.origin_pcode)
    known = func.array_remove(array([here]), null(), type_=ARRAY(Text))
    is_in_country = or_(
        BoardHousehold.destination_pcode.is_not(None),
        BoardHousehold.destination_country.in_((COUNTRY, UNKNOWN_COUNTRY)),
    )
    wanted = _part(KeyFigure.DISPLACED, known, func.sum(BoardHousehold.persons))
    return wanted.where(*is_displaced(status), is_in_country).group_by(here)


def _part(
    figure: KeyFigure,
    pcodes: ColumnElement[Any],
    count: ColumnElement[Any],
    severity: ColumnElement[Any] = NO_SEVERITY,
) -> Select[Any]:
    return select(
        literal(str(figure)).label("figure"), severity.label("severity"), pcodes.label("pcodes"), count.label("count")
    )
