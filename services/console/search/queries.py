"""Queries that find alerts, hazards, groups and sites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, cast, func, literal, not_, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, defer

from services.console.models import BoardAlert, BoardGroup, BoardHazard, BoardSite, ConsoleModel, SearchEntry
from services.console.queries import board_alerts, groups
from services.console.queries.board_alerts import HOLDS
from services.console.queries.snapshots import HAZARD_SHOWN
from services.console.search.criteria import SearchCriteria
from services.console.search.entries import FAILED
from services.console.search.kinds import AlertProgress, SearchKind
from services.console.search.words import query_of
from services.console.sections import Section
from shared.events.vocabulary import MsgType, Status, Validity
from shared.places import Places
from shared.places.conditions import is_within

COUNTED = 100  # rows are counted up to this number; 101 stands for every higher number


class UnknownPage(Exception):
    """The address names the last result of the previous page, but this result does not exist."""


@dataclass(frozen=True, slots=True)
class SearchReader:
    """Who searches. `areas` are the reader's areas.

    `around` are the P-codes that concern the reader, or None for all P-codes.
    """

    kinds: tuple[SearchKind, ...]
    areas: Sequence[str]
    around: Sequence[str] | None
    places: Places
    now: datetime


@dataclass(frozen=True, slots=True)
class Table:
    model: type[ConsoleModel]
    id: InstrumentedAttribute[UUID]
    order: ColumnElement[Any]
    is_newest_first: bool = True


TABLES: Mapping[SearchKind, Table] = {
    SearchKind.ALERTS: Table(BoardAlert, BoardAlert.alert_id, BoardAlert.raised_at.expression),
    SearchKind.HAZARDS: Table(BoardHazard, BoardHazard.hazard_id, BoardHazard.onset.expression),
    SearchKind.GROUPS: Table(BoardGroup, BoardGroup.report_id, BoardGroup.counted_at.expression),
    SearchKind.SITES: Table(
        BoardSite,
        BoardSite.site_id,
        func.coalesce(BoardSite.name_ru, BoardSite.name_ky, BoardSite.name_en, ""),
        is_newest_first=False,
    ),
}
ALERT_STATES: Mapping[str, ColumnElement[bool]] = {
    AlertProgress.UNACKNOWLEDGED: or_(HOLDS[Section.WAITING], HOLDS[Section.UNSEEN]),
    AlertProgress.ACKNOWLEDGED: HOLDS[Section.ACKNOWLEDGED],
    AlertProgress.IN_PROGRESS: HOLDS[Section.IN_PROGRESS],
    AlertProgress.CLOSED: HOLDS[Section.CLOSED],
}


async def page(
    session: AsyncSession, criteria: SearchCriteria, reader: SearchReader, most: int
) -> tuple[Sequence[Any], bool]:
    """Returns a page of rows, and whether more rows follow. Sites are sorted by name, other rows newest first."""
    table = TABLES[criteria.kind]
    wanted = _matching(criteria.kind, criteria, reader)
    if criteria.after is not None:
        last = (await session.execute(select(table.order, table.id).where(table.id == criteria.after))).one_or_none()
        if last is None:
            raise UnknownPage
        key, position = tuple_(table.order, table.id), tuple_(*last)
        wanted = wanted.where(key < position if table.is_newest_first else key > position)
    order = (table.order, table.id)
    wanted = wanted.order_by(*(column.desc() if table.is_newest_first else column.asc() for column in order))
    if criteria.kind is SearchKind.HAZARDS:
        wanted = wanted.options(defer(BoardHazard.shapes, raiseload=True))
    rows = (await session.scalars(wanted.limit(most + 1))).all()
    return rows[:most], len(rows) > most


async def counts(session: AsyncSession, criteria: SearchCriteria, reader: SearchReader) -> dict[SearchKind, int]:
    """Counts the rows of each kind. COUNTED + 1 stands for every higher number."""
    numbers = {}
    for kind in reader.kinds:
        rows = _matching(kind, criteria, reader).with_only_columns(TABLES[kind].id).limit(COUNTED + 1).subquery()
        numbers[kind] = await session.scalar(select(func.count()).select_from(rows)) or 0
    return numbers


async def sources(session: AsyncSession) -> Sequence[str]:
    return (await session.scalars(select(BoardHazard.source).distinct().order_by(BoardHazard.source))).all()


async def failed(session: AsyncSession) -> dict[SearchKind, int]:
    # a literal, not a parameter: otherwise PostgreSQL does not use the partial index on this condition
    is_failed = SearchEntry.version == literal(FAILED, literal_execute=True)
    numbers = select(SearchEntry.kind, func.count()).where(is_failed).group_by(SearchEntry.kind)
    known = dict((await session.execute(numbers)).tuples().all())
    return {kind: known.get(kind, 0) for kind in SearchKind}


async def sources_of(session: AsyncSession, rows: Sequence[Any]) -> dict[UUID, str]:
    ids = {row.hazard_id for row in rows if isinstance(row, BoardAlert) and row.hazard_id}
    if not ids:
        return {}
    named = select(BoardHazard.hazard_id, BoardHazard.source).where(BoardHazard.hazard_id.in_(ids))
    return dict((await session.execute(named)).tuples().all())


async def sites_of(session: AsyncSession, rows: Sequence[Any]) -> dict[UUID, BoardSite]:
    ids = {row.site_id for row in rows if isinstance(row, BoardGroup) and row.site_id}
    return {site.site_id: site for site in await groups.sites(session, ids)}


def _matching(kind: SearchKind, criteria: SearchCriteria, reader: SearchReader) -> Select[Any]:
    table = TABLES[kind]
    wanted = select(table.model).where(*_by_text(kind, criteria))
    state = criteria.state if kind is criteria.kind else None
    if table.is_newest_first:
        wanted = wanted.where(*_by_days(table.order, criteria))
    if kind is SearchKind.ALERTS:
        return _alerts(wanted, criteria, state, reader)
    if kind is SearchKind.HAZARDS:
        return _hazards(wanted, criteria, state, reader)
    pcode = groups.HERE if kind is SearchKind.GROUPS else "board_sites.pcode"
    wanted = wanted.where(_is_in(pcode, "areas", reader.areas, reader.places))
    if criteria.place:
        wanted = wanted.where(_is_in(pcode, "place", [criteria.place], reader.places))
    return _groups(wanted, state) if kind is SearchKind.GROUPS else wanted


def _by_text(kind: SearchKind, criteria: SearchCriteria) -> Sequence[ColumnElement[bool]]:
    query = query_of(criteria.text)
    if query is None:
        return ()
    matching = select(SearchEntry.id).where(SearchEntry.kind == kind, SearchEntry.words.op("@@")(cast(query, TSQUERY)))
    return (TABLES[kind].id.in_(matching),)


def _by_days(at: ColumnElement[Any], criteria: SearchCriteria) -> Sequence[ColumnElement[bool]]:
    return (
        *((at >= criteria.begins_at,) if criteria.begins_at else ()),
        *((at < criteria.ends_at,) if criteria.ends_at else ()),
    )


def _alerts(wanted: Select[Any], criteria: SearchCriteria, state: str | None, reader: SearchReader) -> Select[Any]:
    wanted = board_alerts.raised(wanted, reader.around)
    if criteria.place:
        wanted = wanted.where(BoardAlert.pcodes.op("&&")(_around(criteria.place, reader.places)))
    if criteria.source:
        of_source = select(BoardHazard.hazard_id).where(BoardHazard.source == criteria.source)
        wanted = wanted.where(BoardAlert.hazard_id.in_(of_source))
    return wanted.where(ALERT_STATES[state]) if state else wanted


def _hazards(wanted: Select[Any], criteria: SearchCriteria, state: str | None, reader: SearchReader) -> Select[Any]:
    """Selects hazards by the criteria. Staff see the hazards of the whole country."""
    wanted = wanted.where(BoardHazard.status != Status.DRAFT)
    if criteria.place:
        wanted = wanted.where(BoardHazard.pcodes.op("&&")(_around(criteria.place, reader.places)))
    if criteria.source:
        wanted = wanted.where(BoardHazard.source == criteria.source)
    return wanted.where(_hazard_states(reader.now)[state]) if state else wanted


def _hazard_states(now: datetime) -> Mapping[str, ColumnElement[bool]]:
    is_cancelled = BoardHazard.msg_type == MsgType.CANCEL
    # a hazard without `expires` stays in force for HAZARD_SHOWN after its onset
    is_over = func.coalesce(BoardHazard.expires, BoardHazard.onset + HAZARD_SHOWN) <= now
    return {
        Validity.IN_FORCE: and_(not_(is_cancelled), not_(is_over)),
        Validity.EXPIRED: and_(not_(is_cancelled), is_over),
        Validity.CANCELLED: is_cancelled,
    }


def _groups(wanted: Select[Any], state: str | None) -> Select[Any]:
    """Selects counts of groups. People of a group who moved on have a separate count."""
    wanted = wanted.where(BoardGroup.status != Status.DRAFT, *groups.IN_EFFECT)
    return wanted.where(BoardGroup.mobility == state) if state else wanted


def _is_in(pcode: str, name: str, areas: Sequence[str], places: Places) -> Any:
    within = places.within(areas)
    values = {name: None if within is None else sorted(within), "known": list(places.codes)}
    return text(is_within(pcode, name)).bindparams(**values)


def _around(place: str, places: Places) -> list[str]:
    return sorted(places.around((place,)) or ())
