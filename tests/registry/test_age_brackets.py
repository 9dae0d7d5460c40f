"""Tests ages in completed years, and HOPE's age brackets."""

import pytest

from services.registry.households.ages import age, bracket, disaggregated
from services.registry.reports import CELL
from shared.events.vocabulary import AgeBracket, Sex
from tests.registry.test_working_set import filed


@pytest.mark.parametrize(
    ("born", "years"), [("2020-06-15", 6), ("2020-06-16", 5), ("2026-06-15", 0), ("1955-03-08", 71)]
)
def test_age_is_in_completed_years(born: str, years: int) -> None:
    assert age({"birth_date": born}, 2026, "06-15") == years


def test_age_brackets_are_those_of_hope() -> None:
    assert [bracket(years) for years in (0, 5, 6, 11, 12, 17, 18, 59, 60, 100, None, -1)] == [
        "0-5",
        "0-5",
        "6-11",
        "6-11",
        "12-17",
        "12-17",
        "18-59",
        "18-59",
        "60+",
        "60+",
        "unknown",
        "unknown",
    ]


def test_undescribed_persons_have_unknown_sex_and_age() -> None:
    report = filed()
    report.sealed = {"sex_age": [{"sex": "female", "age": "0-5", "count": 2}]}
    cells = disaggregated(report).cells
    assert (cells[CELL[Sex.FEMALE, AgeBracket.AGE_0_5]], cells[CELL[Sex.UNKNOWN, AgeBracket.UNKNOWN]]) == (2, 3)
