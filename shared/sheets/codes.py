"""The codes for a sheet of households: what its columns contain, the verdicts about its rows, and their reasons."""

from enum import StrEnum


class HouseholdColumn(StrEnum):
    """A column with notes keeps its label with each text.

    With a column `household` or `relationship`, a sheet has one row for each person, and the columns about the head
    describe this person.
    """

    NOTES = "notes"
    SKIPPED = "skipped"  # nothing that Dayar stores, for example the number of the row
    REASONS = "reasons"  # Dayar's own reasons for the refusal of a row
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
    """Why a row is not accepted."""

    FORMULA = "formula"
    ERROR = "error"
    TOO_LONG = "too_long"
    QUOTE = "quote"
    LETTERS = "letters"
    MERGED = "merged"
    TOTAL = "total"  # the sum of the rows above
    REPEATED = "repeated"  # equal to an earlier row of the sheet
    ANONYMOUS = "anonymous"  # neither a name nor a telephone nor a personal number
    MISSING = "missing"
    NUMBER = "number"
    COUNTS = "counts"  # the numbers of men and women do not add up to the number of persons
    LISTED = "listed"  # more rows than persons in the household
    OTHER_COUNT = "other_count"  # the rows of a household state different numbers of persons
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
    NO_NUMBER = "no_number"  # neither the row nor a row above has the number of a household
    SPLIT = "split"  # rows of other households are between the rows with this number
    HEADS = "heads"
    NO_HEAD = "no_head"  # no row of a head is above this row
    PERSON = "person"  # too little for a person
    HOUSEHOLD = "household"  # another row of the household is not accepted
    NOTES = "notes"  # texts without a separate field are too long together
    STATUS = "status"  # intake's spool is full, or the installation does not accept the report


class SheetRowVerdict(StrEnum):
    NEW = "new"
    SENT = "sent"
    KNOWN = "known"  # this account has already sent the row
    KNOWN_ELSEWHERE = "known_elsewhere"  # another account has already sent the row
    # the team has sent other cells for the same head and day; sent only if a person confirms the row
    CHANGED = "changed"
    # another team has sent other cells for the same head and day; sent only if a person confirms the row
    CHANGED_ELSEWHERE = "changed_elsewhere"
    REFUSED = "refused"
