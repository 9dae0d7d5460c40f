"""Lists the groups whose counts may name a new or renamed site in words.

The worker computes the counts of the listed groups again.

Teams often type the name of a school before the desk adds the school to the list of sites. When the school is listed,
its number of people must include the people of earlier counts.
"""

# raw SQL throughout: the names are read from the reports of the counts

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.counts.pools import same_places
from services.registry.held.counts import list_groups, list_held_at
from shared.places import Places
from shared.places.localities import joined
from shared.postgres import database

# Selects counts that name their place in these units in words, and counts of these sites under a former name. In these
# units, a count may belong to another site that now shares its name with a new site.
IN_WORDS = """
SELECT counts.group_id, counts.site_id, counts.destination_pcode,
    reports.clear::json ->> 'destination_locality' AS words
FROM counts JOIN reports ON (reports.report_id, reports.version) = (counts.report_id, counts.version)
    AND reports.kind = 'group' AND reports.subject_id = counts.group_id AND reports.outcome IN ('recorded', 'merged')
WHERE counts.movement_id IS NULL AND reports.clear::json ->> 'site_id' IS NULL
    AND (counts.site_id = ANY($2::uuid[]) OR counts.destination_pcode = ANY($1::text[]))
"""
# Selects groups whose displaced people moved to these units or sites. The words of a movement are encrypted, so that
# they cannot be compared here.
MOVED = """
SELECT DISTINCT group_id FROM counts
WHERE movement_id IS NOT NULL AND sub_stock = 'in_displacement'
    AND (site_id = ANY($2::uuid[]) OR destination_pcode = ANY($1::text[]))
"""


class NamedSite(NamedTuple):
    """Counts may name the site by these P-codes and names, former or present, instead of the id."""

    site_id: UUID
    pcodes: Collection[str]
    names: Collection[str]


async def list_groups_named(session: AsyncSession, sites: Collection[NamedSite], places: Places) -> None:
    """A worker that has not seen the new site may just be filing a count that names it.

    The function waits for all workers that compute counts, and then finds their counts. Workers that begin to compute
    counts later wait until this transaction ends, and then see the site.
    """
    if not sites:
        return
    await session.execute(database.advisory_lock("same places"))
    connection = await database.driver(session)
    site_ids = {site.site_id for site in sites}
    names = {(pcode, joined(name)) for site in sites for pcode in site.pcodes for name in site.names}
    same = await same_places(connection, places)
    known = {place for name in names for place in same.all_of(name)}
    pcodes = sorted({pcode for site in sites for pcode in site.pcodes})
    counts = await connection.fetch(IN_WORDS, pcodes, list(site_ids))
    concerned = {
        count["group_id"]
        for count in counts
        if count["site_id"] in site_ids or (count["destination_pcode"], joined(count["words"])) in known
    }
    moved = {row["group_id"] for row in await connection.fetch(MOVED, pcodes, list(site_ids))}
    await list_groups(connection, concerned | moved)
    await list_held_at(connection, pcodes, [])
