"""Tests how a person's age follows from a birth date, from a birth year, or from an age that was reported on a day."""

from typing import Any

import pytest

from services.registry.households.ages import age, described, person_code
from services.registry.reports import CELL
from shared.events.vocabulary import AgeBracket, Sex


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ({"birth_date": "2016-06-15"}, 10),  # born on 15 June: the tenth birthday is 15 June 2026
        ({"birth_date": "2016-06-16"}, 9),
        ({"birth_year": 2016}, 10),
        ({"age": 9}, 9),
        ({"age": 9, "age_reported_on": "2026-06-20"}, 9),
        ({"age": 9, "age_reported_on": "2026-01-20"}, 9),
        ({"age": 9, "age_reported_on": "2025-06-15"}, 10),
        ({"age": 9, "age_reported_on": "2025-06-16"}, 9),
        ({"age": 9, "age_reported_on": "2023-06-01"}, 12),
        ({"age": 9, "age_reported_on": "2027-06-14"}, 9),
        ({"age": 9, "age_reported_on": "2027-06-15"}, 8),
        ({"age": 9, "birth_year": 2000}, 26),
        ({}, None),
    ],
)
def test_the_age_on_15_june_2026(person: dict[str, Any], expected: int | None) -> None:
    assert age(person, 2026, "06-15") == expected


@pytest.mark.parametrize(
    ("person", "ages"),
    [
        ({"birth_date": "2020-06-16"}, [5, 6, 7, 8]),
        ({"birth_date": "2020-06-15"}, [6, 6, 7, 8]),
        ({"birth_date": "2021-01-01"}, [5, 6, 7, 8]),
        ({"birth_year": 2020}, [7, 7, 8, 9]),
        ({"birth_year": 2021}, [5, 6, 7, 8]),
        ({"age": 5, "age_reported_on": "2026-06-20"}, [5, 5, 6, 7]),
        ({"age": 6, "age_reported_on": "2027-06-20"}, [5, 6, 7, 8]),
        ({"age": 5}, [5, 5, 6, 7]),
        ({"age": 130}, [130, 130, 131, 132]),
    ],
)
def test_the_age_rises_on_each_1_january_after_the_displacement(person: dict[str, Any], ages: list[int]) -> None:
    """The displacement is on 15 June 2026. The ages are for 15 June 2026, and for 1 January of 2027, 2028 and 2029.

    On the first two of these days, a person may be in one bracket of every profile. The older age is then used for both
    days.
    """
    code = person_code({**person, "sex": "male"}, 2026, "06-15")
    codes = [described([code], new_years=years).ages[0] for years in range(4)]
    assert [divmod(each, 512)[0] for each in codes] == [1] * 4  # male
    assert [each % 512 // 2 for each in codes] == ages


def test_the_code_hides_on_which_side_of_the_displacement_the_birthday_is() -> None:
    """For persons who enter an older bracket in the year of displacement, the code depends on the birthday.

    For all other persons, the code does not depend on the birthday.
    """

    def codes_of(year: int) -> set[int]:
        days = ("01-02", "02-28", "06-15", "06-16", "12-31")
        return {person_code({"birth_date": f"{year}-{day}", "sex": "female"}, 2026, "06-15") for day in days}

    revealed = [2026 - year for year in range(1930, 2026) if len(codes_of(year)) > 1]
    assert sorted(revealed) == [5, 6, 12, 15, 18, 60, 65]


def test_persons_change_to_older_brackets() -> None:
    codes = [person_code({"birth_year": 2014, "sex": "female"}, 2026, "06-15"), person_code({}, 2026, "06-15")]
    for years, bracket in {0: AgeBracket.AGE_12_17, 5: AgeBracket.AGE_12_17, 6: AgeBracket.AGE_18_59}.items():
        cells = described(codes, new_years=years).cells
        assert (cells[CELL[Sex.FEMALE, bracket]], cells[CELL[Sex.UNKNOWN, AgeBracket.UNKNOWN]]) == (1, 1)
        assert sum(cells) == 2
