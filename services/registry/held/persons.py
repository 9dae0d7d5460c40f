"""Counts the persons in held reports whom no recorded report includes."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, Select, and_, cast, exists, false, func, not_, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.registry.decisions import Held
from services.registry.held import people_at_sites
from services.registry.held.queries import IS_HELD, PCODE, UNDECIDED
from services.registry.models import GroupCount, HeldStock, Household, Report
from services.registry.report_queries import CLEAR
from services.registry.visibility import Visibility
from shared.events.vocabulary import DISPLACED, Mobility, OutcomeKind, RefusalReason, ReportKind, Status

PERSONS = cast(CLEAR["persons"].astext, Integer)
# `coalesce` adds the default value, because stored unencrypted fields do not contain default values.
IS_DISPLACED = func.coalesce(CLEAR["mobility"].astext, Mobility.DISPLACEMENT).in_(DISPLACED)
IS_IN_COUNTRY = CLEAR["destination"]["pcode"].astext.is_not(None)
# For an Actual report, a household is not registered if only an exercise registered it.
IS_REGISTERED = exists().where(
    Household.household_id == Report.subject_id,
    or_(Household.status == Status.ACTUAL, Report.status != Status.ACTUAL),
)
# Selects people who are registered under another id. Either a version of the people's report was refused as a
# duplicate, or another household has the report.
REFUSED = aliased(Report)
IS_KNOWN_OTHERWISE = or_(
    Report.reason == Held.OTHER_HOUSEHOLD,
    exists().where(
        REFUSED.report_id == Report.report_id,
        REFUSED.outcome == OutcomeKind.REJECTED,
        REFUSED.reason == RefusalReason.DUPLICATE,
        or_(REFUSED.author == Report.author, REFUSED.team == Report.team),
    ),
)
# The row of a group in `held_stocks` is about the group's newest held report.
IS_OF_STOCK = and_(
    Report.report_id == HeldStock.report_id,
    Report.version == HeldStock.version,
    Report.author == HeldStock.author,
    Report.kind == ReportKind.GROUP,
)


@dataclass(frozen=True, slots=True)
class HeldPersons:
    """Never add the two numbers, because the same people may be in both."""

    in_households: int
    in_groups: int


async def persons(session: AsyncSession, visibility: Visibility, status: Status) -> HeldPersons:
    """Registered people are left out, because the board's totals contain them.

    People who are registered under another id are left out, as in `held.people.newest_held`. Only the highest held
    version of each household's report is counted. If several held counts count the same people, only the highest number
    is used. Recorded counts of the same people are subtracted. A count of everybody at a site includes the people of
    the site's earlier counts.
    """
    elsewhere = _held_counts(HeldStock.stock_id, HeldStock.persons).where(HeldStock.site_id.is_(None))
    at_sites = _held_counts(*people_at_sites.FACTS).where(HeldStock.site_id.is_not(None))
    shown = HeldStock.status == status, visibility.covers("held_stocks.destination_pcode")
    in_households = await session.scalar(_in_households(visibility, status))
    in_groups = await session.scalar(_beyond_recorded(elsewhere.where(*shown)))
    at_known_sites = await people_at_sites.only_held(session, at_sites.where(*shown), status)
    return HeldPersons(in_households or 0, (in_groups or 0) + at_known_sites)


def _in_households(visibility: Visibility, status: Status) -> Select[Any]:
    newest = (
        select(PERSONS.label("persons"))
        .ext(distinct_on(Report.subject_id))
        .where(IS_HELD, Report.kind == ReportKind.HOUSEHOLD, Report.status == status)
        .where(~UNDECIDED.exists(), visibility.covers(PCODE), IS_DISPLACED, IS_IN_COUNTRY)
        .where(not_(IS_REGISTERED), not_(func.coalesce(IS_KNOWN_OTHERWISE, false())))
        .order_by(Report.subject_id, Report.version.desc(), Report.received_at.desc())
        .subquery()
    )
    return select(func.coalesce(func.sum(newest.c.persons), 0))


def _held_counts(*columns: Any) -> Select[Any]:
    counts: Select[Any] = select(*columns).join(Report, IS_OF_STOCK)
    return counts.where(HeldStock.is_counted.is_(True), IS_HELD, ~UNDECIDED.exists())


def _beyond_recorded(counts: Select[Any]) -> Select[Any]:
    """The recorded counts of each stock are subtracted."""
    counted = counts.subquery()
    highest = func.max(counted.c.persons).label("persons")
    stocks = select(counted.c.stock_id, highest).group_by(counted.c.stock_id).subquery()
    of_stock = GroupCount.stock_id == stocks.c.stock_id, GroupCount.superseded_by.is_(None)
    recorded = select(func.max(func.coalesce(GroupCount.displaced, GroupCount.persons))).where(*of_stock)
    beyond = func.greatest(0, stocks.c.persons - func.coalesce(recorded.scalar_subquery(), 0))
    return select(func.coalesce(func.sum(beyond), 0)).select_from(stocks)
