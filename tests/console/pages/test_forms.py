"""Forms used before their script is loaded: no input is lost, and none of it appears in a URL."""

from typing import Any

from playwright.sync_api import Route, expect

from shared.auth.tokens import Role
from tests.browsers import SLOW_MS
from tests.console.pages.conftest import Whole


def test_a_caller_typed_before_the_script_is_there_stays_in_the_form(whole: Whole, seat: Any) -> None:
    """A browser that sends this form itself puts the caller's telephone into the address."""
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    held: list[Route] = []
    page.route("**/static/new-event.js", lambda route: held.append(route))  # noqa: PLW0108 - playwright takes no method of a list
    page.goto(f"{whole.url}/new-event", wait_until="commit")
    page.fill("#hazard", "rockfall")
    page.fill("#place", "kadamjai")
    page.fill("#caller-phone", "+996 700 00 00 02")
    page.keyboard.press("Enter")
    expect(page.locator("#send")).to_be_disabled()
    page.evaluate("() => document.getElementById('event').requestSubmit()")
    assert page.url == f"{whole.url}/new-event"
    for route in held:
        route.continue_()
    page.click("#send")
    said = "Accepted: Rockfall · Kadamjai rayon, Batken oblast"
    expect(page.locator("#answer-text")).to_contain_text(said, timeout=SLOW_MS)
    assert desk.errors == []
