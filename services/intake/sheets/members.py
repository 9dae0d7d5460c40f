"""Makes the members of a household from its row, or from the rows of its persons. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.intake.sheets.cells import RowCells
from services.intake.sheets.names import SheetNames
from shared.events.vocabulary import Relationship, Sex
from shared.sheets.codes import HouseholdColumn, RowFault

C = HouseholdColumn
MEMBERS = 60
FEWEST_CELLS = 2  # a row with only one cell may be a heading
# second words of a family name, as in "Асан уулу"
PATRONYMIC = ("уулу", "кызы")
OF_NO_PERSON = {C.SKIPPED, C.REASONS, C.HOUSEHOLD}  # columns that say nothing about a person


@dataclass(frozen=True, slots=True)
class Persons:
    persons: int = 0
    female: int = 0
    male: int = 0


def members(
    head: RowCells, others: Sequence[RowCells], *, names: SheetNames, today: date, phone: str | None
) -> list[dict[str, Any]]:
    """Return the members: the head, the persons with a row, then the persons without a row.

    A person without a row has at most a sex.
    """
    counts = persons(head, listed=1 + len(others))
    listed = [person(head, names, today), *(other_person(cells, names, today) for cells in others)][:MEMBERS]
    if not (phone or any(is_named(member) for member in listed)):
        head.wrong(None, RowFault.ANONYMOUS)
    sexes = [Sex.FEMALE] * counts.female + [Sex.MALE] * counts.male
    for member in listed:
        if member.get("sex") in sexes:
            sexes.remove(Sex(member["sex"]))
    unlisted = max(0, min(counts.persons, MEMBERS) - len(listed))
    sexes = [*sexes, *[Sex.UNKNOWN] * unlisted][:unlisted]
    return [{**listed[0], "relationship": Relationship.HEAD}, *listed[1:], *({"sex": sex} for sex in sexes)]


def persons(cells: RowCells, *, listed: int) -> Persons:
    """Return the numbers of persons.

    Without a total, the sum of women and men is used. Without any number, a sheet with one row for each person gives
    the number of rows.
    """
    total, female, male = (cells.number(column) for column in (C.PERSONS, C.FEMALE, C.MALE))
    of_sexes = (female or 0) + (male or 0)
    if total is None and not of_sexes:
        if not cells.chosen.has_persons:
            cells.wrong(C.PERSONS, RowFault.MISSING)
            return Persons()
        total = listed
    if total is not None and of_sexes > total:
        cells.wrong(C.PERSONS, RowFault.COUNTS)
    count = of_sexes if total is None else total
    if not 0 < count <= MEMBERS:
        cells.wrong(C.PERSONS, RowFault.NUMBER)
        return Persons()
    if count < listed:
        cells.wrong(C.PERSONS, RowFault.LISTED)
    return Persons(count, female or 0, male or 0)


def person(cells: RowCells, names: SheetNames, today: date) -> dict[str, Any]:
    body = {**name_of(cells), **sex_of(cells, names), **cells.birth(today)}
    age, number = cells.age(), cells.text(C.PERSONAL_NUMBER)
    if age is not None and not body.keys() & {"birth_date", "birth_year"}:
        body |= {"age": age, "age_reported_on": today}
    if number:
        body["personal_number"] = number.replace(" ", "")
    return body


def other_person(cells: RowCells, names: SheetNames, today: date) -> dict[str, Any]:
    body = person(cells, names, today)
    if not is_named(body) or cells.count(without=OF_NO_PERSON) < FEWEST_CELLS:
        cells.wrong(None, RowFault.PERSON)
    if relationship := relationship_of(cells, names):
        body["relationship"] = relationship
    if phone := cells.phone():
        body["phone"] = phone
    return body


def is_named(body: dict[str, Any]) -> bool:
    return not body.keys().isdisjoint(("family_name", "given_name", "patronymic", "personal_number"))


def name_of(cells: RowCells) -> dict[str, str]:
    """Return the parts of the name. In a cell with the whole name, the family name is expected first."""
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


def sex_of(cells: RowCells, names: SheetNames) -> dict[str, str]:
    text = cells.text(C.SEX)
    sex = names.sexes.find(text) if text else None
    if text and sex is None:
        cells.wrong(C.SEX, RowFault.SEX)
    return {"sex": sex} if sex else {}


def relationship_of(cells: RowCells, names: SheetNames) -> str | None:
    """Return the relationship. An unknown text is copied into the notes."""
    for place, text in cells.texts(C.RELATIONSHIP):
        if code := names.relationships.find(text):
            return code
        cells.keep_as_text(place, text)
    return None
