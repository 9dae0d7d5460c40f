"""Decides which movements of a site concern a group, and which movements of a group concern a site. No I/O.

A movement concerns a group if the movement happened while people of the group were at the site.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.registry.filed_reports import filed_from
from services.registry.households.timelines import StoredVersion
from services.registry.models import GroupCount, GroupStay
from services.registry.reports import NEVER, FiledMovement, moved_at
from shared.events.vocabulary import SubStock


class SitePresence(NamedTuple):
    """`until` is None if the people are still at the site."""

    group_id: UUID
    site_id: UUID
    since: datetime
    until: datetime | None

    def includes(self, moment: datetime) -> bool:
        return self.since <= moment and (self.until is None or moment <= self.until)


def presences(counts: Iterable[GroupCount], stays: Iterable[GroupStay]) -> Iterator[SitePresence]:
    """`stays` are the people who were left in the counts after movements."""
    ends = defaultdict[UUID, list[datetime]](list)
    for stay in stays:
        ends[stay.report_id].append(stay.superseded_at or NEVER)
    for count in counts:
        if count.site_id and count.sub_stock in (None, SubStock.IN_DISPLACEMENT):
            since = count.counted_at or count.reported_at
            yield SitePresence(count.group_id, count.site_id, since, _end(count, ends[count.report_id]))


def _end(count: GroupCount, ends: list[datetime]) -> datetime | None:
    # Python cannot compare NEVER, which has no time zone, with times that have a time zone.
    if ends:
        return None if NEVER in ends else max(ends)
    end = count.changed_at or count.superseded_at
    return None if end == NEVER else end


def during(versions: Iterable[StoredVersion], known: Iterable[SitePresence]) -> set[UUID]:
    """If a correction changed the time of a movement, the former and the new time are compared."""
    present = defaultdict[UUID, list[SitePresence]](list)
    for presence in known:
        present[presence.group_id].append(presence)
        present[presence.site_id].append(presence)
    return {
        version["report_id"]
        for version, moment in _moments(versions)
        if any(presence.includes(moment) for presence in present[version["subject_id"]])
    }


def _moments(versions: Iterable[StoredVersion]) -> Iterator[tuple[StoredVersion, datetime]]:
    """The time is the latest time at which the people may have moved."""
    first: dict[UUID, datetime] = {}
    movements: list[tuple[StoredVersion, FiledMovement]] = []
    for version in versions:
        if isinstance(movement := filed_from(version, version["report"]), FiledMovement):
            reported_at, report_id = movement.clear.reported_at, version["report_id"]
            first[report_id] = min(reported_at, first.get(report_id, reported_at))
            movements.append((version, movement))
    for version, movement in movements:
        yield version, moved_at(replace(movement, first_reported_at=first[version["report_id"]]))
