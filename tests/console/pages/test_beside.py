"""An alert or a hazard opens in the panel beside its list. The list of the last hour opens them too."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from shared.auth.tokens import Role
from tests.browsers import wait_for_call
from tests.console.pages.conftest import Whole, newest_alert


def test_an_alert_opens_beside_the_list_which_stays(whole: Whole, seat: Any) -> None:
    """In the panel, an alert is read, commented, acknowledged and snoozed.

    The row of another alert keeps its selection.
    """
    for hazard in ("thunderstorm", "fog"):
        whole.report_hazard(type=hazard, severity="Moderate")
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    beside, row, other = page.locator("#beside"), newest_alert(page, "Thunderstorm"), newest_alert(page, "Fog")
    key = row.get_attribute("data-key")
    other.locator("input").check()
    top = row.bounding_box()
    row.get_by_role("link", name="Thunderstorm").click()
    expect(beside.locator(".what")).to_contain_text("Thunderstorm")
    assert page.locator("#panel-hazards").is_hidden()
    assert row.bounding_box() == pytest.approx(top, abs=1)  # a pixel is not seen
    expect(row).to_be_focused()
    expect(row).to_have_attribute("aria-current", "true")
    page.keyboard.press("Enter")  # the second press of Enter moves the focus into the panel
    expect(beside).to_be_focused()
    beside.get_by_role("textbox", name="Comment").fill("The road is closed")
    beside.get_by_role("button", name="Acknowledge", exact=True).click()
    expect(beside.locator(".done")).to_contain_text(f"Acknowledged {desk.name}")
    beside.get_by_role("button", name="Add the comment").click()
    expect(beside.locator(".done")).to_contain_text("The road is closed")
    beside.locator("summary", has_text="Snooze").click()
    beside.get_by_role("textbox", name="Reason").fill("I am waiting for a call")
    beside.get_by_role("button", name="Snooze", exact=True).click()
    expect(beside.locator(".what")).to_contain_text("Snoozed until")
    expect(other.locator("input")).to_be_checked()
    beside.get_by_role("textbox", name="Comment").fill("Not sent yet")
    other.focus()
    slow: list[Route] = []
    address = f"**/alerts/{other.get_attribute('data-key')}"
    page.route(address, lambda route: slow.append(route))  # noqa: PLW0108 - Playwright refuses `slow.append`
    page.keyboard.press("Enter")
    # until the second alert has arrived, the panel has no button of the first alert
    expect(page.locator("#beside-content article")).to_have_count(0)
    expect(page.locator("#beside-page")).to_have_attribute("href", f"/alerts/{other.get_attribute('data-key')}")
    assert wait_for_call(page, slow).request.headers["dayar-account"]
    slow[0].continue_()
    expect(beside.locator(".what")).to_contain_text("Fog")
    choose_while_the_alert_changes(beside, str(other.get_attribute("data-key")))
    choose_and_open_again(beside, other, page.locator(f"#alert-{key}"))
    type_in_many(page, f"/alerts/{key}")
    page.locator(f"#alert-{key}").click(position={"x": 300, "y": 8})
    expect(beside.get_by_role("textbox", name="Comment")).to_have_value("Not sent yet")
    beside.get_by_role("textbox", name="Comment").press("Escape")
    expect(beside).to_be_hidden()
    expect(page.locator(f"#alert-{key}")).to_be_focused()
    page.locator("#panel-recent li", has_text="Acknowledged").get_by_role("link", name="Thunderstorm").first.click()
    expect(beside.locator(".what")).to_contain_text("Thunderstorm")
    page.locator("#beside-page").click()
    page.wait_for_url(f"**/alerts/{key}")
    assert desk.errors == []


def type_in_many(page: Page, path: str) -> None:
    opened = "const { open } = await import('/static/board/beside.js'); await open(`${path}?${number}`);"
    typed = "document.querySelector('#beside-content textarea').value = 'Not sent, too';"
    page.evaluate(f"async (path) => {{ for (let number = 0; number < 20; number += 1) {{ {opened} {typed} }} }}", path)


def choose_while_the_alert_changes(beside: Locator, key: str) -> None:
    """A click selects an outcome, although the alert's newest state arrives while the mouse button is pressed."""
    page = beside.page
    beside.locator("summary", has_text="Close…").click()
    asked: list[Route] = []
    again = "**/alerts/*?again"
    page.route(again, lambda route: asked.append(route))  # noqa: PLW0108 - Playwright refuses `asked.append`
    comment = "fetch(`/alerts/v1/alerts/${key}/comments`, { method: 'POST', headers, body })"
    headers = "{ 'content-type': 'application/json' }, body = JSON.stringify({ text: 'Seen by a pilot' })"
    page.evaluate(f"key => {{ const headers = {headers}; return {comment}.then(({{ ok }}) => ok); }}", key)
    wait_for_call(page, asked)
    page.unroute(again)
    # the answer is held until now: the page waits at most 10 seconds for the release of the mouse
    beside.get_by_text("Duplicate").hover()
    page.mouse.down()
    with page.expect_response(again) as read:
        for route in asked:
            route.continue_()
    read.value.finished()
    page.evaluate("fetch('/static/pressing.js').then((answer) => answer.text()).then(() => true)")  # comes after it
    page.mouse.up()
    expect(beside.get_by_label("Duplicate")).to_be_checked()
    expect(beside.locator(".done")).to_contain_text("Seen by a pilot")


