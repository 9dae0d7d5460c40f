"""Makes a household's report from each row of a sheet. No I/O."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from services.intake.sheets.cells import RowCells, RowError
from services.intake.sheets.choices import ChosenSheet
from services.intake.sheets.row_ids import RowIds
from shared.country import TIME_ZONE, UNKNOWN_COUNTRY
from shared.events import HouseholdReport, Place
from shared.events.vocabulary import HazardType, Need, Precision, Reason, Relationship, Sex, Shelter, Status
from shared.places import Places
from shared.sheets.code_names import CodeNames
from shared.sheets.codes import HouseholdColumn, RowFault
from shared.sheets.place_names import Namesakes, PlaceNames
from shared.sheets.sheet import SheetLine

C = HouseholdColumn
MEMBERS = 60  # of a report
LOCALITY_LETTERS = 150
TOTALS = re.compile(r"^(итого|всего|жалпы|бардыгы|баары|жыйынтыгы|total|sum)\b", re.IGNORECASE)
PATRONYMIC = ("уулу", "кызы")  # "Асан уулу Бакыт": the first two words are the family name
# Maps the fields that the contract checks to columns, and to the reasons that say what is expected.
FIELDS: dict[str, tuple[HouseholdColumn | None, RowFault]] = {
    "personal_number": (C.PERSONAL_NUMBER, RowFault.PERSONAL_NUMBER),
    "phone": (C.PHONE, RowFault.PHONE),
    "family_name": (C.FAMILY_NAME, RowFault.NAME),
    "given_name": (C.GIVEN_NAME, RowFault.NAME),
    "patronymic": (C.PATRONYMIC, RowFault.NAME),
    "origin_locality": (C.ORIGIN_LOCALITY, RowFault.LOCALITY),
    "destination_locality": (C.DESTINATION_LOCALITY, RowFault.LOCALITY),
    "notes": (None, RowFault.NOTES),
}


@dataclass(frozen=True, slots=True)
class SheetHousehold:
    """A row with its report, or with the reasons why the row has none."""

    line: SheetLine
    report: HouseholdReport | None = None
    other_ids: tuple[UUID, ...] = ()  # the report's ids by earlier keys
    errors: tuple[RowError, ...] = ()
    kept_as_text: tuple[int, ...] = ()
    phone_column: int | None = None  # the column of which only the first telephone has a field; the notes have all
    head_ids: tuple[UUID, ...] = ()  # ids of the head and the day, by the newest key and earlier keys


class SheetNames:
    """The names of places and codes that a sheet may have."""

    def __init__(self, places: Places) -> None:
        self.places = PlaceNames(places)
        self.hazards, self.reasons = CodeNames("hazard"), CodeNames("reason")
        self.shelters, self.needs = CodeNames("shelter"), CodeNames("need")
        self.sexes = CodeNames("sex")


@dataclass(frozen=True, slots=True)
class HouseholdReader:
    """Makes reports. `keys` are all keys for ids, the newest last."""

    names: SheetNames
    keys: tuple[bytes, ...]
    status: Status
    now: datetime

    def rows(self, chosen: ChosenSheet) -> Iterator[SheetHousehold]:
        """A result for each row. The second of two equal rows is refused, because it may be the same household."""
        seen: set[UUID] = set()
        for line in chosen.rows:
            row = self._row(chosen, line)
            if row.report and row.report.report_id in seen:
                row = SheetHousehold(line, errors=(RowError(None, RowFault.REPEATED),))
            elif row.report:
                seen.add(row.report.report_id)
            yield row

    def _row(self, chosen: ChosenSheet, line: SheetLine) -> SheetHousehold:
        if TOTALS.match(next((text for text in line.cells if text and not text.isdecimal()), "")):
            return SheetHousehold(line, errors=(RowError(None, RowFault.TOTAL),))
        cells = RowCells(chosen, line)
        day = self._day(cells)
        *earlier, ids = (RowIds(key, chosen.identity(line, day)) for key in self.keys)
        report = validated(cells, self._body(cells, day, ids))
        if report is None or cells.errors:
            return SheetHousehold(line, errors=tuple(cells.errors))
        others = tuple(row_ids.report for row_ids in earlier)
        return SheetHousehold(
            line,
            report,
            others,
            kept_as_text=tuple(cells.kept_as_text),
            phone_column=cells.phone_column,
            head_ids=tuple(self._head_ids(cells, day)),
        )

    def _head_ids(self, cells: RowCells, day: date) -> Iterator[UUID]:
        """Ids that a row keeps when its other cells are corrected."""
        heads = [*filter(None, (" ".join(name_of(cells).values()), cells.text(C.PERSONAL_NUMBER)))]
        for key in reversed(self.keys):
            for head in heads or [cells.text(C.PHONE)]:  # the households of a village can have one telephone
                yield RowIds(key, ["head", day.isoformat(), head.casefold()]).report

    @property
    def _today(self) -> date:
        return self.now.astimezone(TIME_ZONE).date()

    def _day(self, cells: RowCells) -> date:
        """The day of the displacement; today if the row has an error instead."""
        day = cells.day(C.OCCURRED_ON, self._today) or cells.chosen.choices.occurred_on
        if day is None:
            cells.wrong(C.OCCURRED_ON, RowFault.MISSING)
        elif day > self._today:
            cells.wrong(C.OCCURRED_ON, RowFault.FUTURE)
        return day or self._today

    def _body(self, cells: RowCells, day: date, ids: RowIds) -> dict[str, Any]:
        """The fields of the report. A wrong cell has a value that the contract accepts, and an error."""
        choices, phone = cells.chosen.choices, cells.phone()
        members = self._members(cells, persons(cells), phone)
        body = {
            "report_id": ids.report,
            "household_id": ids.household,
            "kind": "household",
            "status": self.status,
            "mobility": choices.mobility,
            "reported_at": self.now,
            "occurred_at": datetime.combine(day, time(12), TIME_ZONE).astimezone(UTC),
            "occurred_at_precision": Precision.DAY,
            "persons": len(members),
            "is_urgent": cells.is_urgent(),
            **self._place(cells, C.ORIGIN, C.ORIGIN_LOCALITY, choices.origin),
            **self._place(cells, C.DESTINATION, C.DESTINATION_LOCALITY, choices.destination),
            "members": [{**member, "member_id": ids.member(place)} for place, member in enumerate(members)],
            **self._codes(cells),
        }
        if phone:
            body["phone"] = phone
        cells.keep_the_rest()
        if notes := "\n".join(cells.notes):
            body["notes"] = notes
        return body

    def _place(
        self, cells: RowCells, column: HouseholdColumn, locality: HouseholdColumn, chosen: str | None
    ) -> dict[str, Any]:
        """The place that the cell names, else the place for all rows. Other words of the cell name the locality.

        A cell with other words is kept in the notes if another cell has the locality.
        """
        place, stated = place_of(chosen), cells.text(locality)
        for number, text in cells.texts(column):
            try:
                found = self.names.places.find(text)
            except Namesakes:
                cells.wrong(column, RowFault.NAMESAKES)
                break
            place, rest = found or (place, text)
            if place is None:
                cells.wrong(column, RowFault.PLACE)
            elif rest and (stated or len(rest) > LOCALITY_LETTERS):
                cells.keep(number, text)
            else:
                stated = stated or rest
            break
        else:
            if place is None:
                cells.wrong(column, RowFault.MISSING)
        return {column: place or Place(country=UNKNOWN_COUNTRY), **({locality: stated} if stated else {})}

    def _codes(self, cells: RowCells) -> dict[str, Any]:
        choices = cells.chosen.choices
        hazard = self._code(cells, C.HAZARD, self.names.hazards, HazardType.OTHER) or choices.hazard
        reason = self._code(cells, C.REASON, self.names.reasons, Reason.OTHER) or choices.reason
        shelter = self._code(cells, C.SHELTER, self.names.shelters, Shelter.OTHER) or choices.shelter
        needs = self._needs(cells)
        return {
            **({"hazard_type": hazard} if hazard else {}),
            **({"reasons": [reason]} if reason else {}),
            **({"shelter": shelter} if shelter else {}),
            **({"needs": needs} if needs else {}),
        }

    def _code(self, cells: RowCells, column: HouseholdColumn, names: CodeNames, other: str) -> str | None:
        """The code that the cell names. A text that names no code becomes `other`, and is kept in the notes."""
        for place, text in cells.texts(column):
            if code := names.find(text):
                return code
            cells.keep(place, text)
            cells.kept_as_text.append(place)
            return other
        return None

    def _needs(self, cells: RowCells) -> list[str]:
        needs = []
        for place, text in cells.texts(C.NEEDS):
            codes = [self.names.needs.find(part) for part in re.split(r"[,;/\n]", text) if part.strip()]
            if None in codes:
                cells.keep(place, text)
                cells.kept_as_text.append(place)
            needs += [code or Need.OTHER for code in codes]
        return list(dict.fromkeys(needs))

    def _members(self, cells: RowCells, counts: "Persons", phone: str | None) -> list[dict[str, Any]]:
        """The head, then the other persons, of whom the sheet says at most the sex."""
        head = {**name_of(cells), **self._sex(cells), **cells.birth(self._today)}
        age, number = cells.age(), cells.text(C.PERSONAL_NUMBER)
        if age is not None and not head.keys() & {"birth_date", "birth_year"}:
            head |= {"age": age, "age_reported_on": self._today}
        if number:
            head["personal_number"] = number.replace(" ", "")
        if not (name_of(cells) or number or phone):
            cells.wrong(None, RowFault.ANONYMOUS)
        sexes = [Sex.FEMALE] * counts.female + [Sex.MALE] * counts.male
        sex = self._sex(cells).get("sex")
        if sex in sexes:
            sexes.remove(Sex(sex))
        others = max(0, min(counts.persons, MEMBERS) - 1)
        sexes = [*sexes, *[Sex.UNKNOWN] * others][:others]
        return [{**head, "relationship": Relationship.HEAD}, *({"sex": sex} for sex in sexes)]

    def _sex(self, cells: RowCells) -> dict[str, str]:
        text = cells.text(C.SEX)
        sex = self.names.sexes.find(text) if text else None
        if text and sex is None:
            cells.wrong(C.SEX, RowFault.SEX)
        return {"sex": sex} if sex else {}


@dataclass(frozen=True, slots=True)
class Persons:
    persons: int = 0
    female: int = 0
    male: int = 0


def persons(cells: RowCells) -> Persons:
    """The number of persons. If the sheet has only the numbers of women and men, their sum."""
    total, female, male = (cells.number(column) for column in (C.PERSONS, C.FEMALE, C.MALE))
    of_sexes = (female or 0) + (male or 0)
    if total is None and not of_sexes:
        cells.wrong(C.PERSONS, RowFault.MISSING)
        return Persons()
    if total is not None and of_sexes > total:
        cells.wrong(C.PERSONS, RowFault.COUNTS)
    count = of_sexes if total is None else total
    if not 0 < count <= MEMBERS:
        cells.wrong(C.PERSONS, RowFault.NUMBER)
        return Persons()
    return Persons(count, female or 0, male or 0)


def name_of(cells: RowCells) -> dict[str, str]:
    """The names of the head. Lists have the family name first."""
    own = {
        "family_name": cells.text(C.FAMILY_NAME),
        "given_name": cells.text(C.GIVEN_NAME),
        "patronymic": cells.text(C.PATRONYMIC),
    }
    words = cells.text(C.HEAD).split()
    first = 2 if len(words) > 1 and words[1].casefold() in PATRONYMIC else 1
    whole = {
        "family_name": " ".join(words[:first]),
        "given_name": "".join(words[first : first + 1]),
        "patronymic": " ".join(words[first + 1 :]),
    }
    return {field: own[field] or whole[field] for field in own if own[field] or whole[field]}


def place_of(code: str | None) -> Place | None:
    """The place for all rows, from a P-code or a country's code."""
    if code is None:
        return None
    return Place(country=code) if code.isalpha() else Place(pcode=code)


def validated(cells: RowCells, body: dict[str, Any]) -> HouseholdReport | None:
    """The report; None if the contract refuses a field, which is then an error of the row."""
    try:
        return HouseholdReport.model_validate(body)
    except ValidationError as error:
        for detail in error.errors(include_input=False, include_context=False, include_url=False):
            column, reason = FIELDS.get(str(detail["loc"][-1]) if detail["loc"] else "", (None, RowFault.STATUS))
            is_whole_name = reason is RowFault.NAME and column is not None and not cells.text(column)
            cells.wrong(C.HEAD if is_whole_name else column, reason)
        return None
