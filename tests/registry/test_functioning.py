"""Tests who has a disability by the definition of the Washington Group's short set."""

from typing import Any

import pytest

from services.registry.households.ages import described, person_code
from services.registry.households.functioning import Assessment, assessment
from services.registry.households.people import People

MILD = {"seeing": "some_difficulty", "hearing": "some_difficulty", "self_care": "no_difficulty"}


@pytest.mark.parametrize(
    ("functioning", "expected"),
    [
        (None, Assessment.NOT_ASSESSED),
        ({"seeing": "refused", "walking": "dont_know"}, Assessment.NOT_ASSESSED),
        ({"seeing": "a code of a later release"}, Assessment.NOT_ASSESSED),
        (MILD, Assessment.WITHOUT_DISABILITY),
        ({"seeing": "refused", "walking": "no_difficulty"}, Assessment.WITHOUT_DISABILITY),
        ({**MILD, "memory": "a_lot_of_difficulty"}, Assessment.WITH_DISABILITY),
        ({"communicating": "cannot_do_at_all"}, Assessment.WITH_DISABILITY),
    ],
)
def test_a_lot_of_difficulty_in_one_domain_is_a_disability(functioning: Any, expected: Assessment) -> None:
    assert assessment({"functioning": functioning}) is expected


def test_a_person_whom_nobody_asked_is_not_assessed() -> None:
    assert assessment({"disabilities": ["seeing"]}) is Assessment.NOT_ASSESSED


def test_numbers_of_assessed_persons_are_stored_apart_from_ages() -> None:
    persons: list[dict[str, Any]] = [{"birth_year": 1984, "sex": "female"}, {"birth_year": 2000}, {}]
    asked = [{**person, "functioning": {"walking": "cannot_do_at_all"}} for person in persons]
    asked[1]["functioning"] = {"walking": "no_difficulty"}
    for years in (0, 30):
        known, more = (described([code_of(person) for person in each], new_years=years) for each in (persons, asked))
        assert (more.cells, more.ages) == (known.cells, known.ages)
        assert (known.assessed, known.with_disability) == (0, 0)
        assert (more.assessed, more.with_disability) == (3, 2)


def test_after_a_movement_of_unnamed_people_nobody_knows_who_of_them_was_assessed() -> None:
    person = {"birth_year": 1984, "functioning": {"walking": "cannot_do_at_all"}}
    people = People(tuple((name, code_of(person)) for name in "abc"))
    for part in people.first(1):
        assert part.disaggregated().assessed == 0
    moved, _ = people.first(1)
    assert moved.including("b").disaggregated().with_disability == 1


def code_of(person: dict[str, Any]) -> int:
    return person_code(person, 2026, "06-15")
