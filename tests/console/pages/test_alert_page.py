"""The page of an alert shows the full text, and every action works by keyboard, in a real browser."""

import re
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from deploy.local.process import wait_until
from services.alerts.receivers.receivers import Receiver
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel
from tests.browsers import SLOW_MS
from tests.console.factories import KADAMJAI
from tests.console.pages.conftest import Whole

LONG = "The water came down the street. " * 20 + "Last word."


def raised(whole: Whole, page: Any, type: str) -> str:
    """Reports a hazard, waits for its alert, and returns the alert's id.

    The report may also raise an exposure alert, because other tests register households in this district.
    """
    report_id = whole.report_hazard(
        type=type,
        severity="Extreme",
        area={"pcodes": [KADAMJAI], "description": "village of Pulgon"},
        text={"en": {"headline": "Water in the street", "description": LONG, "instruction": "Go to high ground"}},
    )
    texts: list[str] = []

    def is_raised() -> bool:
        listed = page.request.get(f"{whole.url}/alerts/v1/alerts?limit=200").json()["alerts"]
        of_report = [alert for alert in listed if alert["report_id"] == report_id]
        texts.extend(alert["alert_id"] for alert in of_report if alert["rule"] != "exposure")
        return bool(texts)

    assert wait_until(is_raised, timeout=SLOW_MS / 1000)
    return texts[0]


def test_the_page_is_read_and_used_by_keyboard(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    desk.sign_in()
    page = desk.page
    alert_id = raised(whole, page, "salinization")
    page.goto(f"{whole.url}/alerts/{alert_id}?lang=en")
    expect(page.locator("main")).to_contain_text("Last word.")
    expect(page.locator("main")).to_contain_text("village of Pulgon")
    expect(page.get_by_role("link", name="Show on the map")).to_have_attribute("href", re.compile(r"^/map\?hazard="))
    page.locator("#acknowledge").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".done")).to_contain_text(f"Acknowledged {desk.name}")
    page.locator("#comment-text").fill("The bridge is closed")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".done")).to_contain_text("The bridge is closed")
    step = page.locator("button[id^=do-]").first
    name = step.get_attribute("aria-labelledby")
    step.focus()
    page.keyboard.press("Space")
    done = page.locator(f'button[aria-labelledby="{name}"]')
    expect(done).to_have_attribute("aria-pressed", "true")
    expect(done).to_be_focused()
    page.locator("#log-somebody summary").focus()
    page.keyboard.press("Enter")
    page.locator("#post-somebody").fill("Head of the village")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("People go to the school")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".done")).to_contain_text("Head of the village: Reached. People go to the school")
    page.locator("summary", has_text="Close").focus()
    page.keyboard.press("Enter")
    page.locator("label", has_text="False alarm").click()
    page.locator("#close").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".what")).to_contain_text("False alarm")
    expect(page.locator("#reopen")).to_be_visible()
    assert desk.errors == []
    page.goto(f"{whole.url}/alerts/answer?lang=en#{'x' * 43}")  # the link of the mail has a wrong token
    expect(page.locator(".failure")).to_contain_text("This link is not valid")


