"""An operator's hour: many events in a minute, calls, a lost connection, and two operators who act at once.

`make operators-hour` plays 20 calls and 60 events, and prints the keys and clicks of each task. `make test` plays a
shorter hour.
"""

import os
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.browsers import wait_for_script
from tests.console.pages.conftest import Seat, Whole
from tests.console.pages.hands import Hands
from tests.console.pages.test_order import away
from tests.console.pages.test_presence import BLOCKED

CALLS, EVENTS = int(os.environ.get("HOUR_CALLS", "2")), int(os.environ.get("HOUR_EVENTS", "43"))
MANAS, KARA_SUU, LEILEK = "KG07225000000", "KG06226000000", "KG05236000000"
LONG_AREA = {
    "pcodes": [KARA_SUU, LEILEK],
    "description": "село Кара-Суу, ул. Ленина, дорога Ош — Баткен, 412-й километр",
}
WORDS = "Сход селя на дорогу, размыто 40 метров полотна, два дома подтоплены, люди ушли к школе на возвышенности"
WAITING = "Number(document.querySelector('#panel-alerts').dataset.waiting)"
# returns the sum of the numbers above the list, one number for each severity
TALLIED = """[...document.querySelectorAll('#section-waiting .tally')]
    .reduce((sum, tally) => sum + Number(tally.textContent.trim().split(/\\s+/).pop()), 0)"""
# returns how many rows are wholly inside the window and not covered by another element
VISIBLE = """rows => rows.filter((row) => {
    const { left, top, bottom } = row.getBoundingClientRect();
    return [top + 2, bottom - 2].every((y) => row.contains(document.elementFromPoint(left + 40, y)));
}).length"""
# Collects the texts of all messages in the corner of the page. A message disappears after some seconds.
COLLECT = """() => {
  window.messages = [];
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) window.messages.push(...[...addedNodes].map((node) => node.textContent));
  }).observe(document.getElementById("toasts"), { childList: true });
}"""
# returns the ids of the selected rows
SELECTED = """rows => rows.filter((row) => row.querySelector("[data-select]:checked")).map((row) => row.id)"""


@pytest.fixture(scope="module")
def many(whole: Whole) -> None:
    for number in range(62):
        severity = "Extreme" if number % 20 == 0 else "Severe" if number % 7 == 0 else "Moderate"
        text = {"ru": {"headline": WORDS, "description": WORDS * 3}}
        whole.report_hazard(type="mudflow", severity=severity, text=text, area=LONG_AREA)


