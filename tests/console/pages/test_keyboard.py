"""The board can be used by keyboard alone: drawing the board again leaves the focus where it is."""

from typing import Any

from playwright.sync_api import expect

from shared.auth.tokens import Role
from tests.console.pages.conftest import Whole, newest_alert


def test_the_focus_stays_on_the_alert_whose_button_disappeared(whole: Whole, seat: Any) -> None:
    whole.report_hazard(type="heavy_rain")
    desk = seat(Role.OPERATOR)
    alert = newest_alert(desk.open("/"), "Heavy rain")
    alert.get_by_role("button", name="Acknowledge").focus()
    desk.page.keyboard.press("Enter")
    expect(alert).to_contain_text(f"Acknowledged by {desk.name}")
    expect(alert).to_be_focused()


def test_no_other_alert_gets_the_focus_when_an_alert_is_closed(whole: Whole, seat: Any) -> None:
    """With the focus on another alert, the next key would act on an alert that nobody has chosen."""
    whole.report_hazard(type="snowstorm")
    whole.report_hazard(type="strong_wind")
    page = seat(Role.OPERATOR).open("/")
    newest_alert(page, "Strong wind").focus()
    page.keyboard.press("r")
    page.locator("#verdicts").get_by_text("Confirmed").click()
    page.click("#answer-send")
    page.mouse.move(2, 2)
    expect(newest_alert(page, "Strong wind")).to_have_count(0)
    expect(page.locator("#panel-alerts")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".alert").first).to_be_focused()


def test_a_closed_dialog_returns_the_focus_to_its_alert(whole: Whole, seat: Any) -> None:
    """The focus returns even if the button of the dialog was drawn again while the dialog was open."""
    whole.report_hazard(type="utility_failure")
    page = seat(Role.OPERATOR).open("/")
    alert = newest_alert(page, "Utility failure")
    alert.get_by_role("button", name="On behalf of").click()
    page.evaluate("document.activeElement.blur()")
    page.evaluate(
        "document.querySelectorAll('[data-act=for-another]').forEach((each) => each.replaceWith(each.cloneNode(true)))"
    )
    page.keyboard.press("Escape")
    expect(alert).to_be_focused()
