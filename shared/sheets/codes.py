"""The codes for a sheet of households: what its columns contain, the verdicts about its rows, and their reasons."""

from enum import StrEnum


class HouseholdColumn(StrEnum):
    """What a column of a sheet of households contains.

    The text of a column with notes is kept together with the column's label. A sheet that has a column `household` or
    `relationship` has one row for each person. In a sheet with one row for each person, the columns about the head
    describe the person of the row.
    """

    NOTES = "notes"
    SKIPPED = "skipped"  # the column has nothing that Dayar stores, for example the number of the row
    REASONS = "reasons"  # Dayar writes the reasons for a refusal into this column of a sheet of refused rows
    HOUSEHOLD = "household"  # the column has the number of the household in the sheet
    RELATIONSHIP = "relationship"  # the column has the person's relationship to the head
    HEAD = "head"  # a cell has the family name, given name and patronymic of the head
    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    PATRONYMIC = "patronymic"
    SEX = "sex"
    BIRTH = "birth"  # a cell has a day or a year
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
    URGENT = "urgent"  # a cell has yes or no


class RowFault(StrEnum):
    """Why a row is not accepted."""

    FORMULA = "formula"
    ERROR = "error"
    TOO_LONG = "too_long"
    QUOTE = "quote"
    LETTERS = "letters"
    MERGED = "merged"
    TOTAL = "total"  # the row has the sum of the rows above
    REPEATED = "repeated"  # the row is equal to an earlier row of the sheet
    ANONYMOUS = "anonymous"  # the row has neither a name nor a telephone nor a personal number
    MISSING = "missing"
    NUMBER = "number"
    COUNTS = "counts"  # the numbers of men and women do not add up to the number of persons
    LISTED = "listed"  # the household has more rows than persons
    OTHER_COUNT = "other_count"  # the rows of a household state different numbers of persons
    DAY = "day"
    FUTURE = "future"
    PLACE = "place"
    NAMESAKES = "namesakes"  # several places have this name
    SEX = "sex"
    BIRTH = "birth"
    AGE = "age"
    NAME = "name"
    PERSONAL_NUMBER = "personal_number"
    PHONE = "phone"
    LOCALITY = "locality"
    NO_NUMBER = "no_number"  # neither the row nor a row above has the number of a household
    SPLIT = "split"  # rows of other households are between the rows with this number
    HEADS = "heads"  # the household has several heads
    NO_HEAD = "no_head"  # no row of a head is above this row
    PERSON = "person"  # the row says too little for a person
    HOUSEHOLD = "household"  # another row of the household is not accepted
    NOTES = "notes"  # some texts have no separate field, and together they are too long
    STATUS = "status"  # intake refused the report: its spool is full, or the installation does not accept the report


class SheetRowVerdict(StrEnum):
    NEW = "new"  # the dry run found nothing wrong
    SENT = "sent"
    KNOWN = "known"  # this account has already sent the row
    KNOWN_ELSEWHERE = "known_elsewhere"  # another account has already sent the row
    # the team has sent a row with the same head and day, but other cells; this row is sent only if a person confirms it
    CHANGED = "changed"
    # another team has sent a row with the same head and day, but other cells; this row is sent only if a person
    # confirms it
    CHANGED_ELSEWHERE = "changed_elsewhere"
    REFUSED = "refused"
