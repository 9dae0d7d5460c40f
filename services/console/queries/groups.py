"""Queries for the counts of groups: the people displaced now, by place."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter, itemgetter
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Label, TextClause, and_, case, false, func, not_, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import BoardGroup, BoardSite
from services.console.queries.areas import in_areas
from shared.confirmations import CONFIRMED_FOR, CONFIRMED_FOR_OTHERWISE
from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events.vocabulary import DISPLACED, HouseholdUnit, Measure, Mobility, Status
from shared.places import Places, site_counts
from shared.places.site_counts import Share

HERE = "coalesce(board_groups.destination_pcode, board_groups.origin_pcode)"
STATED = (
    BoardGroup.destination_pcode,
    BoardGroup.destination_country,
    BoardGroup.destination_locality,
    BoardGroup.destination_locality_pcode,
    BoardGroup.site_id,
    BoardGroup.shelter,
    BoardGroup.origin_pcode,
    BoardGroup.origin_country,
    BoardGroup.origin_locality,
    BoardGroup.origin_locality_pcode,
)
ENDS = ("lowest", "highest")
REPORTED_AT = func.coalesce(BoardGroup.reported_at, BoardGroup.counted_at)
IN_EFFECT = (BoardGroup.superseded_by.is_(None),)
ORDERED = (
    BoardGroup.report_id,
    BoardGroup.stock_id,
    BoardGroup.superseded_by,
    BoardGroup.counted_at,
    BoardGroup.reported_at,
    BoardGroup.covers_site,
    BoardGroup.is_urgent,
)
SITE = (
    BoardSite.pcode.label("site_pcode"),
    BoardSite.locality.label("site_locality"),
    BoardSite.locality_pcode.label("site_locality_pcode"),
    BoardSite.name_ky,
    BoardSite.name_ru,
    BoardSite.name_en,
)
# Rows from earlier versions of Dayar have no `confirmed_at`. For these rows, the time of the count is used.
IS_UNCONFIRMED = func.coalesce(BoardGroup.confirmed_at, BoardGroup.counted_at) < func.now() - case(
    CONFIRMED_FOR, value=BoardGroup.mobility, else_=CONFIRMED_FOR_OTHERWISE
)
COUNTED: dict[str, ColumnElement[Any]] = {
    "persons": BoardGroup.persons.expression,
    "estimated": case((BoardGroup.persons_estimated, BoardGroup.persons), else_=0),
    "unconfirmed": case((IS_UNCONFIRMED, BoardGroup.persons), else_=0),
    "presumed": case((BoardGroup.is_return_presumed, BoardGroup.persons), else_=0),
    "evacuated": case((BoardGroup.mobility == Mobility.EVACUATION, BoardGroup.persons), else_=0),
    "families": case((BoardGroup.household_unit == HouseholdUnit.FAMILIES, BoardGroup.households)),
    "yards": case((BoardGroup.household_unit == HouseholdUnit.YARDS, BoardGroup.households)),
}


# If a count of people abroad names a site by mistake, the site is ignored.
IS_IN_COUNTRY = func.coalesce(BoardGroup.destination_country, COUNTRY).in_((COUNTRY, UNKNOWN_COUNTRY))


async def by_stated_place(session: AsyncSession, status: Status, areas: Iterable[str], places: Places) -> Sequence[Any]:
    """Returns the people of counted groups, by their stated destination and origin.

    A stock is a group of people with one or more counts in effect. A full recount replaces the earlier counts. The
    newest count states where the people are. A place's numbers are ranges: the lowest counts of all stocks added
    together, and the highest counts added together.

    If everybody at a site was counted, `site_counts` decides which part of each stock is added there. Rows with the
    newest counts come first.
    """
    seen = _displaced(status, in_areas(HERE, areas, places))
    covered = select(BoardGroup.site_id).where(*seen, *IN_EFFECT, BoardGroup.covers_site, IS_IN_COUNTRY)
    is_covered = and_(func.coalesce(BoardGroup.site_id.in_(covered), false()), IS_IN_COUNTRY)
    return [*await _stocks(session, *seen, not_(is_covered)), *await _shares(session, *seen, is_covered)]


def _displaced(status: Status, is_seen: TextClause) -> tuple[ColumnElement[bool] | TextClause, ...]:
    is_displaced = BoardGroup.mobility.in_(DISPLACED)
    return BoardGroup.status == status, BoardGroup.measure == Measure.STOCK, is_displaced, is_seen


async def _stocks(session: AsyncSession, *conditions: ColumnElement[bool] | TextClause) -> Sequence[Any]:
    stocks = (
        select(*STATED, BoardGroup.counted_at, _newest_report(), _is_urgent(), *_ranges())
        .ext(distinct_on(BoardGroup.stock_id))
        .where(*conditions, *IN_EFFECT)
        .order_by(BoardGroup.stock_id, BoardGroup.counted_at.desc(), BoardGroup.report_id)
        .subquery()
        .c
    )
    stated = [stocks[column.key] for column in STATED]
    sums = [func.sum(stocks[column.key]).label(column.key) for column in _ranges()]
    newest, is_urgent = func.max(stocks.counted_at), func.bool_or(stocks.is_urgent).label("is_urgent")
    reported_at = func.max(stocks.reported_at).label("reported_at")
    named = select(*stated, *SITE, reported_at, is_urgent, *sums)
    named = named.outerjoin(BoardSite, BoardSite.site_id == stocks.site_id)
    wanted = named.group_by(*stated, BoardSite.site_id).order_by(newest.desc(), *stated)
    return (await session.execute(wanted)).all()


async def _shares(session: AsyncSession, *conditions: ColumnElement[bool] | TextClause) -> Sequence[Any]:
    """Returns rows with the same fields as `_stocks`, for stocks at sites where everybody was counted."""
    numbers = [counted.label(name) for name, counted in COUNTED.items()]
    wanted = select(*STATED, *SITE, *ORDERED, *numbers).outerjoin(BoardSite, BoardSite.site_id == BoardGroup.site_id)
    rows = (await session.execute(wanted.where(*conditions).order_by(BoardGroup.site_id))).all()
    by_site = groupby(rows, key=attrgetter("site_id"))
    return [_row(share) for _, counts in by_site for share in site_counts.shares(counts)]


def _row(share: Share[Any]) -> SimpleNamespace:
    ranges = {name: share.range(attrgetter(name)) for name in COUNTED}
    ends = {f"{name}_{suffix}": end for name, both in ranges.items() for suffix, end in zip(ENDS, both, strict=True)}
    reported_at = max(count.reported_at or count.counted_at for count in share.counts)
    is_urgent = any(count.is_urgent and count.persons for count in share.counts)
    of_all = {"reported_at": reported_at, "is_urgent": is_urgent}
    return SimpleNamespace(**{**share.counts[0]._asdict(), **of_all}, **ends)


async def sites(session: AsyncSession, ids: Collection[UUID]) -> Sequence[BoardSite]:
    return (await session.scalars(select(BoardSite).where(BoardSite.site_id.in_(ids)))).all() if ids else ()


async def newest_reports(
    session: AsyncSession, status: Status, areas: Iterable[str], places: Places
) -> Sequence[tuple[str, datetime]]:
    reported = func.max(REPORTED_AT)
    wanted = select(BoardGroup.destination_pcode, reported).group_by(BoardGroup.destination_pcode)
    seen = (BoardGroup.status == status, in_areas(HERE, areas, places), BoardGroup.destination_pcode.is_not(None))
    return [(pcode, moment) for pcode, moment in await session.execute(wanted.where(*seen)) if pcode]


async def supersede(session: AsyncSession, counts: Iterable[Mapping[str, Any]]) -> None:
    """Marks the stored counts that the given counts replace.

    A replaced count can arrive after its replacement. A replaced count with the higher `sequence` stays unmarked: after
    the replacement, the registry put this count into effect again.
    """
    for count in sorted(counts, key=itemgetter("sequence")):
        if count["replaces"]:
            replaced = BoardGroup.report_id.in_([UUID(report_id) for report_id in count["replaces"]])
            marked = update(BoardGroup).values(superseded_by=UUID(count["report_id"]))
            await session.execute(marked.where(replaced, BoardGroup.sequence < count["sequence"]))


def _newest_report() -> Label[datetime]:
    """Makes a column with the time when the newest count of the row's stock was reported."""
    return func.max(REPORTED_AT).over(partition_by=BoardGroup.stock_id).label("reported_at")


def _is_urgent() -> Label[bool]:
    needs_help = and_(BoardGroup.is_urgent, BoardGroup.persons > 0)
    return func.bool_or(needs_help).over(partition_by=BoardGroup.stock_id).label("is_urgent")


def _ranges() -> list[Label[int]]:
    ends = ((ENDS[0], func.min), (ENDS[1], func.max))
    return [
        func.coalesce(end(counted).over(partition_by=BoardGroup.stock_id), 0).label(f"{name}_{suffix}")
        for name, counted in COUNTED.items()
        for suffix, end in ends
    ]
