"""The form for one duty number, and the check of its fields."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import uuid4

from services.alerts.duty_numbers.duty_numbers import DutyNumber, written
from services.alerts.duty_numbers.imports import entry_of
from services.alerts.duty_numbers.sheets import COLUMNS, DutyNumberSheets
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, TypedForm
from shared.places import Places

LONGEST = 500
TOO_LONG = N_("A shorter text is expected.")
LISTED = N_("This post is in the list already. Change its entry there.")


class DutyNumberForm(TypedForm):
    """The field names equal the column names of a file."""

    def parsed(self, places: Places, known: DutyNumber | None) -> tuple[DutyNumber | None, list[Fault]]:
        """If `known` is given, the typed number gets its id."""
        cells = {column: self.value(column) for column in COLUMNS}
        if wrong := [Fault(column, TOO_LONG) for column, text in cells.items() if len(text) > LONGEST]:
            return None, wrong
        row = DutyNumberSheets(places).row(1, cells)
        if row.entry is None:
            return None, list(row.faults)
        entry, number_id = row.entry, known.number_id if known else uuid4()
        return DutyNumber(number_id, entry.place, entry.service, entry.contact, known.position if known else 0), []


def form_of(number: DutyNumber, unit: str) -> DutyNumberForm:
    contact, place = number.contact, number.place
    telephones = ", ".join(map(written, contact.telephones))
    texts = (unit, place.locality, str(number.service), contact.post, telephones, contact.note)
    return DutyNumberForm({column: [text or ""] for column, text in zip(COLUMNS, texts, strict=True)})


def placed(
    number: DutyNumber, known: DutyNumber | None, of_unit: Iterable[DutyNumber]
) -> tuple[DutyNumber, list[Fault]]:
    """A new number, or a number from another unit, gets the last position in its unit.

    `of_unit` has the unit's stored numbers. The form rejects a post that another number of the unit already has.
    """
    others = [other for other in of_unit if other.number_id != number.number_id]
    if entry_of(number).key in {entry_of(other).key for other in others}:
        return number, [Fault("post", LISTED)]
    if known is not None and known.place.pcode == number.place.pcode:
        return number, []
    return replace(number, position=max((other.position + 1 for other in others), default=0)), []
