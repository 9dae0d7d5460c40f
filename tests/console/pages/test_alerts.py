"""Tests that alerts appear on the board without a reload, that they ring, and that a person can acknowledge them."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from shared.auth.tokens import Role
from tests.browsers import wait_for_script
from tests.console.pages.conftest import Whole, newest_alert

TITLE_COUNTS = "() => /^\\(\\d+\\) /.test(document.title)"


def test_an_alert_appears_by_itself_and_is_acknowledged_by_keyboard(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    expect(page.locator("#link")).to_have_text("Live")
    whole.report_hazard(type="avalanche", severity="Extreme")
    alert = newest_alert(page, "Avalanche")
    expect(alert).to_contain_text("Not acknowledged")
    wait_for_script(page, TITLE_COUNTS)
    alert_id = alert.get_attribute("id")
    alert.focus()
    page.keyboard.press("a")
    expect(alert).to_contain_text(f"Acknowledged by {desk.name}")
    alert.focus()
    page.keyboard.press("r")
    page.locator("#verdicts").get_by_text("Confirmed").click()
    page.click("#answer-send")
    page.mouse.move(2, 2)
    expect(page.locator(f"#{alert_id}")).to_have_count(0)
    assert desk.errors == []


def test_a_dialogs_button_names_its_act_and_the_wrong_input(whole: Whole, seat: Any) -> None:
    whole.report_hazard(type="rockfall")
    page = seat(Role.OPERATOR).open("/")
    newest_alert(page, "Rockfall").focus()
    page.keyboard.press("r")
    send, failure = page.locator("#answer-send"), page.locator("#answer-failure")
    expect(send).to_have_text("Close the alert")
    send.click()
    expect(failure).to_have_text("Fill in: Outcome")
    page.keyboard.press("Escape")
    newest_alert(page, "Rockfall").get_by_role("button", name="On behalf of").click()
    expect(failure).to_be_hidden()
    expect(send).to_have_text("Acknowledge on behalf of")
    send.click()
    expect(failure).to_have_text("Fill in: Name")
    problem, at_time = page.locator("#behalf-name-problem"), page.locator("#behalf-at-problem")
    expect(problem).to_have_text("Fill in this field.")
    page.fill("#behalf-name", "Head of the post\x07")  # the service refuses control characters
    page.fill("#behalf-at", "25:99")
    send.click()
    expect(at_time).to_have_text("A time is expected, for example 14:30.")
    page.fill("#behalf-at", "03:15")
    expect(at_time).to_have_count(0)
    send.click()
    expect(failure).to_contain_text("Check these fields: Name")
    expect(problem).to_contain_text("Only letters, digits and signs are expected, in one line.")
    expect(page.locator("#behalf-name")).to_be_focused()
    expect(page.locator("#behalf-name")).to_have_value("Head of the post\x07")


def test_the_second_operator_sees_who_was_first(whole: Whole, seat: Any) -> None:
    first, second = seat(Role.OPERATOR), seat(Role.OPERATOR)
    whole.report_hazard(type="hail")
    first_page, two = first.open("/"), second.open("/")
    for page in (first_page, two):
        expect(newest_alert(page, "Hail")).to_contain_text("Not acknowledged")
    second.context.set_offline(True)  # an offline board does not show the first acknowledgement
    newest_alert(first_page, "Hail").get_by_role("button", name="Acknowledge").click()
    expect(newest_alert(first_page, "Hail")).to_contain_text(first.name)
    alert_id = newest_alert(first_page, "Hail").get_attribute("data-key")
    second.context.set_offline(False)
    answer = two.evaluate(
        f"fetch('/alerts/v1/alerts/{alert_id}/acknowledgement', {{method: 'PUT'}}).then(a => a.json())"
    )
    assert (answer["status"], answer["acknowledged_name"]) == (409, first.name)


def test_a_click_acknowledges_at_once(whole: Whole, seat: Any) -> None:
    """The click must reach the button, although the focus could move the button."""
    whole.report_hazard(type="heat_wave")
    desk = seat(Role.OPERATOR)
    alert = newest_alert(desk.open("/"), "Heat wave")
    alert.get_by_role("button", name="Acknowledge").click()
    expect(alert).to_contain_text(f"Acknowledged by {desk.name}")


def test_an_acknowledgement_without_a_reply_is_reported(whole: Whole, seat: Any) -> None:
    """The page reports a missing reply when the time limit of a request ends. The test shortens this time limit."""
    whole.report_hazard(type="cold_wave")
    page = seat(Role.OPERATOR).open("/")
    page.route("**/acknowledgement", lambda _: None)
    button = newest_alert(page, "Cold wave").get_by_role("button", name="Acknowledge")
    expect(button).to_be_visible()
    page.evaluate("() => { const own = AbortSignal.timeout; AbortSignal.timeout = (ms) => own(ms / 60); }")
    button.click()
    expect(page.locator("#toasts")).to_contain_text("may not have been done")


@pytest.mark.parametrize(
    ("language", "kind", "sentence"),
    [
        ("ru", "suppressed", "Не выполнено. Об этом оповещении никто не уведомлён."),
        ("ky", "fault", "Аткарылган жок. Биз жакта ката кетти."),
        ("ru", "of-tomorrow", "As the service says it"),
    ],
)
def test_a_refusal_is_shown_in_the_readers_language(
    whole: Whole, seat: Any, language: str, kind: str, sentence: str
) -> None:
    whole.report_hazard(type="wildfire")
    page = seat(Role.OPERATOR).open(f"/?lang={language}")
    problem = {"type": f"urn:dayar:problem:{kind}", "title": "As the service says it", "status": 409}
    page.route("**/acknowledgement", lambda route: route.fulfill(status=409, json=problem))
    page.locator(".alert[data-state=waiting] [data-act=acknowledge]").first.click()
    expect(page.locator("#toasts")).to_contain_text(sentence)


def test_an_acknowledgement_by_telephone(whole: Whole, seat: Any) -> None:
    whole.report_hazard(type="explosion")
    page = seat(Role.DUTY_HEAD).open("/")
    newest_alert(page, "Explosion").get_by_role("button", name="On behalf of").click()
    page.fill("#behalf-name", "Head of the Kadamjai post")
    page.fill("#behalf-at", "03:15")
    page.keyboard.press("Enter")
    expect(newest_alert(page, "Explosion")).to_contain_text("Acknowledged by")


def test_a_page_does_not_act_for_an_account_that_signed_in_later(whole: Whole, seat: Any) -> None:
    whole.report_hazard(type="drought")
    desk = seat(Role.OPERATOR)
    with desk.page.expect_response("**/v1/session"):  # the first page must not renew the session of the later account
        first = desk.open("/")
    alert = newest_alert(first, "Drought")
    expect(alert).to_contain_text("Not acknowledged")
    desk.name, desk.page = whole.account(Role.OPERATOR), desk.context.new_page()
    second = newest_alert(desk.open("/"), "Drought")
    alert.get_by_role("button", name="Acknowledge").click()
    expect(first.locator("#toasts")).to_contain_text("Signed out")
    second.get_by_role("button", name="Acknowledge").click()
    expect(second).to_contain_text(f"Acknowledged by {desk.name}")
    expect(first.locator("#link")).to_have_attribute("data-state", "ended")


# Makes the list longer than the screen. Each row has at most two states. Returns the number of rows that are wholly in
# view, and the greatest height of a row in lines of text. One script adds the states and measures the row, because the
# board may replace rows between two scripts.
ROWS_IN_VIEW = """() => {
  const row = document.querySelector(".alert");
  for (const third of row.querySelectorAll(".alert-state > :nth-child(n + 3)")) third.remove();
  row.after(...Array.from({ length: 30 }, () => row.cloneNode(true)));
  const isInView = (row) => {
    const { left, top, width, height } = row.getBoundingClientRect();
    return [top + 2, top + height - 2].every((y) => row.contains(document.elementFromPoint(left + width / 2, y)));
  };
  const shown = [...document.querySelectorAll(".alert")].filter(isInView);
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  return [shown.length, Math.max(...shown.map((row) => row.getBoundingClientRect().height / rem))];
}"""

# Adds two states to an alert's row, and returns whether each state is as high as its text.
MORE_STATES = """state => {
  state.append(state.firstElementChild.cloneNode(true), state.firstElementChild.cloneNode(true));
  return [...state.children].every((line) => line.scrollHeight <= line.clientHeight);
}"""


def test_each_alert_is_one_line_and_enough_alerts_are_in_view(whole: Whole, seat: Any) -> None:
    """The row states when the alert escalates. The reason is on the page of the alert and in the title of the row."""
    whole.report_hazard(type="rockfall", severity="Extreme")
    page = seat(Role.OPERATOR, width=1366, height=768).open("/")
    expect(newest_alert(page, "Rockfall").locator(".alert-next")).to_have_text(re.compile("^escalates (in|within) "))
    for (width, height), least in {(1920, 1080): 14, (1366, 768): 10}.items():
        page.set_viewport_size({"width": width, "height": height})
        for language in ("ky", "ru", "en"):
            page.goto(f"{whole.url}/?lang={language}")
            expect(page.locator(".alert .severity[data-severity=Extreme]").first).to_be_attached()
            count, lines = page.evaluate(ROWS_IN_VIEW)
            assert count >= least and lines < 2.6, (width, language)
    expect(newest_alert(page, "Rockfall").locator(".alert-facts")).to_have_attribute("title", re.compile("Reported by"))
    assert newest_alert(page, "Rockfall").locator(".alert-state").evaluate(MORE_STATES)
