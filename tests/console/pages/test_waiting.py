"""Tests the common behaviour of all lists on the page "Waiting"."""

from typing import Any

import pytest
from playwright.sync_api import expect

from shared.auth.tokens import Role
from tests.console.pages.conftest import Whole
from tests.console.pages.test_accessibility import findings
from tests.console.pages.waiting import LETTER, change, send_with_ended_sign_in
from tests.installation import in_thread
from tests.intake.factories import household

pytestmark = pytest.mark.usefixtures("no_held_reports")


@pytest.mark.parametrize("language", ["ky", "ru"])
def test_a_small_phone_selects_all_and_shows_the_headings_of_every_cell(whole: Whole, seat: Any, language: str) -> None:
    in_thread(change(whole, LETTER))
    author = send_with_ended_sign_in(whole, household(), household())
    desk = seat(Role.DUTY_HEAD, width=360, height=640)
    page = desk.open(f"/waiting?lang={language}")
    own = page.locator("#held tr[data-key]", has_text=author)
    expect(own).to_have_count(2)
    page.locator("#select-all").check()
    expect(own.locator("input:checked")).to_have_count(2)
    expect(own.first.locator("td[data-label]")).to_have_count(6)
    assert page.locator("#acts").evaluate("acts => getComputedStyle(acts).position") == "static"
    names = [box.get_attribute("aria-label") or "" for box in page.locator("#held input").all()]
    assert all(any(digit in name for digit in "0123456789") for name in names)  # each name has a time
    expect(page.locator("#letters td[data-label]").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert findings(page) == []
    in_thread(change(whole, "DELETE FROM dead_letters RETURNING 1"))
    assert desk.errors == []


def test_each_list_says_that_it_could_not_be_read(whole: Whole, seat: Any) -> None:
    lists = {
        "duplicates": "duplicates:waiting",
        "places": "places:proposed",
        "differing": "counts:differing",
        "adopted": "held:adopted",
        "events": "events:unanswered",
    }
    desk = seat(Role.REGISTRAR)
    desk.sign_in()
    page = desk.page
    for path in lists.values():
        page.route(f"**/registry/v1/{path}", lambda route: route.abort())
    desk.open("/waiting?lang=en")
    for name, path in lists.items():
        expect(page.locator(f"#{name}-stale")).to_have_text("No connection. The list is not up to date.")
        page.unroute(f"**/registry/v1/{path}")
    page.reload()
    expect(page.locator("#events-answered, #events-none:not([hidden])").first).to_be_attached()
    for name in lists:
        expect(page.locator(f"#{name}-stale")).to_be_hidden()
