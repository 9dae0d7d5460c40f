"""The codes of a sheet of households: its columns, the verdicts about its rows, and the reasons of the verdicts."""

from enum import StrEnum


class HouseholdColumn(StrEnum):
    """What a column of a sheet of households has. The text of a column with notes is kept with the column's label.

    A sheet with a column `household` or `relationship` has one row for each person. The columns of the head are then
    those of each person.
    """

    NOTES = "notes"
    SKIPPED = "skipped"  # the number of the row; the column is not stored
    REASONS = "reasons"  # written by us into a sheet of refused rows
    HOUSEHOLD = "household"  # the number of the household in the sheet
    RELATIONSHIP = "relationship"  # to the head
    HEAD = "head"  # family name, given name and patronymic of the head in one cell
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
    URGENT = "urgent"  # yes or no


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
    ANONYMOUS = "anonymous"  # neither a name, a telephone nor a personal number
    MISSING = "missing"
    NUMBER = "number"
    COUNTS = "counts"  # the men and women are not the persons
    LISTED = "listed"  # more rows than persons
    OTHER_COUNT = "other_count"  # rows of a household have different numbers of persons
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
    HEADS = "heads"  # several heads of a household
    NO_HEAD = "no_head"  # no head is above the row
    PERSON = "person"  # the row says too little for a person
    HOUSEHOLD = "household"  # another row of the household is not accepted
    NOTES = "notes"  # the texts that have no field of their own are too long together
    STATUS = "status"  # the queue is full, or the installation does not accept the report


class SheetRowVerdict(StrEnum):
    NEW = "new"  # the dry run found nothing wrong
    SENT = "sent"
    KNOWN = "known"  # this account has sent the row before
    KNOWN_ELSEWHERE = "known_elsewhere"  # another account has sent the row before
    CHANGED = "changed"  # the team has sent a row with this head and day and other cells; sent only if confirmed
    CHANGED_ELSEWHERE = "changed_elsewhere"  # another team has sent such a row; sent only if confirmed
    REFUSED = "refused"
