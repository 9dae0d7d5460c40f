"""Finds the counts that the reports of a batch replace or change, and makes an event about each of these counts."""

# raw SQL throughout: the statements read tables to which the same transaction copies rows

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.counts.headcounts import Headcount
from services.registry.counts.pools import CountPool
from services.registry.counts.standings import IN_EFFECT, Standing
from services.registry.groups import events as group_events
from services.registry.groups.movements import unmoved
from services.registry.groups.tallies import Step, Tallies, Tally
from services.registry.households.people import People
from services.registry.reports import FiledMovement
from services.registry.storage import Store
from services.registry.subjects import Subject
from services.registry.working_set import WorkingSet
from shared.events import GroupCorrected, GroupCounted, GroupStatusChanged, Message
from shared.events.groups import PlaceComparison
from shared.events.vocabulary import ReportKind, SubStock
from shared.postgres import database

STORED = """
SELECT report_id, superseded_at, superseded_by, site_id, coalesce(displaced, persons) AS displaced,
    coalesce(returned, 0) AS returned, coalesce(settled, 0) AS settled, fingerprint
FROM counts
WHERE group_id = ANY($1::uuid[]) OR report_id = ANY($2::uuid[]) OR movement_id = ANY($3::uuid[])
"""
SEQUENCES = "SELECT nextval('group_sequence') FROM generate_series(1, $1)"


class Stored(NamedTuple):
    """The values of a count in its last event.

    `fingerprint` is None in rows that the previous release of Dayar wrote.
    """

    standing: Standing
    site_id: UUID | None
    displaced: int
    returned: int
    settled: int
    fingerprint: bytes | None

    def is_same(self, tally: Tally) -> bool:
        if self.fingerprint is not None:
            return self.fingerprint == tally.fingerprint
        gone = tally.gone[SubStock.IN_RETURN], tally.gone[SubStock.IN_SETTLEMENT]
        return self[:-1] == (tally.standing, tally.count.site_id, tally.displaced, *gone)

    @classmethod
    def of_row(cls, row: asyncpg.Record) -> "Stored":
        standing = Standing(row["superseded_at"], str(row["superseded_by"]) if row["superseded_by"] else None)
        return cls(standing, row["site_id"], row["displaced"], row["returned"], row["settled"], row["fingerprint"])


@dataclass(frozen=True, slots=True)
class Recount:
    """`tallies` has the counts to store.

    The stored counts replace all counts of the changed groups, and the counts in `outdated`.

    `messages` has an event about each changed count. `movements` are all movements of the groups whose counts were
    computed. `unmoved` has the reports of movements that moved nobody: the people were at the destination before.
    """

    tallies: Sequence[Tally] = ()
    outdated: Sequence[str] = ()
    messages: Sequence[Message] = ()
    movements: Sequence[FiledMovement] = ()
    unmoved: Collection[str] = ()


async def recount(session: AsyncSession, working_set: WorkingSet, store: Store, now: datetime) -> Recount:
    """Counts that change with the changed groups and sites are also computed.

    Workers that change the same population wait for each other, so that each worker sees all counts.
    """
    changed = [subject for subject in working_set.changed.values() if subject.name[0] == ReportKind.GROUP]
    if not changed and not working_set.moved_sites:
        return Recount()
    own = [Headcount.of(filed) for subject in changed for filed in subject.displacements.values()]
    moved_sites = [working_set.sites[site_id] for site_id in working_set.moved_sites]
    movements = [movement for subject in (*changed, *moved_sites) for movement in subject.movements.values()]
    pool = CountPool(await database.driver(session), store, own, movements, working_set.moved_sites)
    counted = {change.changed.report_id for change in working_set.changes}
    return await changes_of(pool, {subject.name[1] for subject in changed}, counted, now)


async def recount_stored(session: AsyncSession, subjects: Collection[Subject], store: Store, now: datetime) -> Recount:
    """Stores only counts that changed."""
    return await changes_of(await pool_of(session, subjects, store), (), (), now)


async def pool_of(session: AsyncSession, subjects: Collection[Subject], store: Store) -> CountPool:
    own = [Headcount.of(filed) for subject in subjects for filed in subject.displacements.values()]
    movements = [movement for subject in subjects for movement in subject.movements.values()]
    return CountPool(await database.driver(session), store, own, movements)


