"""Queries about households whose reports name no event, and about the answers of people."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, Text, and_, exists, func, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.registry.event_links import EventAnswered
from services.registry.models import Episode, EventAnswer, Household, Report
from services.registry.place_queries import APPLIED
from services.registry.visibility import HERE, Visibility
from shared.country import TIME_ZONE
from shared.displacement_reasons import POSSIBLY_HAZARD
from shared.events.vocabulary import DISPLACED, TO_THE_DAY, Mobility, Precision, ReportKind, Status
from shared.messaging import decisions
from shared.places import Places
from shared.postgres import database

KEPT = timedelta(days=60)  # intake proposes hazards of this time
MOST = 2_000  # displacements that are asked about, the newest
MOST_DEPARTURES = 50  # departures that are listed, the newest
MOST_ANSWERED = 100  # answers that are listed, the newest
REASONS = type_coerce(Episode.reasons, ARRAY(Text))  # the general ARRAY of SQLAlchemy has no operators
FLED = (*DISPLACED, Mobility.UNABLE_TO_MOVE)


class DepartureOfHouseholds(NamedTuple):
    """The same departure of several households: the district that they left, when, and the hazard if it is stated.

    `day` is the day in Bishkek time. If the hour is known, `occurred_at` is the hour, otherwise the start of the day.
    """

    district: str
    day: date
    occurred_at: datetime | None
    hazard_type: str | None


@dataclass(slots=True)
class Unanswered:
    """The households of a departure, the household that has waited longest first."""

    departure: DepartureOfHouseholds
    rows: list[Any] = field(default_factory=list)

    @property
    def since(self) -> datetime:
        received: datetime = self.rows[0].received_at
        return received


def newest_answers() -> Select[UUID]:
    """The ids of the newest answers about each report, executed or waiting for the worker."""
    valid = or_(EventAnswer.carried_out_at.is_(None), EventAnswer.result == APPLIED)
    newest = select(EventAnswer.decision_id).ext(distinct_on(EventAnswer.report_id)).where(valid)
    return newest.order_by(EventAnswer.report_id, EventAnswer.decided_at.desc(), EventAnswer.decision_id)


async def unanswered(
    session: AsyncSession,
    visibility: Visibility,
    status: Status,
    now: datetime,
    report_ids: Collection[UUID] | None = None,
) -> Sequence[Any]:
    """The displacements that may have an event as their reason, but whose reports name none and nobody has answered.

    The displacement that has waited longest comes first.
    """
    answer = aliased(EventAnswer)
    is_answered = exists().where(
        answer.report_id == Episode.report_id,
        answer.origin_pcode == Episode.origin_pcode,
        answer.occurred_at == Episode.occurred_at,
        answer.answer != EventAnswered.OPEN,
        answer.decision_id.in_(newest_answers()),
    )
    of_episode = and_(
        Report.report_id == Episode.report_id,
        Report.version == Episode.version,
        Report.kind == ReportKind.HOUSEHOLD,
        Report.subject_id == Episode.household_id,
    )
    columns = (
        Episode.household_id,
        Episode.report_id,
        Episode.persons,
        Episode.origin_pcode,
        Episode.occurred_at,
        Episode.occurred_at_precision,
        Episode.hazard_type,
    )
    wanted = (
        select(*columns, func.min(Report.received_at).label("received_at"))
        .join(Report, of_episode)
        .join(Household, Household.household_id == Episode.household_id)
        .where(
            Episode.hazard_id.is_(None),
            Episode.status == status,
            Episode.mobility.in_(FLED),
            Episode.origin_pcode.is_not(None),
            Episode.occurred_at_precision.in_(TO_THE_DAY),
            Episode.occurred_at > now - KEPT,
            or_(Episode.hazard_type.is_not(None), REASONS.overlap(sorted(POSSIBLY_HAZARD))),
            ~is_answered,
            visibility.covers(HERE),
        )
        .group_by(*columns)
    )
    if report_ids is not None:
        wanted = wanted.where(Episode.report_id.in_(report_ids))
    newest = wanted.order_by(func.min(Report.received_at).desc(), Episode.report_id).limit(MOST)
    return (await session.execute(newest)).all()[::-1]


def by_departure(rows: Iterable[Any], places: Places) -> list[Unanswered]:
    """The newest departures, the one that has waited longest first."""
    found: dict[DepartureOfHouseholds, Unanswered] = {}
    for row in rows:
        departure = departure_of(row, places)
        found.setdefault(departure, Unanswered(departure)).rows.append(row)
    return sorted(found.values(), key=lambda unanswered: unanswered.since)[-MOST_DEPARTURES:]


def departure_of(row: Any, places: Places) -> DepartureOfHouseholds:
    hour = row.occurred_at if row.occurred_at_precision == Precision.HOUR else None
    return DepartureOfHouseholds(
        places.district(row.origin_pcode), row.occurred_at.astimezone(TIME_ZONE).date(), hour, row.hazard_type
    )


async def answers(
    session: AsyncSession, visibility: Visibility, ids: Collection[UUID] | None = None
) -> Sequence[EventAnswer]:
    """The valid answers about households in the visible districts, the newest first."""
    wanted = (
        select(EventAnswer)
        .join(Household, Household.household_id == EventAnswer.household_id)
        .where(EventAnswer.decision_id.in_(newest_answers()), EventAnswer.answer != EventAnswered.OPEN)
        .where(visibility.covers(HERE))
    )
    if ids is not None:
        wanted = wanted.where(EventAnswer.decision_id.in_(ids))
    newest_first = wanted.order_by(EventAnswer.decided_at.desc(), EventAnswer.decision_id)
    return (await session.scalars(newest_first.limit(2 * MOST))).all()


def together(rows: Iterable[EventAnswer]) -> list[list[EventAnswer]]:
    """The newest answers. Answers of one request are together."""
    made = defaultdict[tuple[Any, ...], list[EventAnswer]](list)
    for row in rows:
        made[row.account, row.decided_at, row.answer, row.hazard_id].append(row)
    return list(made.values())[:MOST_ANSWERED]


async def lock(session: AsyncSession) -> None:
    """Take a lock, so that only the first answer is stored if two people answer about the same household."""
    await session.execute(database.advisory_lock("event answers"))


async def store(session: AsyncSession, made: Iterable[EventAnswer]) -> None:
    await decisions.write(session, *made)
