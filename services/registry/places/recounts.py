"""Computes all counts at two places again, after a person has decided whether these places are the same.

While this transaction computes counts, no other worker can compute counts. PostgreSQL ends long transactions. Most
counts that name one of the places are found in batches, before this transaction begins.
"""

# raw SQL throughout: the statements take locks, and find counts by the places of their reports

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry.counts.headcounts import Headcount
from services.registry.counts.pools import OTHERS, STATED, CountPool, headcount, same_places
from services.registry.counts.recounts import Recount, changes_of
from services.registry.held.counts import list_held_at
from services.registry.models import PlaceDecision
from services.registry.places.same_places import HAZARD, PlaceKey, PlacePair, coded, count_key, hazard_key, with_codes
from services.registry.storage import Store
from shared.events.vocabulary import ReportKind
from shared.places import Places
from shared.postgres import database

AT_ONCE = 500
LISTED = """
SELECT counts.report_id, counts.version FROM counts
WHERE movement_id IS NULL
    AND (origin_pcode = ANY($1) OR destination_pcode = ANY($1) OR hazard_id = ANY($2::uuid[]))
"""
WITH_IDS = f"{STATED} WHERE counts.report_id = ANY($1::uuid[])"
# Selects groups that have movements, and whose counts or moved people are in the given units.
MOVED = """
SELECT DISTINCT group_id FROM counts
WHERE (origin_pcode = ANY($1) OR destination_pcode = ANY($1)) AND (
    EXISTS (SELECT FROM counts AS moved WHERE moved.group_id = counts.group_id AND moved.movement_id IS NOT NULL)
    OR EXISTS (SELECT FROM reports WHERE subject_id = counts.group_id AND kind = 'group_movement')
)
"""


@dataclass
class FoundCounts:
    """`groups` are the groups whose counts name one of the decision's places."""

    seen: set[tuple[UUID, int]] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Concerned:
    """`places` are all places that are joined to each other before or after the decision.

    `codes` are the units of the decision's places, and the units of the decision's district. `hazards` are the hazards
    among the places, which counts in all districts may name.
    """

    places: frozenset[PlaceKey]
    codes: Sequence[str]
    hazards: Sequence[str]

    def is_named_by(self, count: Headcount) -> bool:
        keys = [count.origin_key, count.present_key, count_key(count.report_id)]
        keys += [hazard_key(count.clear.hazard_id)] if count.clear.hazard_id else []
        return not self.places.isdisjoint(keys)

    def freed(self, count: Headcount) -> Headcount:
        """If a decision concerns the place of a count, the count loses the site that was found by the typed text.

        `CountPool` searches the site again after a decision, because the text may now mean another site.
        """
        return replace(count, typed_site=None) if count.present_key in self.places else count


async def find_counts(
    sessions: async_sessionmaker[AsyncSession], decision: PlaceDecision, places: Places
) -> FoundCounts:
    """Each batch has a transaction of its own."""
    found = FoundCounts()
    while True:
        async with sessions.begin() as session:
            connection = await database.driver(session)
            concerned = await concerned_by(connection, decision, places)
            if not await find_some(connection, concerned, places, found):
                return found


async def recount_places(
    session: AsyncSession, decision: PlaceDecision, store: Store, places: Places, now: datetime, found: FoundCounts
) -> Recount:
    """Compute all counts at the decision's places, and at places joined to them.

    Takes a lock, so that no other worker computes counts meanwhile. Counts that came after `found` are computed, too.
    """
    await session.execute(database.advisory_lock("same places"))
    connection = await database.driver(session)
    concerned = await concerned_by(connection, decision, places)
    while await find_some(connection, concerned, places, found):
        pass
    # All counts of a group that moved are computed again, because no report counts its people at their new place.
    moved = {str(row["group_id"]) for row in await connection.fetch(MOVED, concerned.codes)}
    groups = sorted(found.groups | moved)
    movements = await store.movements_of(ReportKind.GROUP_MOVEMENT, groups)
    rows = await connection.fetch(OTHERS, [], [], groups, [])
    own = [concerned.freed(headcount(row, places)) for row in rows]
    pool = CountPool(connection, store, own, movements, decision_id=decision.decision_id)
    await list_held_at(connection, concerned.codes, concerned.hazards)
    return await changes_of(pool, groups, (), now)


async def concerned_by(connection: Any, decision: PlaceDecision, places: Places) -> Concerned:
    stored = PlacePair((decision.unit, decision.name), (decision.other_unit, decision.other_name))
    pair = with_codes(stored, places)
    concerned: set[PlaceKey] = set()
    for decision_id in (None, decision.decision_id):
        same = await same_places(connection, places, decision_id)
        concerned |= same.all_of(pair.one) | same.all_of(pair.other)
    concerned |= {coded(place, places) for place in concerned}
    codes = {*(places.within([decision.district]) or ()), *(unit for unit, _ in concerned)}
    return Concerned(frozenset(concerned), sorted(codes), sorted(name for kind, name in concerned if kind == HAZARD))


async def find_some(connection: Any, concerned: Concerned, places: Places, found: FoundCounts) -> bool:
    stored = await connection.fetch(LISTED, concerned.codes, concerned.hazards)
    listed = {(row["report_id"], row["version"]) for row in stored}
    some = sorted(listed - found.seen)[:AT_ONCE]
    rows = await connection.fetch(WITH_IDS, [report_id for report_id, _ in some]) if some else []
    counts = [headcount(row, places) for row in rows]
    found.groups |= {count.group_id for count in counts if concerned.is_named_by(count)}
    found.seen |= {*some}
    return bool(some)
