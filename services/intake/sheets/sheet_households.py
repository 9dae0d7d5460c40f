"""A household of a sheet: the rows of its persons, and its report."""

from dataclasses import dataclass
from uuid import UUID

from services.intake.sheets.cells import RowError
from services.intake.sheets.families import SheetFamily
from shared.events import HouseholdReport
from shared.sheets.codes import RowFault
from shared.sheets.sheet import SheetLine

OF_ANOTHER_ROW = (RowError(None, RowFault.HOUSEHOLD),)


@dataclass(frozen=True, slots=True)
class PersonRow:
    line: SheetLine
    errors: tuple[RowError, ...] = ()
    kept_as_text: tuple[int, ...] = ()
    phone_column: int | None = None


@dataclass(frozen=True, slots=True)
class SheetHousehold:
    """The household has a report if all rows are valid; otherwise, the rows have errors."""

    line: SheetLine
    report: HouseholdReport | None = None
    other_ids: tuple[UUID, ...] = ()  # the ids that the report would have with earlier keys
    errors: tuple[RowError, ...] = ()
    kept_as_text: tuple[int, ...] = ()
    # index of a column whose cell contains several telephones; the notes contain the whole cell
    phone_column: int | None = None
    head_ids: tuple[UUID, ...] = ()  # HMACs of the head and the day, one for each key, the newest key first
    others: tuple[PersonRow, ...] = ()

    @property
    def rows(self) -> "list[SheetHousehold | PersonRow]":
        return [self, *self.others]


def refused(family: SheetFamily, fault: RowFault) -> SheetHousehold:
    errors = (RowError(None, fault),)
    return SheetHousehold(family.head, errors=errors, others=tuple(PersonRow(line, errors) for line in family.others))
