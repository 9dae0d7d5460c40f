"""Lists the groups whose counts may name a new or renamed site only in words. The worker computes these counts again.

Teams often type the name of a school before the desk adds the school to the list of sites. When the school is listed,
its number of people must include the people of those earlier counts.
"""

# raw SQL throughout: the names are read from the reports of the counts

from collections.abc import Collection
from typing import Any
from uuid import UUID

from services.registry.held.counts import list_groups, list_held_at
from shared.places.localities import joined

# The counts that name their place in words in these units, or were found to be at this site by its former name. A count
# in these units may have been found to be at another site, which now shares its name with this site.
IN_WORDS = """
SELECT counts.group_id, counts.site_id, reports.clear::json ->> 'destination_locality' AS words
FROM counts JOIN reports ON (reports.report_id, reports.version) = (counts.report_id, counts.version)
    AND reports.kind = 'group' AND reports.subject_id = counts.group_id AND reports.outcome IN ('recorded', 'merged')
WHERE counts.movement_id IS NULL AND reports.clear::json ->> 'site_id' IS NULL
    AND (counts.site_id = $2 OR counts.destination_pcode = ANY($1::text[]))
"""


async def list_groups_named(
    connection: Any, site_id: UUID, units: Collection[str], names: Collection[str | None]
) -> None:
    """List the groups whose recorded counts may be about the site, and the held counts that may be about it.

    `units` and `names` are the former and the new P-codes and names of the site.
    """
    known = {joined(name) for name in names if name}
    rows = await connection.fetch(IN_WORDS, list(units), site_id)
    concerned = (row for row in rows if row["site_id"] == site_id or joined(row["words"]) in known)
    await list_groups(connection, {row["group_id"] for row in concerned})
    await list_held_at(connection, sorted(units), [])
