"""An operator corrects a sent event, sends it again after a lost answer, and cancels it."""

from typing import Any

from playwright.sync_api import Route, expect

from shared.auth.tokens import Role
from tests.browsers import wait_for_script
from tests.console.pages.conftest import Whole
from tests.console.pages.test_new_event import begun


def test_a_misheard_place_is_corrected_in_the_sent_form(whole: Whole, seat: Any) -> None:
    page = begun(seat, "river flood", "leilek")
    page.fill("#known", "Water on the lower road")
    page.click("#send")
    page.click("#correct")
    expect(page.locator("#known")).to_have_value("Water on the lower road")
    page.fill("#place", "kadamjai")
    page.click("#send")
    expect(page.locator("#answer-text")).to_contain_text("Accepted")
    page.goto(f"{whole.url}/")
    row = page.locator("#panel-hazards .row", has_text="Water on the lower road")
    expect(row).to_contain_text("Kadamjai rayon")
    expect(row).to_contain_text("updated")
    expect(row).to_have_count(1)


def test_an_event_whose_answer_was_lost_is_sent_again_as_a_repeat(whole: Whole, seat: Any) -> None:
    page = begun(seat, "rockfall", "kadamjai")
    page.route("**/intake/v1/hazards", taken_but_not_told, times=1)
    page.click("#send")
    expect(page.locator("#failure")).to_contain_text("send again")
    page.click("#send")
    expect(page.locator("#answer-text")).to_contain_text("Already accepted")


def test_a_change_after_a_lost_answer_is_the_next_version(whole: Whole, seat: Any) -> None:
    page = begun(seat, "building collapse", "leilek")
    page.fill("#known", "Two rooms fell in")
    page.route("**/intake/v1/hazards", taken_but_not_told, times=1)
    page.click("#send")
    expect(page.locator("#failure")).to_contain_text("send again")
    page.fill("#known", "Three rooms fell in")
    page.click("#send")
    expect(page.locator("#answer-text")).to_contain_text("Accepted")
    page.goto(f"{whole.url}/")
    expect(page.locator("#panel-hazards .row", has_text="Three rooms")).to_have_count(1)
    expect(page.locator("#panel-hazards .row", has_text="Two rooms")).to_have_count(0)


def taken_but_not_told(route: Route) -> None:
    """The centre accepts the page's request, but the page gets no answer.

    The simulated request gets a header that Playwright's request lacks.
    """
    assert route.fetch(headers={**route.request.headers, "sec-fetch-site": "same-origin"}).status == 202
    route.abort()


def sent_as_private(route: Route) -> None:
    route.continue_(post_data={**(route.request.post_data_json or {}), "scope": "Private"})


def test_an_event_is_corrected_and_cancelled_from_its_row(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/new-event")
    wait_for_script(page, "document.getElementById('onset').value")
    page.fill("#hazard", "epidemic")
    page.fill("#place", "leilek")
    page.fill("#known", "Twelve ill in one school")
    page.route("**/intake/v1/hazards", sent_as_private, times=1)
    page.click("#send")
    expect(page.locator("#answer-text")).to_contain_text("Accepted")
    page.goto(f"{whole.url}/")
    row = page.locator("#panel-hazards .row", has_text="in one school")
    other = seat(Role.OPERATOR).open("/")
    expect(other.locator("#panel-hazards .row", has_text="in one school")).to_be_visible()
    expect(
        other.locator("#panel-hazards .row", has_text="in one school").get_by_text("Correct or cancel")
    ).to_have_count(0)
    address = row.get_by_text("Correct or cancel").get_attribute("href")
    assert other.request.get(f"{whole.url}{address}").status == 404

    row.get_by_text("Correct or cancel").click()
    expect(page.locator("#known")).to_have_value("Twelve ill in one school")
    expect(page.locator("#place")).to_have_value("Leilek rayon, Batken oblast")
    page.fill("#known", "Fifteen ill in one school")
    page.click("#send")
    expect(page.locator("#answer-text")).to_contain_text("Accepted")
    page.goto(f"{whole.url}/")
    expect(row).to_contain_text("Fifteen ill")
    expect(row).to_contain_text("updated")

    head = seat(Role.DUTY_HEAD).open("/")
    at_head = head.locator("#panel-hazards .row", has_text="ill in one school")
    at_head.get_by_text("Correct or cancel").click()
    expect(head.locator("#known")).to_have_value("Fifteen ill in one school")
    head.fill("#known", "Twenty ill in one school")
    with head.expect_request("**/intake/v1/hazards") as correction:
        head.click("#send")
    # without the scope Private, the corrected event would become Restricted
    assert correction.value.post_data_json["scope"] == "Private"
    expect(head.locator("#answer-text")).to_contain_text("Accepted")
    expect(row).to_contain_text("Twenty ill")
    expect(row.get_by_text("Correct or cancel")).to_be_visible()  # the author may correct the event again
    head.goto(f"{whole.url}/")
    at_head.get_by_text("Correct or cancel").click()
    expect(head.locator("#place")).to_have_value("Leilek rayon, Batken oblast")
    head.click("#cancel")
    expect(head.locator("#cancelling-about")).to_contain_text("Epidemic · Leilek rayon")
    head.click("#cancelling [value=cancel-event]")
    expect(head.locator("#answer-text")).to_contain_text("Cancelled: Epidemic")
    expect(row).to_contain_text("cancelled")
    expect(row.get_by_text("Correct or cancel")).to_have_count(0)
    assert desk.errors == []
