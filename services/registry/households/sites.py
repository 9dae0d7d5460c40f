"""Finds the households at a site, and the sites of households, by search keys.

Rows have a search key instead of the id of the site, because the database must not reveal where a household is. Without
the root key, nobody can read search keys. The previous release of Dayar stored site ids in `household_sites`. The
worker replaces site ids in `household_sites` by search keys.
"""

# raw SQL throughout: some statements run for every batch of reports and must be fast

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, TypeAlias

from services.registry.decisions import Name, Owner
from services.registry.reports import FiledMovement
from services.registry.search.keys import SearchKeys
from shared.events.vocabulary import ReportKind

AT_SITES = """
SELECT household_id FROM household_site_keys WHERE site_key = ANY($1::bytea[])
UNION SELECT household_id FROM household_sites WHERE site_id = ANY($2::uuid[])
ORDER BY household_id
"""
SITES_OF = """
SELECT site_key, NULL::uuid AS site_id FROM household_site_keys WHERE household_id = ANY($1::uuid[])
UNION SELECT NULL, site_id FROM household_sites WHERE household_id = ANY($1::uuid[])
"""
# Selects the teams that have registered households or counted groups at the site $2.
REPORTERS = f"""
SELECT author, team FROM households WHERE household_id IN ({AT_SITES})
UNION SELECT author, team FROM counts JOIN groups USING (group_id) WHERE site_id = ANY($2::uuid[])
"""  # noqa: S608
NEWEST_ROOT = "SELECT max(site_root_id) FROM households"
# Households that this transaction judges are left out.
NOTE = f"""
INSERT INTO unjudged_households (household_id, report_id, version, movements)
SELECT household_id, $3::uuid, $4::integer, $5::integer FROM ({AT_SITES}) AS there
WHERE NOT household_id = ANY($6::uuid[])
ON CONFLICT DO NOTHING
"""  # noqa: S608
# The worker that applies the movement is woken when the caller commits.
WAKE = "SELECT pg_notify(current_schema() || '_site_movements', '')"
NOTED = """
SELECT household_id, max(movements) AS movements FROM unjudged_households
GROUP BY household_id ORDER BY household_id LIMIT $1
"""
NOTES_OF = "SELECT household_id, report_id, version FROM unjudged_households WHERE household_id = ANY($1::uuid[])"
DELETE_NOTES = "DELETE FROM unjudged_households WHERE household_id = ANY($1::uuid[])"

ReportVersion: TypeAlias = tuple[str, int]


class HouseholdSites:
    """`connection` is the asyncpg connection of the transaction."""

    def __init__(self, connection: Any, search: SearchKeys) -> None:
        self._connection = connection
        self._search = search

    async def of(self, household_ids: Collection[str]) -> set[bytes]:
        """Returns the search keys of the sites at which reports place the households."""
        keys = set[bytes]()
        for row in await self._connection.fetch(SITES_OF, list(household_ids)):
            keys |= self.keys([str(row["site_id"])]) if row["site_id"] else {row["site_key"]}
        return keys

    async def note(self, movement: FiledMovement, judged: Iterable[Name], *, movements: int) -> None:
        """`judged` are the households to which this transaction applies the movement itself.

        Raises UnknownKey if another worker has made keys with a root that this worker does not know yet.
        """
        if newest := await self._connection.fetchval(NEWEST_ROOT):
            self._search.of(newest)
        households = [subject_id for kind, subject_id in judged if kind == ReportKind.HOUSEHOLD]
        noted = movement.report_id, movement.clear.version, movements, households
        await self._connection.execute(NOTE, *self._named([movement.subject[1]]), *noted)
        await self._connection.execute(WAKE)

    async def noted(self, *, most: int, steps: int) -> list[Name]:
        """The returned households have at most `steps` movements together.

        A household with more movements than `steps` is returned alone.
        """
        names = list[Name]()
        for row in await self._connection.fetch(NOTED, most):
            steps -= row["movements"]
            if names and steps < 0:
                break
            names.append((ReportKind.HOUSEHOLD.value, str(row["household_id"])))
        return names

    async def notes_of(self, household_ids: Collection[str]) -> dict[Name, set[ReportVersion]]:
        notes = defaultdict[Name, set[ReportVersion]](set)
        for row in await self._connection.fetch(NOTES_OF, list(household_ids)):
            notes[ReportKind.HOUSEHOLD.value, str(row["household_id"])].add((str(row["report_id"]), row["version"]))
        return dict(notes)

    async def delete_notes(self, judged: Iterable[Name]) -> None:
        await self._connection.execute(DELETE_NOTES, [subject_id for _, subject_id in judged])

    async def reporters(self, site_id: str) -> list[Owner]:
        rows = await self._connection.fetch(REPORTERS, *self._named([site_id]))
        return [Owner(str(row["author"]), str(row["team"]) if row["team"] else None) for row in rows]

    def keys(self, site_ids: Collection[str]) -> set[bytes]:
        """A site has one key for each root, because stored keys may have been made with any root."""
        return set(self._search.of_sites(site_ids))

    def _named(self, site_ids: Collection[str]) -> tuple[list[bytes], list[str]]:
        return list(self.keys(site_ids)), list(site_ids)
