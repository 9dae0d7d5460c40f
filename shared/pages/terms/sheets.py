"""The words for the columns and rows of a sheet of households, on pages and in files of refused rows."""

from collections.abc import Mapping

from shared.pages.terms.translatable import N_
from shared.sheets.codes import HouseholdColumn, RowFault, SheetRowVerdict

CELL_FAULTS: Mapping[str, str] = {
    RowFault.FORMULA: N_("the result of the formula is not in the file: open the file in Excel and save it"),
    RowFault.ERROR: N_("the formula has an error"),
    RowFault.TOO_LONG: N_("the text is too long"),
    RowFault.QUOTE: N_("a quotation mark has no second one, so the rows below are in this cell"),
    RowFault.LETTERS: N_("? instead of letters: save the list as XLSX or as CSV UTF-8"),
}
SITE_CELL_FAULTS: Mapping[str, str] = {
    **CELL_FAULTS,
    RowFault.MERGED: N_("a merged cell: each site needs a row and a value of its own"),
}
TERMS: Mapping[str, Mapping[str, str]] = {
    "household_column": {
        HouseholdColumn.NOTES: N_("Kept as a note"),
        HouseholdColumn.SKIPPED: N_("Not stored"),
        HouseholdColumn.REASONS: N_("Why not accepted"),
        HouseholdColumn.HOUSEHOLD: N_("Number of the household, one row for each person"),
        HouseholdColumn.RELATIONSHIP: N_("Relationship to the head, one row for each person"),
        HouseholdColumn.HEAD: N_("Full name of the head or person"),
        HouseholdColumn.FAMILY_NAME: N_("Family name"),
        HouseholdColumn.GIVEN_NAME: N_("Given name"),
        HouseholdColumn.PATRONYMIC: N_("Patronymic"),
        HouseholdColumn.SEX: N_("Sex of the head or person"),
        HouseholdColumn.BIRTH: N_("Birth date or year of the head or person"),
        HouseholdColumn.AGE: N_("Age of the head or person"),
        HouseholdColumn.PERSONAL_NUMBER: N_("Personal number of the head or person"),
        HouseholdColumn.PHONE: N_("Telephone"),
        HouseholdColumn.PERSONS: N_("Number of persons"),
        HouseholdColumn.MALE: N_("Number of men and boys"),
        HouseholdColumn.FEMALE: N_("Number of women and girls"),
        HouseholdColumn.ORIGIN: N_("District where they come from"),
        HouseholdColumn.ORIGIN_LOCALITY: N_("Village where they come from"),
        HouseholdColumn.DESTINATION: N_("District or country where they are now"),
        HouseholdColumn.DESTINATION_LOCALITY: N_("Village, school or other place where they are now"),
        HouseholdColumn.OCCURRED_ON: N_("When they left"),
        HouseholdColumn.HAZARD: N_("Hazard"),
        HouseholdColumn.REASON: N_("Main reason"),
        HouseholdColumn.SHELTER: N_("Where they sleep"),
        HouseholdColumn.NEEDS: N_("Needs"),
        HouseholdColumn.URGENT: N_("Urgent: yes or no"),
    },
    "row_fault": {
        **CELL_FAULTS,
        RowFault.MERGED: N_("a merged cell: each household needs a row and a value of its own"),
        RowFault.TOTAL: N_("a total, no household"),
        RowFault.REPEATED: N_("equal to an earlier row"),
        RowFault.ANONYMOUS: N_(
            "a name, telephone or personal number is needed; report people without names as a new count"
        ),
        RowFault.MISSING: N_("empty"),
        RowFault.NUMBER: N_("a whole number from 1 to 60 is needed"),
        RowFault.COUNTS: N_("more men and women than persons"),
        RowFault.LISTED: N_("the household has more rows than persons"),
        RowFault.OTHER_COUNT: N_(
            "another number than in the rows above: if this is another household, it needs a number of its own"
        ),
        RowFault.DAY: N_("a date is needed, such as 31.12.2026"),
        RowFault.FUTURE: N_("the date is in the future"),
        RowFault.PLACE: N_("a district, city or country is needed: its name or P-code"),
        RowFault.NAMESAKES: N_("several places have this name: add oblast, rayon or city, or write the P-code"),
        RowFault.SEX: N_("the sex is needed as one word or letter"),
        RowFault.BIRTH: N_("a birth date or year from 1900 to today is needed"),
        RowFault.AGE: N_("a whole number from 0 to 130 is needed"),
        RowFault.NAME: N_("a name of at most 100 letters in one line is needed"),
        RowFault.PERSONAL_NUMBER: N_("14 digits are needed"),
        RowFault.PHONE: N_("a telephone of 5 to 15 digits is needed"),
        RowFault.LOCALITY: N_("a place of at most 150 letters in one line is needed"),
        RowFault.NO_NUMBER: N_("the number of the household is needed"),
        RowFault.SPLIT: N_(
            "rows of other households are between the rows with this household number: put the rows of a household "
            "below each other, or give each household a number of its own"
        ),
        RowFault.HEADS: N_("the household has several heads"),
        RowFault.NO_HEAD: N_("the row of the head is needed above this row"),
        RowFault.PERSON: N_(
            "a row of a person needs a name or personal number, and one more cell, such as sex or birth date"
        ),
        RowFault.HOUSEHOLD: N_("another row of this household is not accepted"),
        RowFault.NOTES: N_("the columns that are kept as notes have more than 4000 letters together"),
        RowFault.STATUS: N_("intake did not accept the row now, send the file again"),
    },
    "site_column": {
        "name_ky": N_("Name in Kyrgyz"),
        "name_ru": N_("Name in Russian"),
        "name_en": N_("Name in English"),
        "type": N_("Site type"),
        "state": N_("State"),
        "pcode": N_("District or city"),
        "locality": N_("Village or street"),
        "locality_pcode": N_("Code of the village"),
        "lat": N_("Latitude, degrees north"),
        "lon": N_("Longitude, degrees east"),
        "capacity": N_("Capacity, persons"),
        "needs": N_("What the site lacks"),
        "person_in_charge": N_("Person in charge"),
        "phone": N_("Telephone"),
        "skipped": N_("Not stored"),
        "reasons": N_("Why not accepted"),
    },
    # The import of sites reports these faults in English, and the page translates the faults.
    "site_cell_fault": {text: text for text in SITE_CELL_FAULTS.values()},
    # What each column needs. The key "" stands for the whole row.
    "site_fault": {
        "name_ky": N_("a name of at most 150 letters is needed"),
        "name_ru": N_("a name of at most 150 letters is needed"),
        "name_en": N_("a name of at most 150 letters is needed"),
        "type": N_("a type is needed, such as school, mosque or evacuation point"),
        "state": N_("open, full or closed is needed"),
        "pcode": N_("a district or city of your areas is needed: its name or P-code"),
        "locality": N_("a name of at most 150 letters is needed"),
        "locality_pcode": N_("the code of a settlement in this district is needed, with the name of the village"),
        "lat": N_("degrees are needed, such as 39,94"),
        "lon": N_("degrees are needed, such as 71,62"),
        "capacity": N_("a whole number is needed"),
        "needs": N_("water, food, beds, latrines, heating or medicine is needed"),
        "person_in_charge": N_("a name of at most 100 letters is needed"),
        "phone": N_("digits, spaces, brackets, + and - are needed, at most 32"),
        "": N_(
            "a name is needed in at least one language, both coordinates or none, the village with its code, "
            "and a label for each column"
        ),
    },
    "row_verdict": {
        SheetRowVerdict.NEW: N_("new"),
        SheetRowVerdict.SENT: N_("sent"),
        SheetRowVerdict.KNOWN: N_("sent before"),
        SheetRowVerdict.KNOWN_ELSEWHERE: N_("sent before by another account"),
        SheetRowVerdict.CHANGED: N_("changed since it was sent"),
        SheetRowVerdict.CHANGED_ELSEWHERE: N_("changed since another team sent it"),
        SheetRowVerdict.REFUSED: N_("not accepted"),
    },
}
