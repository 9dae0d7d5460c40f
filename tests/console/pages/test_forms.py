"""A person may begin to fill in a form before its script is loaded. No input is lost, and no input appears in a URL."""

from typing import Any

from playwright.sync_api import Route, expect

from shared.auth.tokens import Role
from tests.console.pages.conftest import Whole


def test_a_caller_typed_before_the_script_is_loaded_stays_in_the_form(whole: Whole, seat: Any) -> None:
    """Without its script, the browser sends the form itself, with the caller's telephone number in the URL."""
    desk = seat(Role.OPERATOR)
    desk.sign_in()
    page = desk.page
    held: list[Route] = []
    page.route("**/static/new-event/new-event.js", lambda route: held.append(route))  # noqa: PLW0108 - playwright takes no method of a list
    with page.expect_request("**/static/new-event/new-event.js"):
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
    sentence = "Accepted: Rockfall · Kadamjai rayon, Batken oblast"
    expect(page.locator("#answer-text")).to_contain_text(sentence)
    assert desk.errors == []


def test_a_script_that_fails_to_load_is_loaded_again_without_losing_input(whole: Whole, seat: Any) -> None:
    """The page states the failure at once, before an answer comes.

    The page is loaded once more. If the script fails again, only the script is loaded again.
    """
    desk = seat(Role.OPERATOR)
    page = desk.page
    loads = list[str]()
    page.on("load", lambda loaded: loads.append(loaded.url))
    held: list[Route] = []
    page.route("**/static/combobox.js", lambda route: held.append(route))  # noqa: PLW0108 - playwright takes no method of a list
    page.route("**/static/combobox.js", lambda route: route.abort(), times=1)
    desk.open("/new-event")
    notice = page.locator("#script-missing")
    expect(notice).to_be_visible()
    page.route("**/static/combobox.js", lambda route: route.abort())
    with page.expect_event("load"):
        for route in held:
            route.abort()
    expect(notice).to_be_visible()
    expect(notice).to_contain_text("did not load completely")
    page.fill("#hazard", "rockfall")
    page.fill("#place", "kadamjai")
    # wait for the failure: a request after `unroute` would succeed
    with page.expect_event("requestfailed"):
        page.click("#script-again")
    expect(notice).to_be_visible()
    expect(page.locator("#send")).to_be_disabled()
    assert len(loads) == 2
    page.unroute("**/static/combobox.js")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(notice).to_be_hidden()
    page.click("#send")
    sentence = "Accepted: Rockfall · Kadamjai rayon, Batken oblast"
    expect(page.locator("#answer-text")).to_contain_text(sentence)


def test_a_page_whose_scripts_all_load_reports_nothing(whole: Whole, seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/new-event")
    expect(page.locator("#send")).to_be_enabled()
    expect(page.locator("#script-missing")).to_be_hidden()
