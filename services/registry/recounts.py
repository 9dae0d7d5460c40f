"""Finds which counts are replaced by the counts that a batch changes, and makes events about all changed counts."""

# raw SQL throughout: these statements take locks, and read tables to which the same transaction copies rows

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import group_events
from services.registry.headcounts import IN_EFFECT, Headcount, Standing, standings
from services.registry.typed_sites import TypedSites
from services.registry.working_set import WorkingSet
from shared.events import GroupCorrected, GroupCounted, GroupStatusChanged, Message
from shared.events.displacements import GroupClear
from shared.events.vocabulary import ReportKind
from shared.postgres import database

STORED_POPULATIONS = (
    "SELECT DISTINCT population FROM counts WHERE group_id = ANY($1::uuid[]) AND population IS NOT NULL"
)
# The lock's key is a hash. If two populations have the same hash, their recounts only wait for each other.
LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended(population, 0))
FROM unnest($1::text[]) AS population ORDER BY hashtextextended(population, 0)
"""
STANDINGS = "SELECT report_id, superseded_at, superseded_by FROM counts WHERE group_id = ANY($1::uuid[])"
OTHERS = """
SELECT counts.group_id, counts.report_id, counts.site_id, counts.superseded_at, counts.superseded_by,
    reports.clear, reports.author, reports.team, reports.places_version, reports.received_at
FROM counts JOIN reports ON (reports.report_id, reports.version) = (counts.report_id, counts.version)
    AND reports.kind = 'group' AND reports.subject_id = counts.group_id AND reports.outcome IN ('recorded', 'merged')
WHERE counts.population = ANY($1::uuid[]) AND NOT counts.group_id = ANY($2::uuid[])
"""
SITES = """
SELECT site_id, pcode, name_ky, name_ru, name_en FROM sites
WHERE pcode = ANY($1::text[] || ARRAY(SELECT pcode FROM sites WHERE site_id = ANY($2::uuid[])))
"""
CHANGE = """
UPDATE counts SET superseded_at = $2, superseded_by = $3, site_id = $4, population = $5, stock_id = $6, covers_site = $7
WHERE report_id = $1
"""
SEQUENCES = "SELECT nextval('group_sequence') FROM generate_series(1, $1)"


@dataclass
class Recount:
    """`counts` has each count of the changed groups with its standing, by report id.

    `messages` has an event about each changed count.
    """

    counts: Mapping[str, tuple[Headcount, Standing]] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)


async def recount(session: AsyncSession, working_set: WorkingSet, now: datetime) -> Recount:
    """Update the standing of other groups' counts. The caller stores the counts of the changed groups.

    Workers that change counts of the same population wait for each other. Each worker therefore sees all counts.
    """
    changed = [subject for subject in working_set.changed.values() if subject.name[0] == ReportKind.GROUP]
    if not changed:
        return Recount()
    connection, group_ids = await database.driver(session), [subject.name[1] for subject in changed]
    stated = [Headcount.of(filed) for subject in changed for filed in subject.displacements.values()]
    sites = await typed_sites(connection, stated)
    own = [count.at_typed_site(sites) for count in stated]
    populations = {count.population for count in own if count.population}
    populations |= {population for count in own for population in count.typed_populations(sites)}
    populations |= {str(row["population"]) for row in await connection.fetch(STORED_POPULATIONS, group_ids)}
    await connection.execute(LOCK, list(populations))
    before = {str(row["report_id"]): standing(row) for row in await connection.fetch(STANDINGS, group_ids)}
    rows = await connection.fetch(OTHERS, list(populations), group_ids)
    others = [headcount(row).at_typed_site(sites) for row in rows]
    at_site = {str(row["report_id"]): row["site_id"] for row in rows}
    before |= {str(row["report_id"]): standing(row) for row in rows}
    after = standings((*own, *others))
    moved = [
        count
        for count in others
        if after[count.report_id] != before[count.report_id] or count.site_id != at_site[count.report_id]
    ]
    await connection.executemany(CHANGE, [changed_row(count, after[count.report_id]) for count in moved])
    reported = {change.changed.report_id for change in working_set.changes}
    changes = [
        count for count in own if count.report_id in reported or after[count.report_id] != before[count.report_id]
    ]
    changes += moved
    replaced = defaultdict[str | None, list[UUID]](list)
    for count in changes:
        if after[count.report_id] != before.get(count.report_id, IN_EFFECT):
            replaced[after[count.report_id].superseded_by].append(UUID(count.report_id))
    sequences = [row["nextval"] for row in await connection.fetch(SEQUENCES, len(changes))]
    messages = [
        group_events.counted(
            event_type(count, reported, before), count, after[count.report_id], replaced[count.report_id], sequence, now
        )
        for count, sequence in zip(changes, sequences, strict=True)
    ]
    return Recount({count.report_id: (count, after[count.report_id]) for count in own}, messages)


async def typed_sites(connection: Any, counts: Collection[Headcount]) -> TypedSites:
    """The sites of the districts where people were counted."""
    pcodes = {count.clear.destination.pcode for count in counts} - {None}
    rows = await connection.fetch(SITES, list(pcodes), [count.site_id for count in counts if count.site_id])
    return TypedSites((site_id, pcode, names) for site_id, pcode, *names in rows)


def changed_row(count: Headcount, standing: Standing) -> tuple[object, ...]:
    return count.report_id, *standing, count.site_id, count.population, count.stock_id, count.covers_site


def event_type(count: Headcount, reported: Collection[str], before: Mapping[str, Standing]) -> type[GroupCounted]:
    if count.report_id not in reported:
        return GroupStatusChanged
    return GroupCorrected if count.report_id in before else GroupCounted


def standing(row: asyncpg.Record) -> Standing:
    return Standing(row["superseded_at"], str(row["superseded_by"]) if row["superseded_by"] else None)


def headcount(row: asyncpg.Record) -> Headcount:
    return Headcount(
        str(row["group_id"]),
        str(row["report_id"]),
        GroupClear.model_validate_json(row["clear"]),
        str(row["author"]),
        str(row["team"]) if row["team"] else None,
        row["places_version"],
        row["received_at"],
        row["site_id"],
    )