def choose_and_open_again(beside: Locator, shown: Locator, other: Locator) -> None:
    """An outcome was chosen but not sent.

    The chosen outcome is still chosen after the panel has shown another alert.
    """
    beside.get_by_label("False alarm").check()
    for row in (other, shown):
        row.press("Enter")
        expect(row).to_have_attribute("aria-current", "true")
    expect(beside.get_by_label("False alarm")).to_be_checked()


def test_a_hazard_opens_beside_the_list_and_leads_to_its_alerts(whole: Whole, seat: Any) -> None:
    # only this test of the pages reports radiation
    report_id = whole.report_hazard(type="radiation", severity="Moderate")
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    beside, row = page.locator("#beside"), newest_alert(page, "Radiation")
    expect(row).to_be_visible()
    alert = f"/alerts/v1/alerts/{row.get_attribute('data-key')}"
    opener = page.locator("#panel-hazards").get_by_role("link", name="Radiation")
    opener.focus()
    page.keyboard.press("Enter")
    expect(beside.locator(".hazard-page")).to_contain_text("Alerts about this event")
    expect(beside).to_be_focused()
    bearer = {"authorization": f"Bearer {whole.installation.token(roles=[Role.OPERATOR])}"}
    colleague = whole.client(headers=bearer)
    assert colleague.put(f"{alert}/acknowledgement").status_code == 200
    expect(beside.locator(".hazard-page tbody")).to_contain_text("Acknowledged")
    whole.report_hazard(source_id=report_id, revision=2, msg_type="Update", type="radiation", severity="Severe")
    expect(beside.locator(".hazard-page .panel").first).to_contain_text("Severe")
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    beside.locator(".hazard-page tbody").get_by_role("link", name="Radiation", exact=True).click()
    expect(beside.locator("[data-alert]")).to_contain_text("Radiation")
    held: list[Route] = []
    page.route(f"**{alert}/progress", lambda route: held.append(route))  # noqa: PLW0108 - see above
    beside.get_by_role("button", name="Start work").click()
    assert colleague.put(f"{alert}/progress").status_code == 200
    expect(row).to_have_attribute("data-section", "in_progress")
    wait_for_call(page, held).continue_()
    expect(beside.get_by_role("button", name="Take over")).to_be_visible()
    assert [error for error in desk.errors if "409" not in error] == []


def test_the_last_hour_marks_exercises_and_keeps_the_focus_when_it_is_drawn_again(whole: Whole, seat: Any) -> None:
    whole.report_hazard(type="drought", status="Exercise")
    changes = seat(Role.OPERATOR).open("/").locator("#panel-recent li", has_text="Drought")
    expect(changes.first.locator(".tag")).to_have_text("Exercise")
    reported = changes.filter(has_text="First report")  # leaves out the row of the hazard's alert, which may come later
    link = reported.filter(has=changes.page.get_by_text("Exercise")).get_by_role("link")
    link.focus()
    whole.report_hazard(type="drought", status="Test")
    expect(changes.locator(".tag", has_text="Test").first).to_be_visible()
    expect(link).to_be_focused()
