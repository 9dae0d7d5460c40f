"""SQL for rosters and their overrides. The caller commits."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import OverrideRow, ReceiverRow, RosterRow
from services.alerts.queries import disabled_accounts as disabled_queries
from services.alerts.queries import policies as policy_queries
from services.alerts.queries import rows
from services.alerts.receivers.receivers import ReceiverKind
from services.alerts.rosters.rosters import Override, Roster
from shared.postgres.upsert import upsert

_roster = TypeAdapter(Roster)


async def rosters(session: AsyncSession) -> list[Roster]:
    wanted = select(RosterRow.name, RosterRow.layers).order_by(RosterRow.name)
    return rows.valid((await session.execute(wanted)).mappings(), _roster, RosterRow.__tablename__)


async def names(session: AsyncSession) -> list[str]:
    return list(await session.scalars(select(RosterRow.name).order_by(RosterRow.name)))


async def roster(session: AsyncSession, name: str) -> Roster | None:
    row = await session.scalar(select(RosterRow).where(RosterRow.name == name))
    return roster_of(row) if row else None


def roster_of(row: RosterRow) -> Roster:
    return Roster.model_validate({"name": row.name, "layers": row.layers})


async def save(session: AsyncSession, roster: Roster) -> None:
    """A stored roster keeps its overrides."""
    await upsert(session, RosterRow, [roster.model_dump(mode="json")])


async def named_by(session: AsyncSession, name: str) -> list[str]:
    """Returns the receivers and escalation policies that name this roster."""
    columns = ReceiverRow.__table__.c
    wanted = select(ReceiverRow.label).where(columns.roster == name).order_by(ReceiverRow.label)
    policies = await policy_queries.policies(session)
    naming = [policy.name for policy in policies if any(name in step.rosters for step in policy.steps)]
    return [*await session.scalars(wanted), *naming]


async def remove(session: AsyncSession, name: str) -> bool:
    removed = await session.scalar(delete(RosterRow).where(RosterRow.name == name).returning(RosterRow.name))
    return removed is not None


async def overrides(session: AsyncSession, name: str, ends_after: datetime) -> list[Override]:
    wanted = select(OverrideRow).where(OverrideRow.roster == name, OverrideRow.ends_at > ends_after)
    return [override_of(row) for row in await session.scalars(wanted.order_by(OverrideRow.override_id))]


async def current_overrides(
    session: AsyncSession, names: Collection[str], ends_after: datetime, begins_by: datetime
) -> dict[str, list[Override]]:
    """A roster's overrides have the order in which they were added."""
    holds = (OverrideRow.ends_at > ends_after) & (OverrideRow.begins_at <= begins_by)
    wanted = select(OverrideRow).where(OverrideRow.roster.in_(names), holds)
    by_roster = defaultdict[str, list[Override]](list)
    for row in await session.scalars(wanted.order_by(OverrideRow.override_id)):
        by_roster[row.roster].append(override_of(row))
    return by_roster


async def later_people(
    session: AsyncSession, names: Collection[str], begins_after: datetime
) -> dict[str, frozenset[str]]:
    people = func.array_agg(OverrideRow.person.distinct())
    wanted = select(OverrideRow.roster, people).group_by(OverrideRow.roster)
    rows = await session.execute(wanted.where(OverrideRow.roster.in_(names), OverrideRow.begins_at > begins_after))
    return {roster: frozenset(labels) for roster, labels in rows}


def override_of(row: OverrideRow) -> Override:
    return Override(row.person, row.begins_at, row.ends_at, row.reason, row.uid, override_id=row.override_id)


async def add_overrides(session: AsyncSession, name: str, added: Sequence[Override]) -> None:
    """An override replaces the stored override with the same uid.

    An unchanged override keeps its place in the order. A later place in the order would give an override precedence
    over overrides that people added later.
    """
    uids = [override.uid for override in added if override.uid is not None]
    of_uids = (OverrideRow.roster == name, OverrideRow.uid.in_(uids))
    known = [override_of(row) for row in await session.scalars(select(OverrideRow).where(*of_uids))] if uids else []
    replaced = [override.override_id for override in known if override not in added]
    await session.execute(delete(OverrideRow).where(OverrideRow.override_id.in_(replaced)))
    session.add_all(
        OverrideRow(
            roster=name,
            person=override.person,
            begins_at=override.begins_at,
            ends_at=override.ends_at,
            reason=override.reason,
            uid=override.uid,
        )
        for override in added
        if override not in known
    )
    await session.flush()


async def end_overrides(session: AsyncSession, name: str, uids: Collection[str], now: datetime) -> int:
    """Returns how many overrides were removed. Overrides that are already over stay."""
    ended = delete(OverrideRow).where(OverrideRow.roster == name, OverrideRow.uid.in_(uids), OverrideRow.ends_at > now)
    return len((await session.scalars(ended.returning(OverrideRow.override_id))).all())


async def remove_override(session: AsyncSession, name: str, override_id: int) -> bool:
    """Returns False if the roster has no such override, for example because somebody else has removed it."""
    removed = delete(OverrideRow).where(OverrideRow.roster == name, OverrideRow.override_id == override_id)
    return await session.scalar(removed.returning(OverrideRow.override_id)) is not None


async def people(session: AsyncSession) -> set[str]:
    return set(
        await session.scalars(select(ReceiverRow.label).where(ReceiverRow.__table__.c.kind == ReceiverKind.PERSON))
    )


async def able_people(session: AsyncSession) -> set[str]:
    return await people(session) - await disabled_queries.absent(session)
