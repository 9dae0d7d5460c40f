"""An alert's own page in a real browser: read whole, and answered by keyboard."""

from typing import Any

from playwright.sync_api import expect

from shared.auth import Role
from tests.browsers import SLOW_MS
from tests.console.factories import KADAMJAI
from tests.console.pages.conftest import Whole

LONG = "The water came down the street. " * 20 + "Last word."


def raised(whole: Whole, page: Any, type: str) -> str:
    """Its id, once the alerts have it."""
    report_id = whole.report_hazard(
        type=type,
        severity="Extreme",
        area={"pcodes": [KADAMJAI], "description": "village of Pulgon"},
        text={"en": {"headline": "Water in the street", "description": LONG, "instruction": "Go to high ground"}},
    )
    found = page.wait_for_function(
        f"""async () => {{
        const answer = await fetch("/alerts/v1/alerts?limit=200");
        return (await answer.json()).alerts.find((alert) => alert.report_id === "{report_id}")?.alert_id;
    }}""",
        timeout=SLOW_MS,
    )
    return str(found.json_value())


def test_it_is_read_whole_and_answered_by_keyboard(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    alert_id = raised(whole, page, "salinization")
    page.goto(f"{whole.url}/alerts/{alert_id}?lang=en")
    expect(page.locator("main")).to_contain_text("Last word.")
    expect(page.locator("main")).to_contain_text("village of Pulgon")
    page.locator("#acknowledge").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".done")).to_contain_text(f"Acknowledged {desk.name}", timeout=SLOW_MS)
    page.locator("#comment-text").fill("The bridge is closed")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".done")).to_contain_text("The bridge is closed", timeout=SLOW_MS)
    page.locator("summary", has_text="Close").focus()
    page.keyboard.press("Enter")
    page.locator("label", has_text="False alarm").click()
    page.locator("#close").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".what")).to_contain_text("False alarm", timeout=SLOW_MS)
    expect(page.locator("#reopen")).to_be_visible()
    assert desk.errors == []


def test_the_second_person_reads_who_was_first(whole: Whole, seat: Any) -> None:
    first, second = seat(Role.OPERATOR), seat(Role.DUTY_HEAD)
    one, two = first.open("/"), second.open("/")
    alert_id = raised(whole, one, "permafrost_loss")
    for page in (one, two):
        page.goto(f"{whole.url}/alerts/{alert_id}?lang=en")
    one.click("#acknowledge")
    expect(one.locator("#acknowledge")).to_have_count(0, timeout=SLOW_MS)
    two.click("#acknowledge")
    expect(two.locator("form:has(#acknowledge) .failure")).to_contain_text(f"Already answered by {first.name}")
