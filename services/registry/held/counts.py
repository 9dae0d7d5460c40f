"""Lists held counts that must be published again, because the stock of their people may have changed.

The event about a held count states the stock of the people. The hazard is a part of the stock. A held count may lack a
hazard that recorded counts of the same people name (docs/decisions/0064). If a later recorded count names the hazard,
the stock of the held count changes. Without a new event, the alerts service would add the held count and the recorded
counts. A correction that removes the hazard changes the stock, too. A held count is also published again if a person
joins or separates two places or two hazards. A new name of a site is a reason to publish the held count again, if the
count may contain the name. The list may contain held counts whose stock has not changed. `stocks.py` publishes only
held counts whose stock has changed.
"""

# raw SQL throughout: the table is filled by one statement, in the transaction of a batch

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from services.registry.counts.headcounts import Headcount

CHANNEL = "registry_held_people"
# The status of a count, the P-code of the origin, and the P-code of the present place.
Departure = tuple[str, str, str]
NAMED = """
SELECT DISTINCT status, origin_pcode, destination_pcode FROM counts
WHERE (group_id = ANY($1::uuid[]) OR report_id = ANY($2::uuid[])) AND hazard_id IS NOT NULL AND movement_id IS NULL
    AND origin_pcode IS NOT NULL AND destination_pcode IS NOT NULL
"""
LIST = """
INSERT INTO unpublished_held_people (kind, subject_id)
SELECT 'group', group_id FROM held_stocks
JOIN unnest($1::text[], $2::text[], $3::text[]) AS counted (status, origin, destination)
    ON (held_stocks.status, origin_pcode, destination_pcode) = (counted.status, counted.origin, counted.destination)
WHERE hazard_id IS NULL
ORDER BY group_id
ON CONFLICT DO NOTHING RETURNING subject_id
"""
LIST_AT = """
INSERT INTO unpublished_held_people (kind, subject_id)
SELECT 'group', group_id FROM held_stocks
WHERE origin_pcode = ANY($1::text[]) OR destination_pcode = ANY($1::text[]) OR hazard_id = ANY($2::uuid[])
ORDER BY group_id
ON CONFLICT DO NOTHING RETURNING subject_id
"""

LIST_GROUPS = """
INSERT INTO unpublished_held_people (kind, subject_id)
SELECT 'group', group_id FROM unnest($1::uuid[]) AS group_id
ON CONFLICT DO NOTHING RETURNING subject_id
"""


async def named_departures(connection: Any, group_ids: Collection[str], report_ids: Collection[str]) -> set[Departure]:
    """Returns the departures of the counts that name a hazard."""
    if not group_ids and not report_ids:
        return set()
    return {tuple(row) for row in await connection.fetch(NAMED, list(group_ids), list(report_ids))}


async def list_held_counts(connection: Any, counts: Iterable[Headcount], before: Collection[Departure]) -> None:
    """List the held counts whose districts of origin and destination equal those of one of these counts.

    Only counts that name a hazard are compared. `before` are the departures of the rows that the counts replace: these
    rows may have named a hazard.
    """
    named = {
        (str(count.clear.status), count.clear.origin.pcode, count.clear.destination.pcode)
        for count in counts
        if count.hazard_id and count.movement_id is None
    }
    known = sorted({*before, *((status, origin, there) for status, origin, there in named if origin and there)})
    if known:
        await _list(connection, LIST, *map(list, zip(*known, strict=True)))


async def list_held_at(connection: Any, pcodes: Sequence[str], hazard_ids: Sequence[str]) -> None:
    """A person has joined or separated these places or these hazards.

    A count is listed if its people are at one of the places, or came from one of the places.
    """
    await _list(connection, LIST_AT, pcodes, hazard_ids)


async def list_groups(connection: Any, group_ids: Collection[UUID]) -> None:
    """List registered groups, because their counts must be computed again."""
    if group_ids:
        await _list(connection, LIST_GROUPS, sorted(group_ids))


async def _list(connection: Any, statement: str, *parameters: Sequence[Any]) -> None:
    if await connection.fetch(statement, *parameters):
        await connection.execute("SELECT pg_notify($1, '')", CHANNEL)
