"""The ages of displaced persons, and the numbers of persons by sex and age bracket. No I/O."""

from calendar import isleap
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from services.registry.figures.age_profiles import CLASSES_FROM
from services.registry.households.functioning import Assessment, assessment
from services.registry.reports import CELL, CELLS, SEXES, UNKNOWN, UNKNOWN_SEX, Content, Filed
from shared.country import TIME_ZONE
from shared.events.vocabulary import AgeBracket

NEW_YEAR = "01-01"
SEX: dict[str, int] = {sex: number for number, sex in enumerate(SEXES)}


class Disaggregation(NamedTuple):
    """`ages` has an age code for each person whose age is known.

    `assessed` is the number of persons who answered the questions about functioning. `with_disability` is the number of
    persons with disability among the assessed persons.
    """

    cells: list[int]
    ages: list[int]
    assessed: int = 0
    with_disability: int = 0


def disaggregated(filed: Filed) -> Disaggregation:
    """Persons without details are counted as persons of unknown sex and age."""
    numbers = described(codes(filed))
    if "members" in filed.sealed:
        return numbers
    cells = numbers.cells
    for count in filed.sealed.get("sex_age", ()):
        cells[cell(count["sex"], count["age"])] += count["count"]
    cells[UNKNOWN] += max(0, filed.clear.persons - sum(cells))
    return numbers


def member_codes(filed: Filed, at: datetime | None = None) -> list[tuple[str, int]]:
    ids = [member["member_id"] for member in displaced(filed.sealed)]
    return list(zip(ids, codes(filed, at), strict=True))


def codes(filed: Filed, at: datetime | None = None) -> list[int]:
    """Ages are on the day of `at`, or on the day of displacement if `at` is None."""
    on = (at or filed.clear.occurred_at).astimezone(TIME_ZONE)
    year, day = on.year, f"{on.month:02}-{on.day:02}"
    return [person_code(member, year, day) for member in displaced(filed.sealed)]


# A person code below AGED is an index in CELLS: the age in years is not known. Any other person code is the sum of AGED
# and an age code. An age code contains the sex, an age, and whether the age rises on the next 1 January. In later
# years, the age rises on every 1 January, because the birthday must not be stored unencrypted. An age code contains the
# age on the next 1 January: the age on the day of displacement would show whether the birthday comes before or after
# that day. If a person enters an older age bracket before the next 1 January, the code contains the age on the day of
# displacement. In memory, a person code also contains the assessment of the person's functioning, multiplied by
# ASSESSMENT_STEP. PostgreSQL stores only the number of assessed persons, so that no disability is stored beside an age.
AGED = len(CELLS)
SEX_STEP = 512
OLDEST = 255
ASSESSMENT_STEP = 2048
assert AGED + SEX_STEP * len(SEXES) <= ASSESSMENT_STEP


def person_code(member: Content, year: int, day: str) -> int:
    code = sex_age_code(member, year, day)
    return code + ASSESSMENT_STEP * assessment(member) if "functioning" in member else code


def sex_age_code(member: Content, year: int, day: str) -> int:
    sex, years = member.get("sex"), age(member, year, day)
    if years is None or years < 0:
        return cell(sex, AgeBracket.UNKNOWN)
    next_age = age(member, year + 1, NEW_YEAR)
    rises = next_age is not None and next_age > years
    if rises and years + 1 not in CLASSES_FROM:
        years, rises = years + 1, False
    return AGED + SEX_STEP * SEX.get(sex or UNKNOWN_SEX, SEX[UNKNOWN_SEX]) + 2 * min(years, OLDEST) + rises


