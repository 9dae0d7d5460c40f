"""Lists held counts to be published again, because their people may be those of recorded counts that name a hazard.

The event about a held count states the stock of its people. The hazard is a part of the stock. If the held count names
no hazard, it takes the hazard from recorded counts of the same people (docs/decisions/0064). If a count that names the
hazard is recorded later, the held count must be published again with the new stock. Otherwise the alerts service would
add both counts.
"""

# raw SQL throughout: the table is filled from the reports, in the transaction of a batch

from collections.abc import Iterable
from typing import Any

from services.registry.counts.headcounts import Headcount

CHANNEL = "registry_held_people"
LIST = """
INSERT INTO unpublished_held_people (kind, subject_id)
SELECT DISTINCT kind, subject_id FROM reports
JOIN unnest($1::text[], $2::text[], $3::text[]) AS counted (status, origin, destination)
    ON (reports.status, reports.clear::json #>> '{origin,pcode}', reports.clear::json #>> '{destination,pcode}')
        = (counted.status, counted.origin, counted.destination)
WHERE outcome = 'held' AND kind = 'group' AND reports.clear::json ->> 'hazard_id' IS NULL
ORDER BY kind, subject_id
ON CONFLICT DO NOTHING RETURNING subject_id
"""


async def list_held_counts(connection: Any, counts: Iterable[Headcount]) -> None:
    """List the held counts whose districts equal those of one of these counts.

    Only counts that name a hazard are compared.
    """
    named = {
        (str(count.clear.status), count.clear.origin.pcode, count.clear.destination.pcode)
        for count in counts
        if count.hazard_id and count.movement_id is None
    }
    known = sorted((status, origin, destination) for status, origin, destination in named if origin and destination)
    if known and await connection.fetch(LIST, *map(list, zip(*known, strict=True))):
        await connection.execute("SELECT pg_notify($1, '')", CHANNEL)
