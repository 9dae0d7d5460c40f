"""The history of a group or a site: counts, corrections and movements, and the counts that the figures use. No I/O."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.registry.groups.moved_groups import part_id
from services.registry.households.timelines import StoredVersion, TimelineEntry, anchor_of, entries
from services.registry.models import GroupCount, GroupStay
from services.registry.reports import NEVER
from shared.confirmations import unconfirmed_since
from shared.events.vocabulary import DISPLACED, Measure, Mobility, Status, SubStock


@dataclass(frozen=True, slots=True)
class CountEntry(TimelineEntry):
    """In an entry about a count, `counts` has the count.

    In an entry about a movement, `counts` has the people who moved.
    """

    counts: Sequence[GroupCount] = ()


@dataclass(frozen=True, slots=True)
class GroupCourse:
    """`current` are the counts in effect, each with the people who are left after movements.

    `others` are counts of the same people in other groups. `replacing` maps the report id of each recount to the
    recount that replaced a count of the group.
    """

    group_id: UUID
    counts: Sequence[GroupCount]
    current: Sequence[GroupCount | GroupStay] = ()
    others: Sequence[GroupCount] = ()
    replacing: Mapping[UUID, GroupCount] = field(default_factory=dict)

    def is_visible_from(self, report_id: UUID) -> set[str | None]:
        """Users of the present areas of the group's people may see the group.

        If the people are abroad, users of their areas of origin may see the group. If no count is in effect, or if
        nobody was counted, the place in the current report is used.
        """
        if present := [row for row in self.current if row.persons]:
            return {row.destination_pcode or row.origin_pcode for row in present}
        reported = next(count for count in self.counts if count.report_id == report_id)
        # People who left the country are in no stock: only a change of their former count shows the departure.
        has_left = reported.superseded_by is None and reported.changed_at is not None
        return {reported.origin_pcode if has_left else reported.destination_pcode or reported.origin_pcode}

    @property
    def counts_everybody(self) -> bool:
        """A count of everybody at a site may include people of other counts."""
        return any(self._count_of(row).covers_site for row in self.current)

    def source_of(self, row: GroupCount | GroupStay) -> str:
        """The anchor of the entry about the report that counted or moved the people."""
        count = self._count_of(row)
        return anchor_of(count.movement_id or count.report_id, count.version)

    def is_return_presumed(self, row: GroupCount | GroupStay) -> bool:
        return bool(self._count_of(row).is_return_presumed)

    def unconfirmed_since(self, row: GroupCount | GroupStay, now: datetime) -> datetime | None:
        """Returns a time only for displaced people whose last confirmation is too old."""
        are_displaced = row.sub_stock in (None, SubStock.IN_DISPLACEMENT) and row.mobility in DISPLACED
        confirmed_at = self._count_of(row).confirmed_at or row.counted_at or row.reported_at
        is_counted = are_displaced and row.measure == Measure.STOCK and row.persons
        return unconfirmed_since(confirmed_at, Mobility(row.mobility), now) if is_counted else None

    def _count_of(self, row: GroupCount | GroupStay) -> GroupCount:
        return next(count for count in self.counts if count.report_id == row.report_id)

    def others_of(self, row: GroupCount | GroupStay) -> list[GroupCount]:
        return [count for count in self.others if count.stock_id == row.stock_id]


class GroupNotCounted(StrEnum):
    """The reason why the figures of displaced people do not include a count."""

    STATUS = "status"
    MEASURE = "measure"


def why_not_counted(row: GroupCount | GroupStay, counted_status: Status) -> GroupNotCounted | None:
    if row.status != counted_status:
        return GroupNotCounted.STATUS
    return GroupNotCounted.MEASURE if row.measure != Measure.STOCK else None


def sources(moved: GroupCount, counts: Iterable[GroupCount]) -> list[GroupCount]:
    at, movement_id = moved.counted_at or moved.reported_at, str(moved.movement_id)
    return [
        count
        for count in counts
        if part_id(movement_id, str(count.stock_id)) == str(moved.report_id)
        and (count.counted_at or count.reported_at) <= at
        and (count.superseded_at in (None, NEVER) or count.superseded_at > at)
    ]


def count_timeline(versions: Iterable[StoredVersion], counts: Iterable[GroupCount]) -> list[CountEntry]:
    """Each entry has the counts that its version of the report caused."""
    caused = defaultdict[tuple[UUID, int], list[GroupCount]](list)
    for count in counts:
        caused[count.movement_id or count.report_id, count.version].append(count)
    return [
        CountEntry(entry.version, entry.changes, counts=caused[entry.name] if entry.is_effective else ())
        for entry in entries(versions)
    ]
