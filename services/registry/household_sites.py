"""Finds the households at a site, and the sites of households, by search keys that are useless without the root key.

A row has a search key in place of the site's id, because the database alone must not reveal where a household is.
`household_sites` has the site ids that the previous release stored, until the worker has made keys from these ids.
"""

# raw SQL throughout: some of these statements run for every batch of reports and must be fast

from collections.abc import Collection, Iterator
from typing import Any

from services.registry.decisions import Name, Owner
from services.registry.search_keys import SearchKeys
from shared.events.vocabulary import ReportKind

AT_SITES = """
SELECT household_id FROM household_site_keys WHERE site_key = ANY($1::bytea[])
UNION SELECT household_id FROM household_sites WHERE site_id = ANY($2::uuid[])
ORDER BY household_id
"""
# The sites of the households $3, and of households that are or were at the sites $2, according to reports.
SITES_OF = f"""
WITH concerned AS MATERIALIZED (SELECT unnest($3::uuid[]) AS household_id UNION ({AT_SITES}))
SELECT site_key, NULL::uuid AS site_id FROM household_site_keys JOIN concerned USING (household_id)
UNION SELECT NULL, site_id FROM household_sites JOIN concerned USING (household_id)
"""  # noqa: S608
# The teams that reported people at the site $2: the owners of the households and groups there.
REPORTERS = f"""
SELECT author, team FROM households WHERE household_id IN ({AT_SITES})
UNION SELECT author, team FROM counts JOIN groups USING (group_id) WHERE site_id = ANY($2::uuid[])
"""  # noqa: S608
NEWEST_ROOT = "SELECT max(site_root_id) FROM households"


class HouseholdSites:
    """The lists of sites and households in the database. `connection` is the asyncpg connection of the transaction."""

    def __init__(self, connection: Any, search: SearchKeys) -> None:
        self._connection = connection
        self._search = search

    async def households_at(self, site_ids: Collection[str]) -> list[Name]:
        """The households that are at these sites according to reports, in the order in which households are locked."""
        rows = await self._connection.fetch(AT_SITES, *self._named(site_ids))
        return [(ReportKind.HOUSEHOLD.value, str(row["household_id"])) for row in rows]

    async def of(self, household_ids: Collection[str], moved: Collection[str]) -> set[bytes]:
        """The keys of the sites of these households, and of households that are or were at one of the sites `moved`.

        Raises UnknownKey if another worker has made keys of a root that this worker does not know yet.
        """
        if moved and (newest := await self._connection.fetchval(NEWEST_ROOT)):
            self._search.of(newest)
        keys = set[bytes]()
        for row in await self._connection.fetch(SITES_OF, *self._named(moved), list(household_ids)):
            keys |= self.keys([str(row["site_id"])]) if row["site_id"] else {row["site_key"]}
        return keys

    async def reporters(self, site_id: str) -> list[Owner]:
        rows = await self._connection.fetch(REPORTERS, *self._named([site_id]))
        return [Owner(str(row["author"]), str(row["team"]) if row["team"] else None) for row in rows]

    def keys(self, site_ids: Collection[str]) -> set[bytes]:
        """The keys of these sites, made with each root that may have made stored keys."""
        return set(self._search.of_sites(site_ids))

    def _named(self, site_ids: Collection[str]) -> Iterator[list[Any]]:
        yield list(self.keys(site_ids))
        yield list(site_ids)
