"""The codes of a sheet of households: contents of columns, verdicts on rows, and reasons for the verdicts."""

from enum import StrEnum


class HouseholdColumn(StrEnum):
    """The content of a column.

    With a column `household` or `relationship`, each row is one person. The columns about the head then describe this
    person. A report keeps the texts of note columns together with the columns' labels.
    """

    NOTES = "notes"
    SKIPPED = "skipped"  # nothing for Dayar, for example the number of the row
    REASONS = "reasons"  # written by Dayar: why the row was refused
    HOUSEHOLD = "household"  # number of the household in the sheet
    RELATIONSHIP = "relationship"  # to the head
    HEAD = "head"  # family name, given name and patronymic of the head
    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    PATRONYMIC = "patronymic"
    SEX = "sex"
    BIRTH = "birth"  # a day or a year
    AGE = "age"
    PERSONAL_NUMBER = "personal_number"
    PHONE = "phone"
    PERSONS = "persons"
    MALE = "male"
    FEMALE = "female"
    ORIGIN = "origin"
    ORIGIN_LOCALITY = "origin_locality"
    DESTINATION = "destination"
    DESTINATION_LOCALITY = "destination_locality"
    OCCURRED_ON = "occurred_on"
    HAZARD = "hazard"
    REASON = "reason"
    SHELTER = "shelter"
    NEEDS = "needs"
    URGENT = "urgent"


class RowFault(StrEnum):
    """The reasons to refuse a row."""

    FORMULA = "formula"
    ERROR = "error"
    TOO_LONG = "too_long"
    QUOTE = "quote"
    LETTERS = "letters"
    MERGED = "merged"
    TOTAL = "total"  # the sum of the rows above
    REPEATED = "repeated"  # equal to an earlier row of the sheet
    ANONYMOUS = "anonymous"  # no name, no telephone, no personal number
    MISSING = "missing"
    NUMBER = "number"
    COUNTS = "counts"  # men and women do not add up to the persons
    LISTED = "listed"  # more rows than the household has persons
    OTHER_COUNT = "other_count"  # the household's rows differ in the number of persons
    DAY = "day"
    FUTURE = "future"
    PLACE = "place"
    NAMESAKES = "namesakes"  # several places have the name
    SEX = "sex"
    BIRTH = "birth"
    AGE = "age"
    NAME = "name"
    PERSONAL_NUMBER = "personal_number"
    PHONE = "phone"
    LOCALITY = "locality"
    NO_NUMBER = "no_number"  # no household number in this row or a row above
    SPLIT = "split"  # rows of other households come between this household's rows
    HEADS = "heads"
    NO_HEAD = "no_head"  # no row above has a head
    PERSON = "person"  # not enough content for a person
    HOUSEHOLD = "household"  # refused, because another row of the household is refused
    NOTES = "notes"  # the texts of note columns are too long together
    STATUS = "status"  # intake's spool is full, or the installation refuses the report


class SheetRowVerdict(StrEnum):
    NEW = "new"
    SENT = "sent"
    KNOWN = "known"  # this account has already sent the row
    KNOWN_ELSEWHERE = "known_elsewhere"  # another account has already sent the row
    # The team has sent other cells for this head and day. The row is sent only after a person's confirmation.
    CHANGED = "changed"
    # Another team has sent other cells for this head and day. The row is sent only after a person's confirmation.
    CHANGED_ELSEWHERE = "changed_elsewhere"
    REFUSED = "refused"
