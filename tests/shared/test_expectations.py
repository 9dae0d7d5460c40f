"""A service may expect another value in a field. Tests that the page says so in the reader's language."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from services.alerts.views import Acknowledgement, CallReport, Comment, Resolution, Snooze
from services.console.hazards.callers import Caller
from services.registry.search.criteria import HouseholdSearch
from shared.events.displacements import GroupReport, HouseholdReport
from shared.events.hazards import HazardReport
from shared.events.movements import GroupMovementReport, HouseholdMovementReport, SiteMovementReport
from shared.events.sites import SiteDescription
from shared.pages import TERMS
from shared.web.problems import expected

FORMS = (
    *(Acknowledgement, CallReport, Comment, Resolution, Snooze, Caller, HouseholdSearch),
    *(HazardReport, HouseholdReport, GroupReport, HouseholdMovementReport, GroupMovementReport, SiteMovementReport),
    SiteDescription,
)
TYPED: tuple[Any, ...] = (
    *("", "x" * 20_000, "\x07", "...", "not a date", "1000-01-01T00:00:00Z"),
    *(-5, 10**9, 1.5, ["zz"] * 3000, [], {}),
)
# Texts about ids, structures and codes are not translated, because scripts write these values and people do not.
OF_SCRIPTS = (
    *("no such field", "a UUID", "UUID input", "a random UUID", "a release is expected"),
    *("Input should be an object", "Input should be a valid array", "Input should be a valid boolean"),
    *("Input should be a valid string", "Input should be greater than 0", "each `member_id` is expected once"),
    *(f"String should match pattern '^{start}" for start in ("[A-Za-z]", "[a-z", "https")),
)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_expectation_of_a_form_has_words(form: type[BaseModel]) -> None:
    texts = {text for name in form.model_fields for value in TYPED for text in refusals(form, name, value)}
    known = tuple(TERMS["expectation"])
    assert [text for text in sorted(texts) if not text.startswith((*known, *OF_SCRIPTS))] == []


def test_a_search_names_the_field_that_it_does_not_accept() -> None:
    wrong = {"name": "...", "short_code": "7K3M9QXA0"}
    with pytest.raises(ValidationError) as refused:
        HouseholdSearch.model_validate(wrong)
    assert [error["loc"] for error in refused.value.errors()] == [("name",), ("short_code",)]


def refusals(form: type[BaseModel], name: str, value: Any) -> list[str]:
    try:
        form.model_validate_json(json.dumps({name: value}))
    except ValidationError as error:
        return [expected(detail) for detail in error.errors(include_input=False, include_context=False)]
    return []
