"""New event: what comes by telephone, and who called."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import text

from services.console.config import ConsoleSettings
from shared import database
from shared.auth import Role
from tests.browsers import SLOW_MS
from tests.console.pages.conftest import Whole
from tests.installation import in_thread


def test_what_comes_by_telephone_is_entered_by_keyboard_alone(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/new-event")
    page.wait_for_function("document.getElementById('onset').value")
    for words in ("landsl", "кадамж", "Pulgon"):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")  # severity: round from the last to the first
    page.focus("#known")
    page.keyboard.type("Cracks above the school")
    page.keyboard.press("Tab")
    page.keyboard.type("A. Caller")
    page.keyboard.press("Tab")
    page.keyboard.type("+996 700 00 00 01")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer-text")).to_contain_text("Accepted", timeout=SLOW_MS)
    report_id = page.locator("#answer-id").inner_text()
    assert desk.errors == []

    board = page.goto(f"{whole.url}/")
    assert board is not None
    row = page.locator("#panel-hazards .row", has_text="Cracks above the school")
    expect(row).to_contain_text("Landslide", timeout=SLOW_MS)
    expect(row).to_contain_text("Kadamjai rayon")
    assert "+996" not in page.content()
    row.get_by_role("button", name="Who called").click()
    expect(page.locator("#caller")).to_contain_text("+996 700 00 00 01")
    assert in_thread(rows(whole, "SELECT count(*) FROM caller_readings WHERE report_id = :report_id", report_id)) == 1
    sealed = in_thread(rows(whole, "SELECT sealed FROM callers WHERE report_id = :report_id", report_id))
    assert b"996" not in sealed and b"Caller" not in sealed


async def rows(whole: Whole, query: str, report_id: str) -> Any:
    engine = database.engine(whole.installation.settings(ConsoleSettings))
    async with database.sessions(engine)() as session:
        found = await session.scalar(text(query), {"report_id": report_id})
    await engine.dispose()
    return found


def test_a_place_that_was_misheard_is_corrected_where_it_was_sent(whole: Whole, seat: Any) -> None:
    page = begun(seat, "river flood", "leilek")
    page.fill("#known", "Water on the lower road")
    page.click("#send")
    page.click("#correct")
    expect(page.locator("#known")).to_have_value("Water on the lower road")
    page.fill("#place", "kadamjai")
    page.click("#send")
    expect(page.locator("#answer-text")).to_contain_text("Accepted", timeout=SLOW_MS)
    page.goto(f"{whole.url}/")
    row = page.locator("#panel-hazards .row", has_text="Water on the lower road")
    expect(row).to_contain_text("Kadamjai rayon", timeout=SLOW_MS)
    expect(row).to_contain_text("updated")
    expect(row).to_have_count(1)


def test_an_event_whose_answer_was_lost_is_sent_again_and_was_accepted(whole: Whole, seat: Any) -> None:
    page = begun(seat, "rockfall", "kadamjai")
    page.route("**/intake/v1/hazards", taken_but_not_told, times=1)
    page.click("#send")
    expect(page.locator("#failure")).to_contain_text("send it again")
    page.click("#send")
    expect(page.locator("#answer-text")).to_have_text("This was already accepted.")


def test_what_was_changed_after_a_lost_answer_is_its_next_version(whole: Whole, seat: Any) -> None:
    page = begun(seat, "building collapse", "leilek")
    page.fill("#known", "Two rooms fell in")
    page.route("**/intake/v1/hazards", taken_but_not_told, times=1)
    page.click("#send")
    expect(page.locator("#failure")).to_contain_text("send it again")
    page.fill("#known", "Three rooms fell in")
    page.click("#send")
    expect(page.locator("#answer-text")).to_contain_text("Accepted")
    page.goto(f"{whole.url}/")
    expect(page.locator("#panel-hazards .row", has_text="Three rooms")).to_have_count(1, timeout=SLOW_MS)
    expect(page.locator("#panel-hazards .row", has_text="Two rooms")).to_have_count(0)


def begun(seat: Any, hazard: str, place: str) -> Page:
    page: Page = seat(Role.OPERATOR).open("/new-event")
    page.wait_for_function("document.getElementById('onset').value")
    page.fill("#hazard", hazard)
    page.fill("#place", place)
    return page


def taken_but_not_told(route: Route) -> None:
    """What passes by the test has lost the header that the browser's network adds."""
    assert route.fetch(headers={**route.request.headers, "sec-fetch-site": "same-origin"}).status == 202
    route.abort()


def test_what_is_missing_is_said_and_nothing_is_sent(whole: Whole, seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/new-event")
    page.wait_for_function("document.getElementById('onset').value")
    page.keyboard.type("flood")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#failure")).to_contain_text("Where")
    expect(page.locator("#place")).to_be_focused()


def test_a_wrong_field_is_called_as_the_form_calls_it(seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/new-event")
    page.goto(f"{page.url}?lang=ru")
    page.wait_for_function("document.getElementById('onset').value")
    page.fill("#hazard", "сель")
    page.fill("#place", "kadamjai")
    page.fill("#caller-phone", "call me")
    page.click("#send")
    expect(page.locator("#failure")).to_have_text("Не принято: не так, как ожидалось: Телефон")


@pytest.mark.parametrize(
    ("status", "said"), [(404, "Nobody was noted"), (401, "signed out"), (500, "failed on our side")]
)
def test_a_caller_who_cannot_be_read_is_not_one_who_was_not_noted(
    whole: Whole, seat: Any, status: int, said: str
) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    report_id = whole.report_hazard(type="drought")
    kinds = {404: "not-found", 401: "unauthenticated", 500: "fault"}
    problem = {"type": f"urn:dayar:problem:{kinds[status]}", "title": "", "status": status}
    page.route("**/v1/callers/*", lambda route: route.fulfill(status=status, json=problem))
    page.evaluate(f"import('/static/callers.js').then((callers) => callers.showCaller('{report_id}'))")
    expect(page.locator("#caller-failure")).to_contain_text(said)
    expect(page.locator("#caller-told")).to_be_hidden()
