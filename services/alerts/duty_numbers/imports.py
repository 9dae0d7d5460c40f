"""Decides what a file of duty numbers changes.

For each unit in the file, the file's numbers replace the stored numbers.

No I/O.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from uuid import uuid4

from services.alerts.duty_numbers.duty_numbers import DutyNumber
from services.alerts.duty_numbers.sheets import DutyEntry, DutyKey, NumberRow
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault

OUT_OF_AREA = N_("A unit within your own areas is expected.")


class NumberVerdict(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class JudgedNumber:
    """A row has either a number, or at least one fault."""

    line: int
    verdict: NumberVerdict
    number: DutyNumber | None = None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class ImportPlan:
    """One refused row prevents the whole import."""

    rows: Sequence[JudgedNumber]
    removed: Sequence[DutyNumber]

    @cached_property
    def counts(self) -> Mapping[NumberVerdict, int]:
        counted = Counter(row.verdict for row in self.rows)
        return {verdict: counted[verdict] for verdict in NumberVerdict}

    @property
    def is_refused(self) -> bool:
        return self.counts[NumberVerdict.REFUSED] > 0

    @property
    def saved(self) -> list[DutyNumber]:
        """The position of an unchanged number may change, so unchanged numbers are stored as well."""
        return [row.number for row in self.rows if row.number is not None]

    @property
    def changed(self) -> list[DutyNumber]:
        changed = [row.number for row in self.rows if row.number and row.verdict is not NumberVerdict.UNCHANGED]
        return [*changed, *self.removed]


def planned(
    rows: Sequence[NumberRow], known: Sequence[DutyNumber], covers: Callable[[str], bool] = lambda _: True
) -> ImportPlan:
    """`covers` tells whether the person who imports may change a unit's numbers."""
    by_key = {entry_of(number).key: number for number in known}
    judged = [_judged(row, position, by_key, covers) for position, row in enumerate(rows)]
    units = {row.entry.place.pcode for row in rows if row.entry is not None}
    kept = {row.number.number_id for row in judged if row.number is not None}
    removed = [number for number in known if number.place.pcode in units and number.number_id not in kept]
    return ImportPlan(judged, removed)


def _judged(
    row: NumberRow,
    position: int,
    by_key: Mapping[DutyKey, DutyNumber],
    covers: Callable[[str], bool],
) -> JudgedNumber:
    entry = row.entry
    if entry is None:
        return JudgedNumber(row.line, NumberVerdict.REFUSED, faults=row.faults)
    if not covers(entry.place.pcode):
        return JudgedNumber(row.line, NumberVerdict.REFUSED, faults=(Fault("unit", OUT_OF_AREA),))
    before = by_key.get(entry.key)
    number_id = before.number_id if before else uuid4()
    number = DutyNumber(number_id, entry.place, entry.service, entry.contact, position)
    if before is None:
        return JudgedNumber(row.line, NumberVerdict.ADDED, number)
    is_same = replace(before, position=position) == number
    return JudgedNumber(row.line, NumberVerdict.UNCHANGED if is_same else NumberVerdict.CHANGED, number)


def entry_of(number: DutyNumber) -> DutyEntry:
    return DutyEntry(number.place, number.service, number.contact)
