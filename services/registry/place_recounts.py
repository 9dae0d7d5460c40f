"""Computes all counts at two places again, after a person has decided whether these places are the same."""

# raw SQL throughout: these statements take locks, and find counts by the places of their reports

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.count_pools import OTHERS, CountPool, headcount, same_places
from services.registry.headcounts import Headcount
from services.registry.models import PlaceDecision
from services.registry.recounts import Recount, changes_of
from services.registry.same_places import PlaceKey, PlacePair, coded, count_key, with_codes
from services.registry.storage import Store
from shared.events.vocabulary import ReportKind
from shared.places import Places
from shared.postgres import database

GROUPS_IN = "SELECT DISTINCT group_id FROM counts WHERE origin_pcode = ANY($1) OR destination_pcode = ANY($1)"
MOVED = "SELECT DISTINCT group_id FROM counts WHERE group_id = ANY($1::uuid[]) AND movement_id IS NOT NULL"


async def recount_places(
    session: AsyncSession, decision: PlaceDecision, store: Store, places: Places, now: datetime
) -> Recount:
    """Compute all counts that name one of the places, or a place that is joined to one of them.

    The lock excludes all other workers that compute counts, because they use the decisions.
    """
    await session.execute(database.advisory_lock("same places"))
    connection = await database.driver(session)
    stored = PlacePair((decision.unit, decision.name), (decision.other_unit, decision.other_name))
    pair = with_codes(stored, places)
    concerned: set[PlaceKey] = set()
    for decision_id in (None, decision.decision_id):
        same = await same_places(connection, places, decision_id)
        concerned |= same.all_of(pair.one) | same.all_of(pair.other)
    concerned |= {coded(place, places) for place in concerned}
    codes = {*(places.within([decision.district]) or ()), *(unit for unit, _ in concerned)}
    found = [str(row["group_id"]) for row in await connection.fetch(GROUPS_IN, list(codes))]
    movements = await store.movements_of(ReportKind.GROUP_MOVEMENT, found)
    # People who moved to one of the places, alone or with everybody at a site, are not counted there. Therefore the
    # whole groups are computed again.
    moving = {movement.subject[1] for movement in movements}
    moving |= {str(row["group_id"]) for row in await connection.fetch(MOVED, found)}
    rows = await connection.fetch(OTHERS, [], [], found, [])
    counts = [freed(headcount(row, places), concerned) for row in rows]
    groups = moving | {count.group_id for count in counts if keys_of(count) & concerned}
    own = [count for count in counts if count.group_id in groups]
    pool = CountPool(connection, store, own, movements, decision_id=decision.decision_id)
    return await changes_of(pool, groups, (), now)


def keys_of(count: Headcount) -> set[PlaceKey]:
    return {count.origin_key, count.present_key, count_key(count.report_id)}


def freed(count: Headcount, concerned: Collection[PlaceKey]) -> Headcount:
    """The count without the site that was found by the typed place, if the decision concerns this place.

    `CountPool` then searches the site again, because the decision may change which site the typed place means.
    """
    return replace(count, typed_site=None) if count.present_key in concerned else count