@pytest.mark.parametrize(
    ("language", "width", "reason"),
    [
        ("en", 1920, "Notified only if nobody acknowledges in time"),
        ("ru", 360, "Оповещается, только если никто не примет вовремя"),
        ("ky", 360, "Эч ким убагында кабыл албаса гана кулактандырылат"),
    ],
)
def test_the_page_shows_who_was_not_notified(whole: Whole, seat: Any, language: str, width: int, reason: str) -> None:
    whole.replace_receivers(
        Receiver("duty-desk", DeliveryChannel.EMAIL, "duty@centre.invalid"),
        Receiver("head-of-shift", DeliveryChannel.EMAIL, "head@centre.invalid", step=1),
    )
    desk = seat(Role.OPERATOR, width=width, height=1080)
    desk.sign_in()
    page = desk.page
    alert_id = raised(whole, page, "rockfall")
    page.goto(f"{whole.url}/alerts/{alert_id}?lang={language}")
    rows = page.locator(".omitted tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("head-of-shift")
    expect(rows).to_contain_text(reason)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert desk.errors == []
    whole.replace_receivers()


def test_unfinished_input_survives_another_act_on_the_page(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    desk.sign_in()
    page = desk.page
    alert_id = raised(whole, page, "jut")
    page.goto(f"{whole.url}/alerts/{alert_id}?lang=en")
    page.locator("summary", has_text="Snooze").click()
    page.locator("#snooze-reason").fill("The team is on")
    page.locator("#comment-text").fill("The bridge is")
    page.locator("summary", has_text="On behalf of").click()
    page.locator("#behalf-name").fill("Head of the post\x07")  # the service refuses control characters
    page.click("#acknowledge-behalf")
    expect(page.locator("#behalf-name-problem")).to_contain_text("Only letters, digits and signs are expected")
    expect(page.locator("#behalf-name")).to_be_focused()
    desk.errors.clear()  # the browser has logged the refused request as an error
    page.click("#acknowledge")
    expect(page.locator(".done")).to_contain_text(f"Acknowledged {desk.name}")
    expect(page.locator("#acknowledge")).to_have_count(0)
    expect(page.locator("#snooze-reason")).to_be_visible()
    expect(page.locator("#snooze-reason")).to_have_value("The team is on")
    expect(page.locator("#comment-text")).to_have_value("The bridge is")
    page.locator("#comment-text").press("End")
    page.keyboard.type(" open")
    page.click("#comment")
    expect(page.locator(".done")).to_contain_text("The bridge is open")
    expect(page.locator("#comment-text")).to_have_value("")
    expect(page.locator("#snooze-reason")).to_have_value("The team is on")
    assert desk.errors == []


def test_the_second_person_sees_who_was_first(whole: Whole, seat: Any) -> None:
    first, second = seat(Role.OPERATOR), seat(Role.DUTY_HEAD)
    for desk in (first, second):
        desk.sign_in()
    first_page, two = first.page, second.page
    alert_id = raised(whole, first_page, "permafrost_loss")
    # the second page gets no event about the first person's action
    two.route("**/stream?*", lambda route: route.abort())
    for page in (first_page, two):
        page.goto(f"{whole.url}/alerts/{alert_id}?lang=en")
    first_page.click("#acknowledge")
    expect(first_page.locator("#acknowledge")).to_have_count(0)
    two.click("#acknowledge")
    expect(two.locator("form:has(#acknowledge) .failure")).to_contain_text(f"Already done by {first.name}")
    two.unroute("**/stream?*")
    two.reload()
    two.locator("#comment-text").fill("The bridge is")
    first_page.locator("button[id^=do-]").first.click()
    expect(two.locator("button[id^=undo-]")).to_have_count(1)
    expect(two.locator(".done")).to_contain_text(f"Step done {first.name}")
    expect(two.locator("#comment-text")).to_have_value("The bridge is")


def test_a_comment_sent_before_the_script_is_loaded_is_not_lost(whole: Whole, seat: Any) -> None:
    """Without its script, the browser sends the form itself, gets the answer 405, and loses the comment."""
    desk = seat(Role.OPERATOR)
    desk.sign_in()
    page = desk.page
    alert_id = raised(whole, page, "bank_erosion")
    held: list[Route] = []
    page.route("**/static/alert/alert.js", lambda route: held.append(route))  # noqa: PLW0108 - playwright takes no method of a list
    with page.expect_request("**/static/alert/alert.js"):
        page.goto(f"{whole.url}/alerts/{alert_id}?lang=en", wait_until="commit")
    page.locator("#comment-text").fill("The road is open")
    for _ in range(2):
        page.locator("#comment").press("Enter")
    assert page.url == f"{whole.url}/alerts/{alert_id}?lang=en"
    expect(page.locator("#comment-text")).to_have_value("The road is open")
    for route in held:
        route.continue_()
    expect(page.locator(".done")).to_contain_text("The road is open")
    expect(page.locator(".done li", has_text="The road is open")).to_have_count(1)
    assert desk.errors == []


def test_a_script_that_never_loads_is_reported_and_the_comment_stays(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    desk.sign_in()
    page = desk.page
    alert_id = raised(whole, page, "groundwater_rise")
    page.route("**/static/alert/alert.js", lambda route: route.abort())
    page.goto(f"{whole.url}/alerts/{alert_id}?lang=en")
    page.locator("#comment-text").fill("The road is closed")
    page.locator("#comment").press("Enter")
    expect(page.locator("form:has(#comment) .failure")).to_contain_text("No answer")
    expect(page.locator("#comment-text")).to_have_value("The road is closed")
