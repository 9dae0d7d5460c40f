"""In the list of persons, one field takes a birth date, a birth year or an age.

Another field takes the personal number.
"""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.intake.field.phones import Centre, filled, kept_reports, opened


@pytest.mark.parametrize(
    ("typed", "stated", "shown"),
    [
        ("14.3.1985", {"birth_date": "1985-03-14"}, "14.03.1985"),
        ("14031985", {"birth_date": "1985-03-14"}, "14.03.1985"),
        ("1985", {"birth_year": 1985}, "1985"),
        ("", {}, ""),
    ],
)
def test_a_person_has_a_birth_date_or_a_birth_year_and_a_personal_number(
    phone: BrowserContext, centre: Centre, typed: str, stated: dict[str, Any], shown: str
) -> None:
    page = opened(phone, centre)
    page.click("summary >> text=List the persons")
    page.click("#add-member")
    page.fill("[data-born]", typed)
    page.fill("[data-name=personal_number]", "21403198501234")
    filled(page, persons="1")
    [kept] = kept_reports(page, centre)
    [member] = kept["body"]["members"]
    assert {name: value for name, value in member.items() if name.startswith(("birth", "age"))} == stated
    assert member["personal_number"] == "21403198501234"
    assert "21403198501234" not in page.evaluate("JSON.stringify(localStorage)")
    page.click("#reports >> text=Correct")
    expect(page.locator("[data-born]")).to_have_value(shown)
    expect(page.locator("[data-name=personal_number]")).to_have_value("21403198501234")


def test_a_draft_keeps_a_birth_date_that_is_not_complete(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    page.click("summary >> text=List the persons")
    page.click("#add-member")
    page.fill("[data-born]", "14.03")
    page.click("#another")
    page.click("#draft-list >> text=Continue")
    expect(page.locator("[data-born]")).to_have_value("14.03")
    filled(page, persons="1")
    expect(page.locator("#wrong")).to_contain_text("Birth date, birth year or age: must be a date like 14.03.1985")
    assert kept_reports(page, centre) == []
