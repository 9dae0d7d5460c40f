"""Loads and locks all counts that may change together, with the movements of their groups."""

# raw SQL throughout: the statements take locks, and read tables to which the same transaction copies rows

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.counts.choices import CountChoice
from services.registry.counts.headcounts import Headcount
from services.registry.event_links.links import EventAnswered, EventLink
from services.registry.groups.movements import has_effect, tallies
from services.registry.groups.tallies import Tallies
from services.registry.households.people import People
from services.registry.places.same_places import PlacePair, SamePlaces, with_codes
from services.registry.places.settlements import with_settlements
from services.registry.places.typed_sites import TypedSites
from services.registry.reports import FiledMovement
from services.registry.storage import Store
from shared.events.displacements import GroupClear
from shared.events.vocabulary import HazardType, ReportKind
from shared.places import Places

STORED_POPULATIONS = (
    "SELECT DISTINCT population FROM counts WHERE group_id = ANY($1::uuid[]) AND population IS NOT NULL"
)
# The key of each lock is a hash of a name. Two names may have the same hash: one recount then only waits for another
# recount.
LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended(name, 0))
FROM unnest($1::text[]) AS name ORDER BY hashtextextended(name, 0)
"""
# Selects counts with their reports, and with the newest valid answer about the event that made the people leave.
STATED = """
SELECT counts.group_id, counts.report_id, counts.site_id, counts.sex_age, counts.needs, counts.population,
    reports.clear, reports.author, reports.team, reports.places_version, reports.received_at,
    link.answer, link.hazard_id, link.hazard_type, link.origin_pcode, link.occurred_at
FROM counts JOIN reports ON (reports.report_id, reports.version) = (counts.report_id, counts.version)
    AND reports.kind = 'group' AND reports.subject_id = counts.group_id AND reports.outcome IN ('recorded', 'merged')
LEFT JOIN LATERAL (
    SELECT * FROM event_answers
    WHERE household_id = counts.group_id AND event_answers.report_id = counts.report_id AND result = 'applied'
    ORDER BY decided_at DESC, decision_id LIMIT 1
) AS link ON true
"""
OTHERS = f"""{STATED}
WHERE NOT counts.report_id = ANY($4::uuid[])
    AND (counts.population = ANY($1::uuid[]) OR counts.site_id = ANY($2::uuid[]) OR counts.group_id = ANY($3::uuid[]))
