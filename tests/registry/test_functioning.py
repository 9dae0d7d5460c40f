"""Who has a disability, by the definition of the Washington Group's short set."""

from typing import Any

import pytest

from services.registry.functioning import Assessment, assessment

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
