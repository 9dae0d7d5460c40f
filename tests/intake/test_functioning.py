"""Answers to the Washington Group's questions are accepted for persons of unknown age or aged 5 and over."""

import json
from typing import Any
from uuid import uuid4

import pytest

from services.intake import structs
from services.intake.channels.json_reports import DISPLACEMENTS
from services.intake.refusals import Invalid
from tests.intake.factories import household

SOME = {"seeing": "some_difficulty", "memory": "refused"}
TOO_YOUNG = {"pointer": "", "expected": "`members/1/functioning` is expected only from the age of 5 years"}


def reported(functioning: Any = SOME, *, on: str = "2026-06-15T12:00:00+06:00", **age: Any) -> bytes:
    head = {"member_id": str(uuid4()), "birth_year": 2025}
    members = [head, {"member_id": str(uuid4()), "functioning": functioning, **age}]
    return json.dumps(household(members=members, persons=2, occurred_at=on, reported_at=on)).encode()


@pytest.mark.parametrize(
    "age",
    [
        {},
        {"birth_date": "2021-06-15"},
        {"birth_year": 2021},
        {"age": 5},
        {"age": 4, "age_reported_on": "2025-06-15"},
        {"age": 90, "birth_date": "1936-01-01"},
    ],
)
def test_answers_of_persons_from_the_age_of_5_are_sealed(age: dict[str, Any]) -> None:
    raw = reported(**age)
    report = structs.read(raw)
    assert report is not None
    assert json.loads(structs.sealed(report))["members"][1]["functioning"] == SOME
    assert b"functioning" not in structs.clear(report)


@pytest.mark.parametrize(
    "age",
    [
        {"birth_date": "2021-06-16"},
        {"birth_year": 2022},
        {"age": 4},
        {"age": 4, "age_reported_on": "2025-06-16"},
        {"age": 30, "birth_year": 2022},
    ],
)
def test_answers_of_a_younger_child_are_refused_and_the_error_says_why(age: dict[str, Any]) -> None:
    raw = reported(**age)
    assert structs.read(raw) is None
    with pytest.raises(Invalid) as invalid:
        DISPLACEMENTS.read(raw)
    assert invalid.value.errors == [TOO_YOUNG]


def test_the_age_is_counted_in_the_countrys_time_zone() -> None:
    """The child's fifth birthday is 16 June. In Bishkek, 16 June begins at 18:00 UTC on 15 June."""
    assert structs.read(reported(birth_date="2021-06-16", on="2026-06-15T19:00:00Z")) is not None


@pytest.mark.parametrize(
    ("functioning", "pointer"),
    [
        ({}, "/members/1/functioning"),
        ({"seeing": None}, "/members/1/functioning"),
        ({"seeing": "blind"}, "/members/1/functioning/seeing"),
        ("no_difficulty", "/members/1/functioning"),
    ],
)
def test_answers_that_say_nothing_or_that_nobody_knows_are_refused(functioning: Any, pointer: str) -> None:
    """A replacement of the unknown code would count as no answer.

    The code is therefore refused (docs/decisions/0014).
    """
    with pytest.raises(Invalid) as invalid:
        DISPLACEMENTS.read(reported(functioning))
    assert [error["pointer"] for error in invalid.value.errors] == [pointer]
