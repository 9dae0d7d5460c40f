"""Makes a report from the rows of each household in a sheet. No I/O."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from services.intake.sheets.cells import RowCells, RowError
from services.intake.sheets.choices import ChosenSheet
from services.intake.sheets.families import SheetFamily, families, filled
from services.intake.sheets.members import members, name_of
from services.intake.sheets.names import SheetNames
from services.intake.sheets.row_ids import RowIds
from services.intake.sheets.sheet_households import OF_ANOTHER_ROW, PersonRow, SheetHousehold, refused
from shared.country import TIME_ZONE, UNKNOWN_COUNTRY
from shared.events import HouseholdReport, Place
from shared.events.displacements import Person
from shared.events.fields import Body
from shared.events.vocabulary import HazardType, Need, Precision, Reason, Relationship, Shelter, Status
from shared.sheets.code_names import CodeNames
from shared.sheets.codes import HouseholdColumn, RowFault
from shared.sheets.place_names import Namesakes
from shared.sheets.sheet import SheetLine

B = TypeVar("B", bound=Body)
C = HouseholdColumn
LOCALITY_LETTERS = 150
TOTALS = re.compile(r"^(итого|всего|жалпы|бардыгы|баары|жыйынтыгы|total|sum)\b", re.IGNORECASE)
# For each field that the contract can refuse: the column of the field, and the reason that the person sees.
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
class HouseholdReader:
    """`keys` are the keys for the ids, oldest first."""

    names: SheetNames
    keys: tuple[bytes, ...]
    status: Status
    now: datetime

    def rows(self, chosen: ChosenSheet) -> list[SheetHousehold]:
        """Return all households. The second of two equal households is refused, because it may be a copy by mistake."""
        totals = [line for line in chosen.rows if is_total(line)]
        made = [SheetHousehold(line, errors=(RowError(None, RowFault.TOTAL),)) for line in totals]
        seen: set[UUID] = set()
        lines = [line for line in chosen.rows if not is_total(line)]
        for family in families(chosen, lines, partial(self._is_head, chosen)):
            household = self._household(chosen, family)
            if household.report and household.report.report_id in seen:
                household = refused(family, RowFault.REPEATED)
            elif household.report:
                seen.add(household.report.report_id)
            made.append(household)
        return sorted(made, key=lambda household: household.line.number)

    def _is_head(self, chosen: ChosenSheet, line: SheetLine) -> bool:
        text = chosen.text(line, C.RELATIONSHIP)
        return bool(text) and self.names.relationships.find(text) == Relationship.HEAD

    def _household(self, chosen: ChosenSheet, family: SheetFamily) -> SheetHousehold:
        if family.fault:
            return refused(family, family.fault)
        cells = RowCells(chosen, filled(chosen, family))
        others = [RowCells(chosen, line) for line in family.others]
        day, lines = self._day(cells), (family.head, *family.others)
        identity = chosen.identity(lines, day)
        *earlier, ids = (RowIds(key, identity) for key in self.keys)
        refuse_repeated([cells, *others], day)
        refuse_other_counts(cells, others)
        report = validated([cells, *others], self._body(cells, others, day, ids))
        rows = [PersonRow(row.line, tuple(row.errors)) for row in (cells, *others)]
        if report is None or any(row.errors for row in rows):
            head, *rest = (row if row.errors else replace(row, errors=OF_ANOTHER_ROW) for row in rows)
            return SheetHousehold(family.head, errors=head.errors, others=tuple(rest))
        return SheetHousehold(
            family.head,
            report,
            tuple(row_ids.report for row_ids in earlier),
            kept_as_text=tuple(cells.kept_as_text),
            phone_column=cells.phone_column,
            head_ids=tuple(self._head_ids(cells, day)),
            others=tuple(PersonRow(row.line, (), tuple(row.kept_as_text), row.phone_column) for row in others),
        )

    def _head_ids(self, cells: RowCells, day: date) -> Iterator[UUID]:
        """Return ids of the head and the day. These ids stay the same when a person corrects other cells."""
        heads = [*filter(None, (" ".join(name_of(cells).values()), cells.text(C.PERSONAL_NUMBER)))]
        for key in reversed(self.keys):
            # Without name and personal number, the telephone identifies the head. A name or a personal number is better
            # than a telephone, because a village may share a telephone.
            for head in heads or [cells.text(C.PHONE)]:
                yield RowIds(key, ["head", day.isoformat(), head.casefold()]).report

    @property
    def _today(self) -> date:
        return self.now.astimezone(TIME_ZONE).date()

    def _day(self, cells: RowCells) -> date:
        """Return the day of the displacement.

        Without a readable day, add an error, and return today, so that the other checks can run.
        """
        day = cells.day(C.OCCURRED_ON, self._today) or cells.chosen.choices.occurred_on
        if day is None:
            cells.wrong(C.OCCURRED_ON, RowFault.MISSING)
        elif day > self._today:
            cells.wrong(C.OCCURRED_ON, RowFault.FUTURE)
        return day or self._today

    def _body(self, cells: RowCells, others: Sequence[RowCells], day: date, ids: RowIds) -> dict[str, Any]:
        """Return the body of the report.

        A wrong cell adds an error to its row, and leaves a valid value in the body.
        """
        choices, phone = cells.chosen.choices, cells.phone()
        is_urgent = [row.is_urgent() for row in (cells, *others)]
        listed = members(cells, others, names=self.names, today=self._today, phone=phone)
        body = {
            "report_id": ids.report,
            "household_id": ids.household,
            "kind": "household",
            "status": self.status,
            "mobility": choices.mobility,
            "reported_at": self.now,
            "occurred_at": datetime.combine(day, time(12), TIME_ZONE).astimezone(UTC),
            "occurred_at_precision": Precision.DAY,
            "persons": len(listed),
            "is_urgent": any(is_urgent),
            **self._place(cells, C.ORIGIN, C.ORIGIN_LOCALITY, choices.origin),
            **self._place(cells, C.DESTINATION, C.DESTINATION_LOCALITY, choices.destination),
            "members": [{**member, "member_id": ids.member(place)} for place, member in enumerate(listed)],
            **self._codes(cells, others),
        }
        if phone:
            body["phone"] = phone
        cells.keep_the_rest()
        for other in others:
            other.keep_what_differs(cells)
            cells.notes += [f"{' '.join(name_of(other).values())}: {note}" for note in other.notes]
        if notes := "\n".join(cells.notes):
            body["notes"] = notes
        return body

    def _place(
        self, cells: RowCells, column: HouseholdColumn, locality: HouseholdColumn, chosen: str | None
    ) -> dict[str, Any]:
        """Read the place.

        An empty cell means the place that the person chose for all rows. Words after the place are the name of the
        locality. If a separate column names the locality, the whole cell goes into the notes.
        """
        place, stated = place_of(chosen), cells.text(locality)
        for number, text in cells.texts(column):
            try:
                match = self.names.places.find(text)
            except Namesakes:
                cells.wrong(column, RowFault.NAMESAKES)
                break
            place, rest = match or (place, text)
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

    def _codes(self, cells: RowCells, others: Sequence[RowCells]) -> dict[str, Any]:
        choices = cells.chosen.choices
        hazard = self._code(cells, C.HAZARD, self.names.hazards, HazardType.OTHER) or choices.hazard
        reason = self._code(cells, C.REASON, self.names.reasons, Reason.OTHER) or choices.reason
        shelter = self._code(cells, C.SHELTER, self.names.shelters, Shelter.OTHER) or choices.shelter
        needs = list(dict.fromkeys(need for row in (cells, *others) for need in self._needs(row)))
        return {
            **({"hazard_type": hazard} if hazard else {}),
            **({"reasons": [reason]} if reason else {}),
            **({"shelter": shelter} if shelter else {}),
            **({"needs": needs} if needs else {}),
        }

    def _code(self, cells: RowCells, column: HouseholdColumn, names: CodeNames, other: str) -> str | None:
        """Return the code that the cell names. For an unknown text, return `other` and copy the text into the notes."""
        for place, text in cells.texts(column):
            if code := names.find(text):
                return code
            cells.keep_as_text(place, text)
            return other
        return None

    def _needs(self, cells: RowCells) -> list[str]:
        needs = []
        for place, text in cells.texts(C.NEEDS):
            codes = [self.names.needs.find(part) for part in re.split(r"[,;/\n]", text) if part.strip()]
            if None in codes:
                cells.keep_as_text(place, text)
            needs += [code or Need.OTHER for code in codes]
        return needs


def place_of(code: str | None) -> Place | None:
    if code is None:
        return None
    return Place(country=code) if code.isalpha() else Place(pcode=code)


def is_total(line: SheetLine) -> bool:
    return bool(TOTALS.match(next((text for text in line.cells if text and not text.isdecimal()), "")))


def refuse_repeated(rows: Sequence[RowCells], day: date) -> None:
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        identity = tuple(row.chosen.row_identity(row.line, day))
        if identity in seen:
            row.errors.append(RowError(None, RowFault.REPEATED))
        seen.add(identity)


def refuse_other_counts(head: RowCells, others: Sequence[RowCells]) -> None:
    """Add an error to a person's row with another number of persons than the head's row.

    The row may belong to another household.
    """
    for row in others:
        for column in (C.PERSONS, C.MALE, C.FEMALE):
            if row.text(column) not in ("", head.text(column)):
                row.wrong(column, RowFault.OTHER_COUNT)


def validated(rows: Sequence[RowCells], body: dict[str, Any]) -> HouseholdReport | None:
    """Return the report, or None if the contract refuses a field. The error is added to the row of the person."""
    for row, member in zip(rows, body["members"], strict=False):
        # Check each member separately, because the report's model would name only the first wrong member.
        accepted(Person, member, row)
    return accepted(HouseholdReport, body, rows[0])


def accepted(model: type[B], body: dict[str, Any], cells: RowCells) -> B | None:
    """Return the valid model.

    If the contract refuses fields, return None, and add an error for each field to the row.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        for detail in error.errors(include_input=False, include_context=False, include_url=False):
            path = detail["loc"]
            if path[:1] == ("members",):
                continue
            column, reason = FIELDS.get(str(path[-1]) if path else "", (None, RowFault.STATUS))
            is_whole_name = reason is RowFault.NAME and column is not None and not cells.text(column)
            cells.wrong(C.HEAD if is_whole_name else column, reason)
        return None
