"""The choices that a person makes on the page for a sheet."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from pydantic import Field

from services.intake.sheets.days import day_of
from services.intake.sheets.labels import guess, guesses
from shared.country import COUNTRY
from shared.events.fields import Body, Day
from shared.events.vocabulary import HazardType, Mobility, Reason, Shelter
from shared.sheets.codes import HouseholdColumn
from shared.sheets.header import Header, guessed, labels, rows_below
from shared.sheets.sheet import COLUMNS, Sheet, SheetLine

# The number of a line, up to the limit of Excel. As a header, 0 means that the list has no header.
LineNumber = Annotated[int, Field(ge=0, le=1_048_576)]
PlaceCode = Annotated[str, Field(pattern=rf"^([A-Z]{{2}}|{COUNTRY}[0-9]{{11}})$")]
# Two rows count as equal even if they differ in these columns.
UNCOUNTED = HouseholdColumn.SKIPPED, HouseholdColumn.REASONS, HouseholdColumn.HOUSEHOLD
OF_HOUSEHOLD = {  # columns about the household, with one value for all its persons
    HouseholdColumn.PERSONS,
    HouseholdColumn.MALE,
    HouseholdColumn.FEMALE,
    HouseholdColumn.ORIGIN,
    HouseholdColumn.ORIGIN_LOCALITY,
    HouseholdColumn.DESTINATION,
    HouseholdColumn.DESTINATION_LOCALITY,
    HouseholdColumn.OCCURRED_ON,
    HouseholdColumn.HAZARD,
    HouseholdColumn.REASON,
    HouseholdColumn.SHELTER,
}
PERSON_COLUMNS = {HouseholdColumn.HOUSEHOLD, HouseholdColumn.RELATIONSHIP}
DAYS = HouseholdColumn.OCCURRED_ON, HouseholdColumn.BIRTH
CONFIRMED = 200  # The page shows at most this number of changed rows, so a person can confirm at most this number.
LISTS = {"columns", "confirmed"}
Columns = Annotated[tuple[HouseholdColumn, ...], Field(max_length=COLUMNS)]


class SheetChoices(Body):
    """The choices. A value for all rows, such as `origin`, is used for each row whose own cell is empty.

    If the header or the columns are None, they are guessed from the sheet.
    `confirmed` are the lines of changed rows that a person recognised as other households.
    """

    sheet: Annotated[int, Field(ge=0, le=500)] = 0
    header_first: LineNumber | None = None
    header_last: LineNumber | None = None
    columns: Columns | None = None
    origin: PlaceCode | None = None
    destination: PlaceCode | None = None
    occurred_on: Day | None = None
    hazard: HazardType | None = None
    reason: Reason | None = None
    shelter: Shelter | None = None
    mobility: Mobility = Mobility.DISPLACEMENT
    confirmed: Annotated[tuple[LineNumber, ...], Field(max_length=CONFIRMED)] = ()

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "SheetChoices":
        """Raises pydantic.ValidationError."""
        given: dict[str, Any] = {name: value for name, value in query.items() if value and name != "lang"}
        for name in LISTS & given.keys():
            given[name] = given[name].split(",")
        return cls.model_validate(given)


class ChosenSheet:
    def __init__(self, sheet: Sheet, choices: SheetChoices) -> None:
        self.sheet, self.choices = sheet, choices
        self.header = header_of(sheet, choices)
        self.labels = labels(sheet, self.header)
        self.guesses = guesses(self.labels)
        chosen = choices.columns or ()
        self.columns = (*chosen[: sheet.width], *self.guesses[len(chosen) :])

    @property
    def rows(self) -> tuple[SheetLine, ...]:
        return rows_below(self.sheet, self.header)

    @property
    def has_persons(self) -> bool:
        return not PERSON_COLUMNS.isdisjoint(self.columns)

    def text(self, line: SheetLine, column: HouseholdColumn) -> str:
        cells = zip(self.columns, line.cells, strict=False)
        return next((text for kind, text in cells if kind is column and text), "")

    def identity(self, lines: Sequence[SheetLine], day: date) -> list[str]:
        """Return texts that identify the household.

        The same household in another file has equal texts, even with other capitals, other forms of days, or another
        order of columns and persons.
        """
        rows = sorted(self.row_identity(line, day) for line in lines)
        return [day.isoformat(), *(text for row in rows for text in ("", *row))]

    def row_identity(self, line: SheetLine, day: date) -> list[str]:
        """Return texts that identify the row.

        The texts name the guessed kinds of the columns, so that a person's choice of columns changes nothing.
        """
        cells = [(kind, text) for kind, text in zip(self.guesses, line.cells, strict=False) if text]
        return sorted(f"{kind}: {comparable(kind, text, day)}" for kind, text in cells if kind not in UNCOUNTED)


def comparable(kind: HouseholdColumn, text: str, day: date) -> str:
    """Return the text in one form for CSV and XLSX files, so that cells can be compared."""
    read = day_of(text, day) if kind in DAYS else None
    return read.isoformat() if read else " ".join(text.casefold().split())


def header_of(sheet: Sheet, choices: SheetChoices) -> Header:
    if choices.header_first is None:
        return guessed(sheet, guess)
    if not choices.header_first:
        return Header(0, 0)
    return Header(choices.header_first, max(choices.header_first, choices.header_last or choices.header_first))
