"""The words that pages and returned files show for the columns and rows of a sheet of households."""

from collections.abc import Mapping

from shared.pages.terms.translatable import N_
from shared.sheets.codes import HouseholdColumn, RowFault, SheetRowVerdict

TERMS: Mapping[str, Mapping[str, str]] = {
    "household_column": {
        HouseholdColumn.NOTES: N_("Kept as a note"),
        HouseholdColumn.SKIPPED: N_("Not stored"),
        HouseholdColumn.REASONS: N_("Why not accepted"),
        HouseholdColumn.HEAD: N_("Full name of the head"),
        HouseholdColumn.FAMILY_NAME: N_("Family name"),
        HouseholdColumn.GIVEN_NAME: N_("Given name"),
        HouseholdColumn.PATRONYMIC: N_("Patronymic"),
        HouseholdColumn.SEX: N_("Sex of the head"),
        HouseholdColumn.BIRTH: N_("Birth date or year of the head"),
        HouseholdColumn.AGE: N_("Age of the head"),
        HouseholdColumn.PERSONAL_NUMBER: N_("Personal number of the head"),
        HouseholdColumn.PHONE: N_("Telephone"),
        HouseholdColumn.PERSONS: N_("Number of persons"),
        HouseholdColumn.MALE: N_("Number of men and boys"),
        HouseholdColumn.FEMALE: N_("Number of women and girls"),
        HouseholdColumn.ORIGIN: N_("Where they come from"),
        HouseholdColumn.DESTINATION: N_("Where they are now"),
        HouseholdColumn.OCCURRED_ON: N_("When they left"),
        HouseholdColumn.HAZARD: N_("Hazard"),
        HouseholdColumn.REASON: N_("Main reason"),
        HouseholdColumn.SHELTER: N_("Where they sleep"),
        HouseholdColumn.NEEDS: N_("Needs"),
    },
    "row_fault": {
        RowFault.FORMULA: N_("the result of the formula is not in the file: open the file in Excel and save it"),
        RowFault.ERROR: N_("the formula has an error"),
        RowFault.TOO_LONG: N_("the text is too long"),
        RowFault.MERGED: N_("a merged cell: each household needs a row and a value of its own"),
        RowFault.TOTAL: N_("a total, no household"),
        RowFault.REPEATED: N_("equal to an earlier row"),
        RowFault.ANONYMOUS: N_(
            "a name, telephone or personal number is needed; report people without names as a new count"
        ),
        RowFault.MISSING: N_("empty"),
        RowFault.NUMBER: N_("a whole number from 1 to 60 is needed"),
        RowFault.COUNTS: N_("more men and women than persons"),
        RowFault.DAY: N_("a date is needed, such as 31.12.2026"),
        RowFault.FUTURE: N_("the date is in the future"),
        RowFault.PLACE: N_("a district, city or country is needed: its name or P-code"),
        RowFault.NAMESAKES: N_("several places have this name: add oblast, rayon or city, or write the P-code"),
        RowFault.SEX: N_("the sex is needed as one word or letter"),
        RowFault.BIRTH: N_("a birth date or year from 1900 to today is needed"),
        RowFault.AGE: N_("a whole number from 0 to 130 is needed"),
        RowFault.NAME: N_("a name of at most 100 letters in one line is needed"),
        RowFault.PERSONAL_NUMBER: N_("14 digits are needed"),
        RowFault.PHONE: N_("digits, spaces, brackets, + and - are needed, at most 32"),
        RowFault.NOTES: N_("the columns that are kept as notes have more than 4000 letters together"),
        RowFault.STATUS: N_("intake did not accept the row now, send the file again"),
    },
    "row_verdict": {
        SheetRowVerdict.NEW: N_("new"),
        SheetRowVerdict.SENT: N_("sent"),
        SheetRowVerdict.KNOWN: N_("sent before"),
        SheetRowVerdict.REFUSED: N_("not accepted"),
    },
}