def described(codes: Iterable[int], *, new_years: int = 0) -> Disaggregation:
    """Each of the `new_years` since the codes were made adds a year to the ages."""
    cells, ages = [0] * len(CELLS), []
    assessed = with_disability = 0
    for person_code in codes:
        code = person_code
        if code >= ASSESSMENT_STEP:
            state, code = divmod(code, ASSESSMENT_STEP)
            assessed += 1
            with_disability += state == Assessment.WITH_DISABILITY
        if code < AGED:
            cells[code] += 1
        else:
            age_code = later(code - AGED, new_years) if new_years else code - AGED
            cells[CELL_OF_AGE[age_code // SEX_STEP][age_code % SEX_STEP // 2]] += 1
            ages.append(age_code)
    return Disaggregation(cells, ages, assessed, with_disability)


def later(age_code: int, new_years: int) -> int:
    """On each 1 January, the age in the code rises by a year."""
    sex, rest = divmod(age_code, SEX_STEP)
    years = rest // 2 + rest % 2 + new_years - 1
    return SEX_STEP * sex + 2 * min(years, OLDEST) + 1


def new_years(since: datetime, until: datetime) -> int:
    return until.astimezone(TIME_ZONE).year - since.astimezone(TIME_ZONE).year


def displaced(sealed: Content) -> Sequence[Content]:
    members: Sequence[Content] = sealed.get("members", ())
    if sealed.get("is_whole_household", True):
        return members
    return [member for member in members if member.get("is_displaced", True)]


def cell(sex: str | None, age: str) -> int:
    """A code that this release of Dayar does not know is counted as unknown."""
    return CELL.get((sex or UNKNOWN_SEX, age), UNKNOWN)


def age(member: Content, year: int, day: str) -> int | None:
    """The age in the year `year` on the day `MM-DD`.

    If only the birth year is known, the age is the year minus the birth year.

    If only an age is known, the years since the day `age_reported_on` are added. If the day `age_reported_on` is not
    known, the stated age is used.
    """
    born: str | None = member.get("birth_date")
    if born is not None:
        return year - int(born[:4]) - (born[5:] > day)
    birth_year: int | None = member.get("birth_year")
    if birth_year is not None:
        return year - birth_year
    stated_age: int | None = member.get("age")
    return None if stated_age is None else stated_age + whole_years(member.get("age_reported_on"), year, day)


def whole_years(since: str | None, year: int, day: str) -> int:
    """The completed years from `since` to the day `MM-DD` in the year `year`.

    The number is negative if `since` is later.
    """
    if since is None:
        return 0
    years = year - int(since[:4])
    if years > 0:
        return years - (day < since[5:])
    return years + (day > since[5:]) if years < 0 else 0


def birth_year(member: Content) -> int | None:
    birth_date: str | None = member.get("birth_date")
    year: int | None = member.get("birth_year")
    return int(birth_date[:4]) if birth_date else year


def born_between(member: Content) -> tuple[date, date] | None:
    """Return None if the report states no birth date, no birth year, and no age with its `age_reported_on`."""
    if birth_date := member.get("birth_date"):
        return date.fromisoformat(birth_date), date.fromisoformat(birth_date)
    if year := member.get("birth_year"):
        return date(year, 1, 1), date(year, 12, 31)
    stated_age, on = member.get("age"), member.get("age_reported_on")
    if stated_age is None or on is None:
        return None
    day = date.fromisoformat(on)
    return years_before(day, stated_age + 1) + timedelta(days=1), years_before(day, stated_age)


def years_before(day: date, years: int) -> date:
    """If `day` is 29 February, and the earlier year has no such day, the result is 28 February."""
    year = day.year - years
    return date(year, 2, 28) if (day.month, day.day) == (2, 29) and not isleap(year) else day.replace(year=year)


def bracket(years: int | None) -> AgeBracket:
    if years is None or years < 0:
        return AgeBracket.UNKNOWN
    return OF_AGE[years] if years < len(OF_AGE) else AgeBracket.AGE_60_PLUS


OF_AGE = (
    *[AgeBracket.AGE_0_5] * 6,
    *[AgeBracket.AGE_6_11] * 6,
    *[AgeBracket.AGE_12_17] * 6,
    *[AgeBracket.AGE_18_59] * 42,
)
CELL_OF_AGE = [[CELL[sex, bracket(years)] for years in range(OLDEST + 1)] for sex in SEXES]
