"""The age of a person on the day of displacement, from a birth date, a birth year, or an age reported on a day."""

from typing import Any

import pytest

from services.registry.reports import age


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ({"birth_date": "2016-06-15"}, 10),  # the tenth birthday
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