"""
# Selects groups whose people moved to the given sites or into the given populations. No report counts moved people at
# their new place. The number of moved people is computed from the counts and movements of their group.
CAME = """
SELECT DISTINCT group_id FROM counts
WHERE movement_id IS NOT NULL AND (population = ANY($1::uuid[]) OR site_id = ANY($2::uuid[]))
"""
# Selects the sites from which or to which people moved. A late or corrected count may change the other counts at the
# site.
MOVED_AT = """
SELECT DISTINCT site_id FROM counts
WHERE site_id = ANY($1::uuid[]) AND (movement_id IS NOT NULL OR changed_at IS NOT NULL)
"""
SITES = """
SELECT site_id, pcode, name_ky, name_ru, name_en FROM sites
WHERE pcode = ANY($1::text[] || ARRAY(SELECT pcode FROM sites WHERE site_id = ANY($2::uuid[])))
"""


# The lock protects names of sites, and decisions about places and counts. Workers that compute counts share the lock
# until the end of their transactions. A transaction that renames a site or executes a decision takes the lock
# exclusively. While the lock is exclusive, no worker computes counts. The transaction finds all counts that were
# computed with older names and decisions, and has them computed again.
SHARE_PLACES = "SELECT pg_advisory_xact_lock_shared(hashtextextended('same places', 0))"
JOINED = """
SELECT unit, name, other_unit, other_name FROM (
    SELECT DISTINCT ON (unit, name, other_unit, other_name) * FROM place_decisions
    WHERE result = 'applied' OR decision_id = $1
    ORDER BY unit, name, other_unit, other_name, decided_at DESC, decision_id
) AS newest
WHERE answer = 'same'
"""
CHOSEN = """
SELECT report_id, version, other_id, other_version FROM (
    SELECT DISTINCT ON (least(report_id, other_id), greatest(report_id, other_id)) * FROM count_decisions
    WHERE (result = 'applied' OR decision_id = $1) AND report_id = ANY($2::uuid[]) AND other_id = ANY($2::uuid[])
    ORDER BY least(report_id, other_id), greatest(report_id, other_id), decided_at DESC, decision_id
) AS newest
WHERE NOT is_reversed ORDER BY decided_at, decision_id
"""


class CountPool:
    """Other counts at a site are loaded only if people moved to the site, left the site or were confirmed at the site.

    `movements` are all movements of the given groups and sites. `decision_id` is the decision about places or counts
    that this transaction executes.
    """

    def __init__(
        self,
        connection: Any,
        store: Store,
        counts: Iterable[Headcount],
        movements: Iterable[FiledMovement],
        site_ids: Iterable[str] = (),
        decision_id: UUID | None = None,
    ) -> None:
        self.connection = connection
        self._decision_id = decision_id
        self.movements = list(movements)
        self._moved_sites = set(map(UUID, site_ids))
        self._store = store
        self._counts = {count.report_id: count for count in counts}
        self._groups = {count.group_id for count in self._counts.values()}
        self._moving_groups: set[str] = set()
        self._locked: set[str] = set()
        self._whole_sites: set[UUID] = set()
        self._sites = TypedSites(())
        self._units: set[str] | None = None

    async def tallies(self) -> Tallies:
        """Loads counts until no other count can change the result."""
        await self._find_sites()
        rows = await self.connection.fetch(STORED_POPULATIONS, list(self._groups))
        populations = {str(row["population"]) for row in rows}
        populations |= {name for count in self._counts.values() for name in count.typed_populations(self._sites)}
        while True:
            choices = await choices_between(self.connection, self._counts, self._decision_id)
            known = tallies(list(self._counts.values()), self.movements, self._sites, choices)
            populations |= {tally.count.population for tally in known.values() if tally.count.population}
            sites = {tally.count.site_id for tally in known.values() if tally.count.site_id}
            if not await self._load(populations, sites | self._moved_sites):
                return known
            await self._find_sites()

    async def _find_sites(self) -> None:
        """Find the sites that the counts and movements name in words.

        Nothing changes if the sites of all named units are loaded.
        """
        counts, places = list(self._counts.values()), self._store.places
        units = stated_units(counts, self.movements)
        if self._units is not None and units <= self._units:
            return
        self._units = units
        self._sites = await typed_sites(self.connection, places, counts, self.movements, self._decision_id)
        self._counts = {count.report_id: count.at_typed_site(self._sites) for count in counts}

    async def _load(self, populations: Collection[str], sites: set[UUID]) -> bool:
        wanted = {*populations, *map(lock_of, sites), *self._moving_groups} - self._locked
        new_sites = {str(site_id) for site_id in sites - self._moved_sites if lock_of(site_id) in wanted}
        if wanted:
            await self.connection.execute(LOCK, sorted(wanted))
            self._locked |= wanted
        if new_sites:
            self.movements += await self._store.movements_of(ReportKind.SITE_MOVEMENT, new_sites)
        whole = await self._where_people_moved(sites)
        if not wanted and whole <= self._whole_sites:
            return False
        self._whole_sites |= whole
        came = await self.connection.fetch(CAME, list(populations), list(sites))
        self._moving_groups |= {str(row["group_id"]) for row in came} - self._groups
        rows = await self.connection.fetch(
            OTHERS, list(populations), list(whole), list(self._moving_groups), list(self._counts)
        )
        others = [headcount(row, self._store.places).at_typed_site(self._sites) for row in rows]
        self._counts |= {count.report_id: count for count in others}
        if new := {count.group_id for count in others} - self._groups:
            self._groups |= new
            movements = await self._store.movements_of(ReportKind.GROUP_MOVEMENT, new)
            self.movements += movements
            self._moving_groups |= {movement.subject[1] for movement in movements}
        return True

    async def _where_people_moved(self, sites: set[UUID]) -> set[UUID]:
        if any(map(has_effect, self.movements)):
            return sites
        return {row["site_id"] for row in await self.connection.fetch(MOVED_AT, list(sites))}


async def typed_sites(
    connection: Any,
    places: Places,
    counts: Collection[Headcount],
    movements: Iterable[FiledMovement] = (),
    decision_id: UUID | None = None,
) -> TypedSites:
    """`decision_id` is the decision that this transaction executes."""
    await connection.execute(SHARE_PLACES)
    site_ids = [count.site_id for count in counts if count.site_id]
    rows = await connection.fetch(SITES, list(stated_units(counts, movements)), site_ids)
    same = await same_places(connection, places, decision_id)
    return TypedSites(((site_id, pcode, names) for site_id, pcode, *names in rows), same)


def stated_units(counts: Iterable[Headcount], movements: Iterable[FiledMovement]) -> set[str]:
    """Returns the P-codes of the present places of people, and of the destinations of movements."""
    stated = [count.clear.destination for count in counts]
    stated += [movement.clear.destination for movement in movements if movement.clear.destination]
    return {place.pcode for place in stated if place.pcode}


async def same_places(connection: Any, places: Places, decision_id: UUID | None = None) -> SamePlaces:
    rows = await connection.fetch(JOINED, decision_id)
    pairs = (PlacePair((unit, name), (other_unit, other_name)) for unit, name, other_unit, other_name in rows)
    return SamePlaces([with_codes(pair, places) for pair in pairs])


async def choices_between(
    connection: Any, report_ids: Iterable[str], decision_id: UUID | None = None
) -> list[CountChoice]:
    rows = await connection.fetch(CHOSEN, decision_id, list(report_ids))
    return [CountChoice(str(report), version, str(other), others) for report, version, other, others in rows]


def lock_of(site_id: UUID) -> str:
    """A worker takes this lock last, after the locks of sites, households and groups."""
    return f"counts at {site_id}"


def headcount(row: asyncpg.Record, places: Places) -> Headcount:
    return Headcount(
        str(row["group_id"]),
        str(row["report_id"]),
        with_event(with_settlements(GroupClear.model_validate_json(row["clear"]), places), row),
        str(row["author"]),
        str(row["team"]) if row["team"] else None,
        row["places_version"],
        row["received_at"],
        People(others=tuple(row["sex_age"])),
        row["site_id"],
        needs=tuple(row["needs"] or ()),
    )


def with_event(clear: GroupClear, row: asyncpg.Record) -> GroupClear:
    """If a person has answered that a hazard made the people leave, the fields of the report name this hazard."""
    if row["answer"] != EventAnswered.YES:
        return clear
    link = EventLink(row["hazard_id"], HazardType(row["hazard_type"]), row["origin_pcode"], row["occurred_at"])
    return clear.model_copy(update=link.hazard) if link.concerns(clear) else clear
