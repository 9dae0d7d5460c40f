"""Queries about households and groups whose reports name no event, and about the answers of people."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, Text, and_, exists, func, literal, or_, select, tuple_, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.registry.event_links.links import EventAnswered
from services.registry.groups.queries import HERE as HERE_OF_GROUPS
from services.registry.groups.queries import IN_EFFECT, OF_COUNT
from services.registry.models import Episode, EventAnswer, Group, GroupCount, Household, Report
from services.registry.places.queries import APPLIED
from services.registry.visibility import HERE, Visibility
from shared.country import TIME_ZONE
from shared.displacement_reasons import POSSIBLY_HAZARD
from shared.events.vocabulary import DISPLACED, TO_THE_DAY, Measure, Mobility, Precision, ReportKind, Status, SubStock
from shared.messaging import decisions
from shared.places import Places
from shared.postgres import database

KEPT = timedelta(days=60)  # older departures are not listed; intake has the same limit for its proposals
MOST = 2_000
MOST_DEPARTURES = 50
MOST_ANSWERED = 100
FLED = (*DISPLACED, Mobility.UNABLE_TO_MOVE)
ARE_DISPLACED = and_(
    IN_EFFECT,
    GroupCount.measure == Measure.STOCK,
    GroupCount.movement_id.is_(None),
    or_(GroupCount.sub_stock.is_(None), GroupCount.sub_stock == SubStock.IN_DISPLACEMENT),
)


class SameDeparture(NamedTuple):
    """`day` is the day in Bishkek time.

    If the hour is unknown, `occurred_at` is the start of the day.
    """

    kind: ReportKind
    district: str
    day: date
    occurred_at: datetime | None
    hazard_type: str | None


@dataclass(slots=True)
class Unanswered:
    """The row that has waited longest comes first."""

    departure: SameDeparture
    rows: list[Any] = field(default_factory=list)

    @property
    def since(self) -> datetime:
        received: datetime = self.rows[0].received_at
        return received


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    visibility: Visibility
    status: Status
    now: datetime
    report_ids: Collection[UUID] | None = None
    after: tuple[datetime, UUID] | None = None


def newest_answers() -> Select[UUID]:
    """A report that moved from one household to another may have an answer for each household."""
    valid = or_(EventAnswer.carried_out_at.is_(None), EventAnswer.result == APPLIED)
    report = EventAnswer.household_id, EventAnswer.report_id
    newest = select(EventAnswer.decision_id).ext(distinct_on(*report)).where(valid)
    return newest.order_by(*report, EventAnswer.decided_at.desc(), EventAnswer.decision_id)


async def unanswered(session: AsyncSession, question: OpenQuestion) -> Sequence[Any]:
    """Returns displacements whose report names no event, and about which nobody has answered.

    Returns at most MOST displacements. The displacement that has waited longest comes first.
    """
    rows = [
        row
        for wanted in (of_households(question), of_groups(question))
        for row in await session.execute(wanted.limit(MOST))
    ]
    return sorted(rows, key=order_of)[:MOST]


def order_of(row: Any) -> tuple[datetime, UUID]:
    return row.received_at, row.report_id


def of_households(question: OpenQuestion) -> Select[Any]:
    of_episode = and_(
        Report.report_id == Episode.report_id,
        Report.version == Episode.version,
        Report.kind == ReportKind.HOUSEHOLD,
        Report.subject_id == Episode.household_id,
    )
    columns = literal(ReportKind.HOUSEHOLD).label("kind"), Episode.household_id.label("subject_id"), Episode.persons
    return (
        _open(Episode, columns, question)
        .join(Report, of_episode)
        .join(Household, Household.household_id == Episode.household_id)
        .where(question.visibility.covers(HERE))
    )


def of_groups(question: OpenQuestion) -> Select[Any]:
    """A count is left out if another count of the same people names a hazard.

    For counts that are left out, the module `named_hazards` decides which hazard the people fled.
    """
    named = aliased(GroupCount)
    is_named = exists().where(named.population == GroupCount.population, named.hazard_id.is_not(None))
    persons = func.coalesce(GroupCount.displaced, GroupCount.persons)
    columns = literal(ReportKind.GROUP).label("kind"), GroupCount.group_id.label("subject_id"), persons.label("persons")
    return (
        _open(GroupCount, columns, question)
        .join(Report, OF_COUNT)
        .where(ARE_DISPLACED, persons > 0, ~is_named, question.visibility.covers(HERE_OF_GROUPS))
    )


def _open(table: type[Episode] | type[GroupCount], columns: Sequence[Any], question: OpenQuestion) -> Select[Any]:
    """The caller must join the query with the table of reports."""
    answer = aliased(EventAnswer)
    is_answered = exists().where(
        answer.household_id == (Episode.household_id if table is Episode else GroupCount.group_id),
        answer.report_id == table.report_id,
        answer.origin_pcode == table.origin_pcode,
        answer.occurred_at == table.occurred_at,
        answer.answer != EventAnswered.OPEN,
        answer.decision_id.in_(newest_answers()),
    )
    reasons = type_coerce(table.reasons, ARRAY(Text))  # SQLAlchemy's general ARRAY has no method `overlap`
    stated = (
        *columns,
        table.report_id,
        table.origin_pcode,
        table.occurred_at,
        table.occurred_at_precision,
        table.hazard_type,
    )
    received_at = func.min(Report.received_at)
    wanted = (
        select(*stated, received_at.label("received_at"))
        .where(
            table.hazard_id.is_(None),
            table.status == question.status,
            table.mobility.in_(FLED),
            table.origin_pcode.is_not(None),
            table.occurred_at_precision.in_(TO_THE_DAY),
            table.occurred_at > question.now - KEPT,
            or_(table.hazard_type.is_not(None), reasons.overlap(sorted(POSSIBLY_HAZARD))),
            ~is_answered,
        )
        .group_by(*stated[1:])
        .order_by(received_at, table.report_id)
    )
    if question.report_ids is not None:
        wanted = wanted.where(table.report_id.in_(question.report_ids))
    if question.after is not None:
        wanted = wanted.having(tuple_(received_at, table.report_id) > question.after)
    return wanted


def by_departure(rows: Sequence[Any], places: Places) -> tuple[list[Unanswered], Any | None]:
    """The second value is the last row on the page, or None if there is no next page.

    A departure's households or groups are together on a page. A large departure may continue on the next page.
    """
    departures: dict[SameDeparture, Unanswered] = {}
    for number, row in enumerate(rows):
        departure = departure_of(row, places)
        if departure not in departures and len(departures) == MOST_DEPARTURES:
            return list(departures.values()), rows[number - 1]
        departures.setdefault(departure, Unanswered(departure)).rows.append(row)
    return list(departures.values()), rows[-1] if len(rows) == MOST else None


def departure_of(row: Any, places: Places) -> SameDeparture:
    hour = row.occurred_at if row.occurred_at_precision == Precision.HOUR else None
    day = row.occurred_at.astimezone(TIME_ZONE).date()
    return SameDeparture(ReportKind(row.kind), places.district(row.origin_pcode), day, hour, row.hazard_type)


async def answers(
    session: AsyncSession, visibility: Visibility, ids: Collection[UUID] | None = None
) -> Sequence[EventAnswer]:
    """The newest answer comes first."""
    # after the answer, the report may have moved to another household
    of_report = Episode.household_id == EventAnswer.household_id, Episode.report_id == EventAnswer.report_id
    visible = exists().where(Household.household_id == EventAnswer.household_id, visibility.covers(HERE))
    household = and_(exists().where(*of_report), visible)
    group = exists().where(GroupCount.report_id == EventAnswer.report_id, visibility.covers(HERE_OF_GROUPS))
    wanted = select(EventAnswer).where(
        EventAnswer.decision_id.in_(newest_answers()), EventAnswer.answer != EventAnswered.OPEN, or_(household, group)
    )
    if ids is not None:
        wanted = wanted.where(EventAnswer.decision_id.in_(ids))
    newest_first = wanted.order_by(EventAnswer.decided_at.desc(), EventAnswer.decision_id)
    return (await session.scalars(newest_first.limit(2 * MOST))).all()


async def groups_among(session: AsyncSession, ids: Collection[UUID]) -> set[UUID]:
    return set(await session.scalars(select(Group.group_id).where(Group.group_id.in_(ids))))


def together(rows: Iterable[EventAnswer]) -> list[list[EventAnswer]]:
    """Each list has the answers of one request."""
    made = defaultdict[tuple[Any, ...], list[EventAnswer]](list)
    for row in rows:
        made[row.account, row.decided_at, row.answer, row.hazard_id].append(row)
    return list(made.values())[:MOST_ANSWERED]


async def lock(session: AsyncSession) -> None:
    """The lock serialises answers: of two answers about one household, only the first is stored."""
    await session.execute(database.advisory_lock("event answers"))


async def store(session: AsyncSession, made: Iterable[EventAnswer]) -> None:
    await decisions.write(session, *made)