async def publish_again(
    session: AsyncSession,
    subjects: Collection[Subject],
    store: Store,
    comparisons: Mapping[UUID, PlaceComparison],
    now: datetime,
) -> dict[UUID, Message]:
    """Returns one event for each report id of a count. The event states the new comparison with the registered people.

    Only the comparison differs from the last event about the count. A count is left out if another count has replaced
    the count meanwhile.
    """
    pool = await pool_of(session, subjects, store)
    known = {UUID(report_id): tally for report_id, tally in (await pool.tallies()).items()}
    counted = [id for id in comparisons if id in known and not known[id].standing.superseded_by]
    sequences = await pool.connection.fetch(SEQUENCES, len(counted))
    return {
        id: group_events.counted(GroupStatusChanged, known[id], (), row["nextval"], now, comparison=comparisons[id])
        for id, row in zip(counted, sequences, strict=True)
    }


async def changes_of(pool: CountPool, group_ids: Collection[str], counted: Collection[str], now: datetime) -> Recount:
    """`group_ids` are the changed groups, and `counted` are the report ids of new or corrected counts."""
    known = await pool.tallies()
    before = await stored(pool, group_ids, known)
    changes = [
        tally
        for report_id, tally in known.items()
        if report_id in counted or report_id not in before or not before[report_id].is_same(tally)
    ]
    like = next((tally.count for tally in known.values()), None)
    ended = [emptied(report_id, like) for report_id in before if report_id not in known and like]
    published = [tally for tally in (*changes, *ended) if is_published(tally, before.get(tally.count.report_id))]
    messages = await events(pool.connection, published, before, counted, now)
    written = [tally for tally in known.values() if tally.count.group_id in group_ids or is_written(tally, before)]
    outdated = [tally.count.report_id for tally in (*written, *ended)]
    movements = [movement for movement in pool.movements if movement.subject[0] == ReportKind.GROUP]
    return Recount(written, outdated, messages, movements, unmoved(movements, known))


def is_written(tally: Tally, before: Mapping[str, Stored]) -> bool:
    known = before.get(tally.count.report_id)
    return known is None or known.fingerprint != tally.fingerprint


async def stored(pool: CountPool, group_ids: Collection[str], known: Tallies) -> dict[str, Stored]:
    movement_ids = [movement.report_id for movement in pool.movements]
    rows = await pool.connection.fetch(STORED, list(group_ids), list(known), movement_ids)
    return {str(row["report_id"]): Stored.of_row(row) for row in rows}


def emptied(report_id: str, count: Headcount) -> Tally:
    """For a withdrawn movement, an empty count tells the other services that nobody has moved."""
    clear = count.clear.model_copy(update={"persons": 0, "households": None, "is_full_recount": False})
    nobody = replace(count, report_id=report_id, clear=clear, people=People(), movement_id=report_id)
    return Tally(nobody, IN_EFFECT, [Step(count.counted_at, People())])


def is_published(tally: Tally, before: Stored | None) -> bool:
    """A reported count is always published.

    A count of moved people is published if the people are or were displaced.
    """
    return tally.count.movement_id is None or tally.count.is_displaced or bool(before and before.displaced)


async def events(
    connection: Any, changes: Sequence[Tally], before: Mapping[str, Stored], counted: Collection[str], now: datetime
) -> list[Message]:
    replaced = defaultdict[str | None, list[UUID]](list)
    for tally in changes:
        report_id, standing = tally.count.report_id, tally.standing
        if standing != (before[report_id].standing if report_id in before else IN_EFFECT):
            replaced[standing.superseded_by].append(UUID(report_id))
    sequences: Iterator[int] = (row["nextval"] for row in await connection.fetch(SEQUENCES, len(changes)))
    return [
        group_events.counted(
            event_type(tally.count, counted, before), tally, replaced[tally.count.report_id], sequence, now
        )
        for tally, sequence in zip(changes, sequences, strict=True)
    ]


def event_type(count: Headcount, counted: Collection[str], before: Mapping[str, Stored]) -> type[GroupCounted]:
    if count.report_id not in counted:
        return GroupStatusChanged
    return GroupCorrected if count.report_id in before else GroupCounted
