"""Under the pointer, the list of alerts keeps its order. Several alerts can be acknowledged at once."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from deploy.local.process import wait_until
from services.console.stream import vectors
from services.console.visibility import TOPICS
from shared.auth.tokens import Role
from tests.browsers import wait_for_script
from tests.console.factories import KARA_SUU
from tests.console.pages.conftest import Whole, newest_alert
from tests.console.pages.test_clicks import middle

MANAS = "KG07225000000"
# The pointer moves for 6 seconds without a rest. Then the page's clock stands still.
MOVES_ON = """() => {
  const start = performance.now();
  for (let ms = 0; ms <= 6000; ms += 200) {
    performance.now = () => start + ms;
    dispatchEvent(new PointerEvent("pointermove"));
  }
}"""
# Returns whether the page's list of hazards has the same rows as the server's list, with the same content.
EQUALS_SERVERS = """async () => {
  const text = await (await fetch("/board/hazards")).text();
  const digests = (part) => [...part.querySelectorAll("[data-key]")].map((row) => row.dataset.row ?? "none").join();
  return digests(new DOMParser().parseFromString(text, "text/html")) === digests(document.querySelector(".hazards"));
}"""
CONTAINS = "both => import('/static/board/listening.js').then(({ contains }) => contains(...both))"
NAMES = "rows => rows.map(row => row.dataset.key)"
# After a key or an answer, the list waits for some seconds. Moves the page's clock past this time, and stops the clock.
MUCH_LATER = "() => { const moment = performance.now() + 10_000; performance.now = () => moment; }"


def at_the_list(page: Page) -> None:
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    page.locator(".alert").first.hover()


def away(page: Page) -> None:
    page.mouse.move(2, 2)


def test_rows_stay_while_the_pointer_is_in_the_list(whole: Whole, seat: Any) -> None:
    """Operator 1 points at an alert, and operator 2 acknowledges it. No other alert may move under the pointer."""
    whole.report_hazard(type="mudflow", severity="Moderate")
    page, other = seat(Role.OPERATOR).open("/"), seat(Role.OPERATOR).open("/")
    expect(newest_alert(page, "Mudflow")).to_be_visible()
    at_the_list(page)
    first = page.locator(".alert").first
    aimed = first.get_attribute("data-key")
    before = page.locator(".alert").evaluate_all(NAMES)
    other.locator(f"#acknowledge-{aimed}").click()
    expect(first.locator(".alert-state")).to_match_aria_snapshot("- paragraph: /Acknowledged by/")
    assert page.locator(".alert").evaluate_all(NAMES) == before
    expect(first.get_by_role("button", name="Acknowledge")).to_be_disabled()
    expect(page.locator("#changes")).to_be_visible()
    page.locator("#changes").click()
    row = page.locator(f".alert[data-key='{aimed}']")
    expect(row).to_have_attribute("data-section", "acknowledged")
    page.evaluate(MUCH_LATER)
    away(page)  # the page's clock stands still: for the page, the pointer moved just now
    away(other)
    other.locator(f"#progress-{aimed}").click()
    expect(row.locator(".alert-state")).to_match_aria_snapshot("- paragraph: /In progress/")
    expect(row).to_have_attribute("data-section", "acknowledged")
    page.evaluate(MOVES_ON)  # the mouse moves as on a table that shakes
    expect(row).to_have_attribute("data-section", "in_progress")
    for outcome in ("this button has only just appeared here", "Confirmed: "):
        row.get_by_role("button", name="Confirm").click()  # the button appears after the pointer has come to the row
        expect(page.locator("#toasts")).to_contain_text(outcome)
        page.evaluate(MUCH_LATER)
    # the dialog's button to send comes under the pointer, where the page's messages usually are
    close, dialog = row.get_by_role("button", name="Close…"), page.locator("#answering")
    close.press("Enter")
    place = middle(page.locator("#answer-send"))
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.mouse.move(*place)
    close.press("Enter")
    page.mouse.click(*place)
    expect(dialog).to_contain_text("this button has only just appeared here")


def test_a_new_severe_alert_is_seen_at_once_above_a_held_list(whole: Whole, seat: Any) -> None:
    whole.report_hazard(type="hail", severity="Moderate")
    page = seat(Role.OPERATOR).open("/")
    expect(newest_alert(page, "Hail")).to_be_visible()
    at_the_list(page)
    before = page.locator(".alert").evaluate_all(NAMES)
    # nobody is displaced near the explosion, so only one alert comes
    whole.report_hazard(type="explosion", severity="Extreme", area={"pcodes": [MANAS]})
    expect(page.locator("#strip")).to_contain_text("Explosion · Manas rayon, Talas oblast · Extreme")
    assert page.locator(".alert").evaluate_all(NAMES) == before
    expect(page.locator("#announcer")).to_contain_text("Explosion")
    page.locator("#strip-show").click()
    expect(newest_alert(page, "Explosion")).to_be_focused()
    expect(page.locator("#strip")).to_be_hidden()
    at_the_list(page)
    whole.report_hazard(type="hail", severity="Moderate")
    expect(page.locator("#changes")).to_be_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("#changes")).to_be_hidden()  # the waiting list is drawn just before it is printed


def test_a_filter_is_in_the_address_and_can_be_saved(whole: Whole, seat: Any) -> None:
    for hazard in ("dust_storm", "icing"):
        whole.report_hazard(type=hazard, severity="Moderate")
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    storm, icing = newest_alert(page, "Dust storm"), newest_alert(page, "Icing")
    expect(storm).to_be_visible()
    expect(icing).to_be_visible()
    key = icing.get_attribute("data-key")
    icing.get_by_role("link", name="Icing").click()
    expect(page.locator("#beside .what")).to_contain_text("Icing")
    # the filter by text can hide the alert "Icing" only after the search has indexed it
    assert wait_until(lambda: str(key) in page.request.get(f"{whole.url}/search?q=icing").text(), timeout=60)
    page.locator("#filter-open").click()
    page.locator("#filter-text").fill("dust")
    page.locator("#filter-form").get_by_text("Moderate").click()
    page.get_by_label("Save this filter as").fill("Dust")
    page.locator("#filter-save").get_by_role("button", name="Save").click()
    expect(page.locator("#saved-filters")).to_contain_text("Dust")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**/?text=dust&severity=Moderate")
    expect(icing).to_be_hidden()
    expect(storm).to_be_visible()
    expect(page.locator("#chosen")).to_contain_text("Moderate")
    expect(page.locator("#hidden-unacknowledged")).to_be_visible()
    # the panel shows the acknowledgement of another person, although the filter hides the alert's row
    seat(Role.OPERATOR).open(f"/alerts/{key}").get_by_role("button", name="Acknowledge", exact=True).click()
    expect(page.locator("#beside .done")).to_contain_text("Acknowledged")
    page.locator("#side-panel-close").click()
    page.go_back()
    expect(icing).to_be_visible()
    expect(page.locator("#filter-text")).to_have_value("")
    page.go_forward()
    expect(icing).to_be_hidden()
    expect(page.locator("#filter-text")).to_have_value("dust")
    page.reload()
    expect(storm).to_be_visible()
    expect(icing).to_be_hidden()
    page.locator("#chosen").get_by_role("link", name="Show all").click()
    expect(icing).to_be_visible()
    page.locator("#filter-open").click()
    page.locator("#saved-filters").get_by_role("link", name="Dust").click()
    expect(icing).to_be_hidden()
    page.locator("#filter-open").click()
    page.get_by_role("button", name="Remove the filter Dust").click()
    expect(page.locator("#saved-filters")).not_to_contain_text("Dust")
    page.goto(f"{whole.url}/?area=KG99999999999&text={'x' * 10_000}")
    expect(page.locator("#filter-faults")).to_contain_text("area, text")
    expect(icing).to_be_visible()
    refused = page.evaluate(
        "import('/static/calls.js').then(({ call }) => call('PUT', '/v1/filters', {name: 'Gone', query: 'area=KG99'}))"
        ".then((answer) => answer.status)"
    )
    assert refused == 422
    assert [error for error in desk.errors if "422" not in error] == []


def test_the_list_is_redrawn_when_nobody_points_at_it(whole: Whole, seat: Any) -> None:
    """Unchanged rows are not sent again, and their elements stay in the page.

    With new elements for all rows, the browser would work long on each list.
    """
    page = seat(Role.OPERATOR).open("/")
    hazards = page.locator(".hazards .row")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    away(page)
    whole.report_hazard(type="frost", severity="Moderate")
    expect(newest_alert(page, "Frost")).to_be_visible()
    expect(page.locator("#strip")).to_be_hidden()
    expect(hazards.filter(has_text="Frost")).not_to_have_count(0)
    hazards.evaluate_all("rows => rows.forEach((row) => { row.wasDrawn = true; })")
    with page.expect_request(re.compile(r"/board/hazards\?.*&rows=[\w-]{8}")):
        whole.report_hazard(type="frost", severity="Moderate", area={"pcodes": [MANAS]})
    expect(hazards.filter(has_text="Frost").filter(has_text="Manas")).to_be_visible()
    assert hazards.evaluate_all("rows => rows.filter((row) => row.wasDrawn).length") > 0
    wait_for_script(page, EQUALS_SERVERS)
    position = page.evaluate("import('/static/board/listening.js').then(({ stand }) => stand())")
    later = vectors.encoded({at: offset + 1 for at, offset in vectors.decoded(position).items()}, TOPICS)
    assert page.evaluate(CONTAINS, [later, position]) and not page.evaluate(CONTAINS, [position, later])


def test_an_answer_names_its_alert_and_can_be_undone(whole: Whole, seat: Any) -> None:
    whole.report_hazard(type="avalanche", area={"pcodes": [KARA_SUU]})
    desk = seat(Role.OPERATOR)
    alert = newest_alert(desk.open("/"), "Avalanche")
    key = alert.get_attribute("data-key")
    alert.focus()
    desk.page.keyboard.press("a")
    words = "Acknowledged: Avalanche · Kara-Suu rayon, Osh oblast · Severe"
    undo = desk.page.locator("#toasts .toast", has_text=words).get_by_role("button", name="Undo")
    undo.wait_for()
    expect(alert).to_be_focused()
    undo.click()  # no slow step may come before this click, because the button works for ten seconds only
    expect(desk.page.locator("#toasts")).to_contain_text("Acknowledgement taken back")
    away(desk.page)
    row = desk.page.locator(f".alert[data-key='{key}'][data-section=waiting]")
    expect(row.get_by_role("button", name="Acknowledge")).to_be_enabled()


def test_several_are_answered_at_once_but_no_extreme_one_and_none_that_changed_since(whole: Whole, seat: Any) -> None:
    # only this test of the pages reports squalls and crop diseases, so the two rows are neighbours
    for hazard in ("squall", "crop_disease"):
        whole.report_hazard(type=hazard, severity="Moderate", area={"pcodes": [MANAS]})
    whole.report_hazard(type="jut", severity="Extreme")
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    rows = {name: page.get_by_role("article", name=name, exact=True) for name in ("Squall", "Crop disease")}
    for row in rows.values():
        expect(row).to_be_visible()
    extreme, selected = newest_alert(page, "Jut (mass loss of livestock)"), page.locator("#selected")
    expect(extreme).to_be_visible()
    extreme.focus()
    page.keyboard.press("Space")
    expect(page.locator("#toasts")).to_contain_text("Not selected, Extreme: 1")
    upper, lower = sorted(rows.values(), key=lambda row: row.bounding_box()["y"])
    upper.focus()
    page.keyboard.press("Control+a")
    expect(page.locator("#select-all-waiting")).to_be_checked()
    page.keyboard.press("Escape")
    expect(selected).to_be_hidden()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    expect(selected).to_have_text("Selected: 2")
    expect(page.locator("#selection-announcer")).to_have_text("Selected: 2")
    expect(lower).to_be_focused()
    page.keyboard.press("a")
    undo_together(page, rows)
    page.locator("#acknowledge-selected").click()
    away(page)
    for row in rows.values():
        expect(row).to_have_attribute("data-section", "acknowledged")
        expect(row).to_contain_text(f"Acknowledged by {desk.name}")
    for row in rows.values():
        row.locator("input").check()
    expect(selected).to_have_text("Selected: 2")
    page.locator("#selection").get_by_role("button", name="Snooze…").click()
    page.locator("#answer-send").click()
    expect(page.locator("#answer-failure")).to_have_text("Fill in: Reason")
    page.locator("#snooze-reason").fill("A team is on its way")
    page.locator("#answer-send").click()
    expect(page.locator("#answering")).to_be_hidden()
    expect(page.locator("#panel-alerts")).to_be_focused()  # with the focus on a row, the next key would act on the row
    away(page)
    for row in rows.values():
        expect(row).to_contain_text("snoozed until")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".alert").first).to_be_focused()
    squall = rows["Squall"]
    squall.get_by_role("button", name="Start work").click()
    expect(squall).to_contain_text(f"In progress: {desk.name}")
    close_after_a_change(page, rows, seat(Role.OPERATOR))
    assert desk.errors == []


def undo_together(page: Page, rows: dict[str, Locator]) -> None:
    calls = list[str]()
    page.on("request", lambda request: calls.append(request.url))
    toast = page.locator("#toasts .toast", has_text=re.compile("Acknowledged: 2. .*Crop disease"))
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("Acknowledgement taken back: 2. ")
    sent = [url.rpartition("/")[2] for url in calls if "/v1/alerts" in url]
    assert [call for call in sent if call != "alerts:acknowledge"] == ["alerts:take-back"]
    away(page)
    for row in rows.values():
        expect(row).to_have_attribute("data-section", "waiting")
        row.locator("input").check()
    expect(page.locator("#selected")).to_have_text("Selected: 2")


def close_after_a_change(page: Page, rows: dict[str, Locator], colleague: Any) -> None:
    away(page)
    expect(rows["Squall"]).to_have_attribute("data-section", "in_progress")
    for row in rows.values():
        row.locator("input").check()
    taken = colleague.open("/").locator(f"#{rows['Squall'].get_attribute('id')}")
    taken.get_by_role("button", name="More actions").click()
    colleague.page.locator("#more-actions").get_by_role("button", name="Take over").click()
    expect(taken).to_contain_text(f"In progress: {colleague.name}")
    expect(rows["Squall"]).to_contain_text(f"In progress: {colleague.name}")
    rows["Squall"].focus()
    page.keyboard.press("p")
    expect(page.locator("#answer-send")).to_have_text("Take over alerts: 2")
    expect(page.locator("#answering-taken")).to_have_text(re.compile("^Somebody else works on: Squall"))
    page.keyboard.press("Escape")
    expect(rows["Squall"]).to_be_focused()
    page.keyboard.press("r")
    expect(page.locator("#answer-send")).to_have_text("Close alerts: 2")
    page.locator("#verdicts").get_by_text("False alarm").click()
    page.locator("#answer-send").click()
    expect(page.locator("#results-title")).to_have_text("Done: 1. Not done: 1")
    results = page.locator("#results-list li")
    expect(results.first).to_contain_text("Squall")
    expect(results.first).to_contain_text("it has changed since you selected it")
    expect(results.last).to_contain_text("Closed")
    page.locator("#several-results").get_by_role("button", name="Close").click()
    expect(page.locator("#panel-alerts")).to_be_focused()
    expect(page.locator("#selected")).to_have_text("Selected: 1")
    close_one_that_left_the_list(page, taken)


def close_one_that_left_the_list(page: Page, row_of_colleague: Locator) -> None:
    """The dialog names the selected alert. Then a colleague closes this alert.

    The result says that the dialog did not close the alert.
    """
    page.locator("#selection").get_by_role("button", name="Close…").click()
    expect(page.locator("#answering-about")).to_contain_text("Squall")
    away(page)
    row = page.locator(f"#{row_of_colleague.get_attribute('id')}")
    row_of_colleague.get_by_role("button", name="Close…").click()
    colleague = row_of_colleague.page
    colleague.locator("#verdicts").get_by_text("False alarm").click()
    colleague.locator("#answer-send").click()
    expect(row).to_have_count(0)
    page.locator("#verdicts").get_by_text("False alarm").click()
    page.locator("#answer-send").click()
    expect(page.locator("#results-title")).to_have_text("Done: 0. Not done: 1")
    expect(page.locator("#results-list li")).to_contain_text("Squall")
