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
    """A household has either a report, or errors because a row is wrong."""

    line: SheetLine
    report: HouseholdReport | None = None
    other_ids: tuple[UUID, ...] = ()  # ids that the report would have with earlier keys
    errors: tuple[RowError, ...] = ()
    kept_as_text: tuple[int, ...] = ()
    phone_column: int | None = None  # a cell of this column has several telephones, so the notes have the whole cell
    head_ids: tuple[UUID, ...] = ()  # HMACs of the head and the day by all keys, the newest key first
    others: tuple[PersonRow, ...] = ()

    @property
    def rows(self) -> "list[SheetHousehold | PersonRow]":
        return [self, *self.others]


def refused(family: SheetFamily, fault: RowFault) -> SheetHousehold:
    errors = (RowError(None, fault),)
    return SheetHousehold(family.head, errors=errors, others=tuple(PersonRow(line, errors) for line in family.others))
