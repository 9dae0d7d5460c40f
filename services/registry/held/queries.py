"""Queries for held reports, which wait for a person, and for their unencrypted fields."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, TextClause, delete, exists, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.decisions import CONTRADICTIONS, SUBJECT_OF, Held
from services.registry.models import CODE, HeldDecision, Household, Report
from services.registry.visibility import HERE, Visibility
from shared import audit
from shared.audit import Action, Entry
from shared.events.vocabulary import OutcomeKind, ReportKind
from shared.messaging import decisions
from shared.places.conditions import is_within

ACCEPTABLE = frozenset(
    {
        Held.WAITING,
        Held.NOT_AUTHOR,
        Held.EXPIRED_TOKEN,
        Held.REVOKED,
        Held.REMOVAL_BY_OTHER_TEAM,
        Held.WHOLE_SITE,
        Held.TOO_LARGE,
        Held.TOO_MANY_MOVEMENTS,
        Held.CORRECTS_DUPLICATE,
    }
)

# Nobody has to decide about these reports: the registry judges them again when other reports come. Other held reports,
# whose reason is neither in WAITS nor in ACCEPTABLE, need a correction by their author.
WAITS = frozenset({Held.HOUSEHOLD_UNKNOWN, *CONTRADICTIONS})

# A person may accept reports with these reasons as reports about another, registered household.
ADOPTABLE = ACCEPTABLE | {Held.OTHER_HOUSEHOLD, Held.HOUSEHOLD_UNKNOWN}
OF_HOUSEHOLDS = (ReportKind.HOUSEHOLD, ReportKind.HOUSEHOLD_MOVEMENT)

MOST_CODED = 50
MOST = 1000

UNDECIDED = select(HeldDecision.decided_at).where(
    HeldDecision.outcome_id == Report.outcome_id, HeldDecision.carried_out_at.is_(None)
)
IS_HELD = Report.outcome == OutcomeKind.HELD
# The P-code of the registered household, group or site, or NULL if there is none. Movements need this P-code, because
# most movements state no destination.
# raw SQL: the expression of a household's present place is also raw SQL
SUBJECT_PCODE = f"""coalesce(
    (SELECT {HERE} FROM households WHERE household_id = reports.subject_id),
    (
        SELECT coalesce(destination_pcode, origin_pcode) FROM counts
        WHERE group_id = reports.subject_id AND sub_stock IS DISTINCT FROM 'left_country'
        ORDER BY occurred_at DESC, report_id LIMIT 1
    ),
    (SELECT pcode FROM sites WHERE site_id = reports.subject_id)
)"""  # noqa: S608 - constants
# raw SQL: the expression for the P-code is also raw SQL. Registered people can have no P-code, for example if they came
# from abroad and went abroad again.
IS_SUBJECT_REGISTERED = """(
    EXISTS (SELECT FROM households WHERE household_id = reports.subject_id)
    OR EXISTS (SELECT FROM counts WHERE group_id = reports.subject_id)
    OR EXISTS (SELECT FROM sites WHERE site_id = reports.subject_id)
)"""
HELD = select(
    Report.outcome_id,
    Report.report_id,
    Report.version,
    Report.kind,
    Report.subject_id,
    Report.author,
    Report.team,
    Report.channel,
    Report.received_at,
    Report.flags,
    Report.status,
    Report.reason,
    Report.clear,
    UNDECIDED.limit(1).scalar_subquery().label("decided_at"),
    literal_column(SUBJECT_PCODE).label("household_pcode"),
    literal_column(IS_SUBJECT_REGISTERED).label("is_subject_registered"),
).where(IS_HELD)
# The P-code of the report's destination, or of the origin if the destination has no P-code. A movement without a
# destination has the P-code of its household, group or site.
PCODE = f"""coalesce(
    CAST(clear AS json) #>> '{{destination,pcode}}', CAST(clear AS json) #>> '{{origin,pcode}}', {SUBJECT_PCODE}
)"""


# True for reports about people in the caller's areas, and about people who are not registered. Only callers for the
# whole country may read reports about registered people without a P-code, who are in no area.
COVERS_SUBJECT = f"(NOT {IS_SUBJECT_REGISTERED} OR {is_within(SUBJECT_PCODE, 'pcodes')})"


async def oldest(session: AsyncSession, *, limit: int) -> Sequence[RowMapping]:
    return (await session.execute(HELD.order_by(Report.received_at).limit(limit))).mappings().all()


async def count_of_team(session: AsyncSession, team: UUID, visibility: Visibility) -> int:
    return await session.scalar(select(func.count()).where(*of_ended_sign_ins(team, visibility))) or 0


async def oldest_of_team(session: AsyncSession, team: UUID, visibility: Visibility) -> Sequence[UUID]:
    """Returns at most MOST reports, the oldest first."""
    ids = select(Report.outcome_id).where(*of_ended_sign_ins(team, visibility))
    return (await session.scalars(ids.order_by(Report.received_at).limit(MOST))).all()


def of_ended_sign_ins(team: UUID, visibility: Visibility) -> Sequence[ColumnElement[bool] | TextClause]:
    is_of_team = (IS_HELD, Report.reason == Held.EXPIRED_TOKEN, Report.team == team)
    return *is_of_team, ~UNDECIDED.exists(), visibility.covers(PCODE)


async def decide(session: AsyncSession, outcome_ids: Iterable[UUID], **decision: Any) -> list[UUID]:
    """The worker executes the decisions.

    Reports that have a decision are left out, because the first decision is valid. Returns the ids of the decided
    reports.
    """
    # The ids are sorted, so that the requests of two people cannot deadlock.
    rows = [{"outcome_id": outcome_id, **decision} for outcome_id in sorted(outcome_ids)]
    if not rows:
        return []
    is_open = HeldDecision.carried_out_at.is_(None)
    added = insert(HeldDecision).on_conflict_do_nothing(index_elements=["outcome_id"], index_where=is_open)
    decided = (await session.scalars(added.values(rows).returning(HeldDecision.outcome_id))).all()
    still_held = (await session.scalars(select(Report.outcome_id).where(Report.outcome_id.in_(decided), IS_HELD))).all()
    if settled := set(decided) - set(still_held):
        # Reports are no longer held if the worker executed an earlier decision while the insert waited.
        await session.execute(delete(HeldDecision).where(HeldDecision.outcome_id.in_(settled), is_open))
    await decisions.wake(session)
    return list(still_held)


async def of_unknown_households(session: AsyncSession, code: str, visibility: Visibility) -> Sequence[UUID]:
    """Returns at most MOST_CODED reports."""
    is_registered = exists().where(Household.household_id == Report.subject_id)
    coded = select(Report.outcome_id).where(CODE.in_([code.lower()]), IS_HELD, ~is_registered)
    return (await session.scalars(coded.where(visibility.covers(PCODE)).limit(MOST_CODED))).all()


async def by_outcome(session: AsyncSession, outcome_id: UUID) -> RowMapping | None:
    return (await session.execute(HELD.where(Report.outcome_id == outcome_id))).mappings().one_or_none()


async def named(session: AsyncSession, outcome_id: UUID) -> tuple[Any, ...] | None:
    """Returns the kind of the subject, the id of the subject, and the id of the report."""
    name = select(Report.kind, Report.subject_id, Report.report_id).where(Report.outcome_id == outcome_id, IS_HELD)
    row = (await session.execute(name)).one_or_none()
    return None if row is None else (SUBJECT_OF[row[0]], *row[1:])


async def note_read(session: AsyncSession, account: UUID, subject_id: UUID) -> None:
    """The entry is written in the transaction that reads the report.

    The entry names no token, because the reader uses a terminal.
    """
    await audit.add(session, Entry(action=Action.READ, account=account, subject="held report", objects=[subject_id]))