def test_fourteen_rows_are_visible_while_it_rings_and_the_sound_is_blocked(many: None, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    desk.sign_in()
    page = desk.page
    page.add_init_script(BLOCKED)
    for language in ("en", "ru", "ky"):
        page.goto(f"{desk.whole.url}/?lang={language}")
        wait_for_script(page, f"{WAITING} >= 62")
        expect(page.locator("#link")).to_have_attribute("data-state", "live")
        expect(page.locator("#ringing")).to_be_visible()
        expect(page.locator("#sound-blocked")).to_be_visible()
        away(page)
        assert 14 <= page.locator(".alert").evaluate_all(VISIBLE) <= 20, language


def test_an_operators_hour(whole: Whole, many: None, seat: Any) -> None:
    first, second = seat(Role.OPERATOR), seat(Role.OPERATOR)
    pages = [desk.open("/") for desk in (first, second)]
    acknowledged_before = acknowledged(whole, first)
    for page in pages:
        expect(page.locator("#link")).to_have_attribute("data-state", "live")
        wait_for_script(page, f"{WAITING} >= 62")
        page.evaluate("window.isStillTheSame = true")
        page.evaluate(COLLECT)
    hands = Hands(first.page)
    aimed = answer_first_alert(hands, pages)
    storm_without_connection(whole, second)
    reach_all(first.page)
    reach_all(second.page)
    take_calls(first, hands)
    close_sixty(whole, hands)
    for page in pages:
        assert page.evaluate("window.isStillTheSame")
    assert acknowledged(whole, first) - acknowledged_before == {aimed}
    # two errors are expected: the connection was cut, and the second operator may have acted too late
    expected = ("ERR_INTERNET_DISCONNECTED", "409 (Conflict)")
    assert [error for error in first.errors + second.errors if not any(each in error for each in expected)] == []


def acknowledged(whole: Whole, desk: Seat) -> set[str]:
    """Returns the ids of the acknowledged alerts. The ids include alerts that other tests acknowledged."""
    alerts = desk.context.request.get(f"{whole.url}/alerts/v1/alerts?state=acknowledged&limit=200").json()["alerts"]
    return {alert["alert_id"] for alert in alerts}


def answer_first_alert(hands: Hands, pages: list[Page]) -> str:
    """Both operators acknowledge the first alert at the same time. Returns the alert's id."""
    hands.press("ArrowDown")
    aimed: str = hands.page.evaluate("document.activeElement.dataset.key")
    shown(hands, "first alert by keyboard", "11 Tabs", keys=1)
    pages[1].keyboard.press("ArrowDown")
    assert pages[1].evaluate("document.activeElement.dataset.key") == aimed
    for page in pages:
        page.keyboard.press("a")
    for page in pages:
        away(page)
        expect(page.locator(f"#alert-{aimed} .alert-state")).to_contain_text("Acknowledged by")
    return aimed


def storm_without_connection(whole: Whole, desk: Seat) -> None:
    """While the operator has no connection, many events come in a minute.

    The board shows all these events after the connection is restored.
    """
    page = desk.page
    assert wait_until(lambda: is_cut_off(desk), timeout=60, every=0)
    before = page.evaluate(WAITING)
    page.keyboard.press("ArrowDown")
    unanswered = page.evaluate("document.activeElement.id")
    page.keyboard.press("a")
    wait_for_message(page, "No answer")
    for _ in range(EVENTS):
        whole.report_hazard(type="structure_fire", severity="Moderate", area={"pcodes": [MANAS]})
    desk.context.set_offline(False)
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    away(page)
    wait_for_script(page, f"{WAITING} >= {before + EVENTS}")
    expect(page.locator(f"#{unanswered}")).to_have_attribute("data-section", "waiting")


def is_cut_off(desk: Seat) -> bool:
    """Cuts the connection. Returns False if Chromium let a stream live on that was being opened at this moment."""
    desk.context.set_offline(False)
    desk.context.set_offline(True)
    try:
        expect(desk.page.locator("#link")).to_have_attribute("data-state", "lost", timeout=10_000)
    except AssertionError:
        return False
    return True


def reach_all(page: Page) -> None:
    """The button for more rows leads to every alert. The numbers above the list count all alerts."""
    away(page)
    # after a key press, the rows change only some seconds later than the number of unacknowledged alerts
    wait_for_script(page, f"{WAITING} >= {61 + EVENTS} && {TALLIED} === {WAITING}")
    rows = page.locator(".alert[data-section=waiting]")
    while (count := rows.count()) < page.evaluate(WAITING):
        page.locator("[data-more=alerts]").first.click()
        away(page)
        expect(rows).not_to_have_count(count)
    expect(page.locator("[data-more=alerts]")).to_have_count(0)


def take_calls(desk: Seat, board: Hands) -> None:
    """The operator enters telephone calls in another tab. Each call needs a small number of keys."""
    page = desk.context.new_page()
    page.goto(f"{desk.whole.url}/new-event")
    wait_for_script(page, "document.getElementById('onset').value")
    hands = Hands(page)
    for number in range(CALLS):
        hands.keys = 0
        for words in ("transport acc", "leilek"):
            hands.type(words)
            hands.press("Tab")
        hands.type(f"Road {number}")
        hands.press("Tab", "2")
        expect(page.locator("input[value=Severe]")).to_be_checked()
        while page.evaluate("document.activeElement.id") != "known":
            hands.press("Tab")
        hands.type("Two cars, one in the river")
        hands.press("Control+Enter")
        expect(page.locator("#answer-text")).to_contain_text("Accepted: Transport accident · Leilek")
        shown(hands, "event with severity and text", "27 keys", keys=10)
        page.locator("#another").press("Enter")  # the button has only just come under the pointer
        expect(page.locator("#hazard")).to_be_focused()
    page.close()
    called = board.page.locator(".alert", has=board.page.get_by_role("link", name="Transport accident", exact=True))
    expect(called).to_have_count(CALLS)


def close_sixty(whole: Whole, hands: Hands) -> None:
    page = hands.page
    hands.click(page.locator("#select-all-waiting"))
    selected, before = page.locator(".alert").evaluate_all(SELECTED), page.evaluate(WAITING)
    assert len(selected) >= 60
    hands.click(page.locator("#selection").get_by_role("button", name="Close…"))
    whole.report_hazard(type="building_collapse", severity="Moderate", area={"pcodes": [MANAS]})
    wait_for_script(page, f"{WAITING} > {before}")
    hands.click(page.locator("#verdicts").get_by_text("Confirmed"))
    hands.click(page.locator("#answer-send"))
    wait_for_message(page, f"{len(selected)}. ")
    shown(hands, "60 alerts closed", "180 clicks", clicks=5)
    away(page)
    wait_for_script(page, f"{selected}.every((id) => document.getElementById(id)?.dataset.section !== 'waiting')")
    expect(page.locator(".alert", has_text="Building collapse")).to_be_visible()


def wait_for_message(page: Page, words: str) -> None:
    wait_for_script(page, "words => window.messages.some((message) => message.includes(words))", words)


def shown(hands: Hands, task: str, before: str, **most: int) -> None:
    for kind, limit in most.items():
        needed = getattr(hands, kind)
        print(f"{task}: {before} on 26 November, now {kind}: {needed} (promised: {limit})")  # noqa: T201
        assert needed <= limit, task
