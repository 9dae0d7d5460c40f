"""The history of a household: its reports, corrections and movements, and their effects on the figures. No I/O."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from services.registry.models import Episode, HouseholdPassage, HouseholdStay
from shared.confirmations import unconfirmed_since
from shared.events.vocabulary import DISPLACED, Mobility, OutcomeKind, ReportKind, Status, SubStock

StoredVersion = Mapping[str, Any]  # a row of `reports` with the decrypted `report`

UNCHANGING = frozenset(
    {"report_id", "household_id", "household_code", "group_id", "kind", "version", "reported_at", "members"}
)
# Several authors may send versions that contradict each other, but only versions with these outcomes took effect.
EFFECTIVE = (OutcomeKind.RECORDED, OutcomeKind.NOTED)
MOVEMENTS = (ReportKind.HOUSEHOLD_MOVEMENT, ReportKind.GROUP_MOVEMENT, ReportKind.SITE_MOVEMENT)


class VersionKey(NamedTuple):
    """Keys are sorted by the time of receipt.

    All reports of a batch have the same time of receipt. Versions with equal times are sorted by kind: a household's
    report comes before its movements.
    """

    received_at: datetime
    version: int
    kind: str
    report_id: UUID
    author: UUID

    @classmethod
    def of(cls, version: StoredVersion) -> "VersionKey":
        return cls(*(version[field] for field in cls._fields))


@dataclass(frozen=True, slots=True)
class Change:
    """`member` is the name of the person whom the field describes, or None."""

    field: str
    before: Any
    after: Any
    member: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """`displacement` and `passages` are the rows in the tables of figures that this version caused."""

    version: StoredVersion
    changes: Sequence[Change] = ()
    displacement: Episode | None = None
    passages: Sequence[HouseholdPassage] = ()

    @property
    def anchor(self) -> str:
        anchor = anchor_of(self.version["report_id"], self.version["version"])
        return anchor if self.is_effective else f"{anchor}-{self.version['author']}-{self.version['kind']}"

    @property
    def key(self) -> VersionKey:
        return VersionKey.of(self.version)

    @property
    def name(self) -> tuple[UUID, int]:
        return self.version["report_id"], self.version["version"]

    @property
    def is_effective(self) -> bool:
        return self.version["outcome"] in EFFECTIVE

    @property
    def is_correction(self) -> bool:
        return bool(self.version["version"] > 1)

    @property
    def is_movement(self) -> bool:
        return self.version["kind"] in MOVEMENTS

    @property
    def site_id(self) -> UUID | None:
        site_id: UUID = self.version["subject_id"]
        return site_id if self.version["kind"] == ReportKind.SITE_MOVEMENT else None


@dataclass(frozen=True, slots=True)
class CountedPart:
    """`cause` is the row from the report that states the place of the part."""

    row: Episode | HouseholdStay
    cause: Episode | HouseholdStay | HouseholdPassage

    @property
    def anchor(self) -> str:
        return anchor_of(self.cause.report_id, self.cause.version)

    @property
    def sub_stock(self) -> str:
        return self.row.sub_stock if isinstance(self.row, HouseholdStay) else SubStock.IN_DISPLACEMENT

    @property
    def movement(self) -> str | None:
        return self.row.movement if isinstance(self.row, HouseholdStay) else None

    @property
    def confirmed_at(self) -> datetime:
        return self.row.confirmed_at if isinstance(self.row, HouseholdStay) else self.row.reported_at

    def unconfirmed_since(self, now: datetime) -> datetime | None:
        """Returns a time only for displaced people whose last confirmation is too old."""
        are_displaced = self.sub_stock == SubStock.IN_DISPLACEMENT and self.row.mobility in DISPLACED
        mobility = Mobility(self.row.mobility)
        return unconfirmed_since(self.confirmed_at, mobility, now) if are_displaced and self.row.displaced else None

    @property
    def is_return_presumed(self) -> bool:
        return isinstance(self.row, HouseholdStay) and self.row.is_return_presumed


@dataclass(frozen=True, slots=True)
class HouseholdCourse:
    """`current` are the rows of `episodes` and `stays` in effect."""

    episodes: Sequence[Episode] = ()
    passages: Sequence[HouseholdPassage] = ()
    current: Sequence[Episode | HouseholdStay] = ()

    @property
    def counted(self) -> list[CountedPart]:
        return [self._part(row) for row in self.current]

    def _part(self, row: Episode | HouseholdStay) -> CountedPart:
        led = [passage for passage in self.passages if isinstance(row, HouseholdStay) and leads_to(passage, row)]
        return CountedPart(row, led[-1] if led else row)


class NotCounted(StrEnum):
    """The reason why the figures of displaced people leave people out."""

    STATUS = "status"
    MOBILITY = "mobility"
    NOBODY = "nobody"


def why_not_counted(row: Episode | HouseholdStay, counted_status: Status) -> NotCounted | None:
    """Return None if the figures count the people as displaced."""
    if row.status != counted_status:
        return NotCounted.STATUS
    if row.mobility not in DISPLACED:
        return NotCounted.MOBILITY
    return None if row.displaced else NotCounted.NOBODY


def leads_to(passage: HouseholdPassage, stay: HouseholdStay) -> bool:
    place = (passage.destination_pcode, passage.destination_country, passage.to_sub_stock)
    return passage.occurred_at <= stay.occurred_at and place == (
        stay.destination_pcode,
        stay.destination_country,
        stay.sub_stock,
    )


def anchor_of(report_id: UUID, version: int) -> str:
    return f"report-{report_id}-{version}"


def timeline(versions: Iterable[StoredVersion], course: HouseholdCourse) -> list[TimelineEntry]:
    """Each entry gets the rows that its version caused."""
    episodes = {(row.report_id, row.version): row for row in course.episodes}
    passages = defaultdict[tuple[UUID, int], list[HouseholdPassage]](list)
    for passage in course.passages:
        passages[passage.report_id, passage.version].append(passage)

    def with_rows(entry: TimelineEntry) -> TimelineEntry:
        if not entry.is_effective:
            return entry
        return replace(entry, displacement=episodes.get(entry.name), passages=passages.get(entry.name, ()))

    return [with_rows(entry) for entry in entries(versions)]


def entries(versions: Iterable[StoredVersion]) -> Iterator[TimelineEntry]:
    """Each entry gets the changes since the version that was in effect before."""
    effective: dict[UUID, StoredVersion] = {}
    for version in versions:
        before, is_effective = effective.get(version["report_id"]), version["outcome"] in EFFECTIVE
        is_newer = before is None or before["version"] < version["version"]
        changes = tuple(differences(before["report"], version["report"])) if before and is_newer else ()
        yield TimelineEntry(version, changes)
        if is_effective and is_newer:
            effective[version["report_id"]] = version


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    yield from differing(before, after, before.keys() | after.keys())
    old, new = by_member(before), by_member(after)
    for member_id in [*old, *(added for added in new if added not in old)]:
        was, now = old.get(member_id), new.get(member_id)
        if was is None or now is None:
            yield Change("members", was, now)
        else:
            yield from differing(was, now, was.keys() | now.keys(), member=now)


def differing(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    names: Iterable[str],
    *,
    member: Mapping[str, Any] | None = None,
) -> Iterator[Change]:
    for name in sorted(names):
        if name not in UNCHANGING and before.get(name) != after.get(name):
            yield Change(name, before.get(name), after.get(name), member)


def by_member(report: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {member["member_id"]: member for member in report.get("members", ())}
