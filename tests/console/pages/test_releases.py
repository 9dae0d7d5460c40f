"""A restricted event is published with a public text. After a change, the event is published again.

Finally, the publication is withdrawn.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from deploy.local.process import wait_until
from shared import events
from shared.auth.tokens import Role
from tests.browsers import SLOW_MS, wait_for_script
from tests.console.factories import KADAMJAI, alert, hazard
from tests.console.pages.conftest import Whole, newest_alert
from tests.console.pages.test_accessibility import findings
from tests.console.pages.test_new_event import begun
from tests.gazetteers import DOBO

READY = "document.querySelector('#release button:enabled')"


def test_an_event_is_released_by_keyboard_changed_released_again_and_withdrawn(whole: Whole, seat: Any) -> None:
    page = begun(seat, "rockfall", "kadamjai")
    page.fill("#locality", "Choko-Dobo")
    page.fill("#known", "The village head called from the roof")
    page.click("#send")
    expect(page.locator("#answer-text")).to_contain_text("Accepted")

    page.goto(f"{whole.url}/")
    row = page.locator("#panel-hazards .row", has_text="The village head called")
    expect(row).to_contain_text("Restricted")
    row.get_by_text("Release to the public").click()
    wait_for_script(page, READY)
    expect(page.locator("[name=locality]")).not_to_be_checked()
    expect(page.locator("textarea")).to_have_count(3)
    assert [box.input_value() for box in page.locator("textarea").all()] == ["", "", ""]
    page.keyboard.press("Control+Enter")  # the first field has the focus
    expect(page.locator("#failure")).to_contain_text("public text")
    page.fill("#text-en", "Rockfall. The road is closed.")
    with page.expect_request("**/intake/v1/hazards") as sent:
        page.keyboard.press("Control+Enter")
    assert "village head" not in (sent.value.post_data or "")
    body: Any = sent.value.post_data_json
    assert "description" not in body["area"]
    assert (body["scope"], body["released_revision"], body["revision"]) == ("Public", 1, 2)
    expect(page.locator("#answer-text")).to_contain_text("Released: Rockfall")

    page.goto(f"{whole.url}/")
    expect(row).to_contain_text("released")
    expect(row).to_contain_text("The village head called")  # staff still read the internal text
    row.get_by_text("Correct or cancel").click()
    expect(page.locator("#known")).to_have_value("The village head called from the roof")
    page.fill("#known", "The village head called again")
    page.click("#send")
    expect(page.locator("#answer-text")).to_contain_text("Accepted")
    page.goto(f"{whole.url}/")
    expect(row).to_contain_text("changed after the release")

    row.get_by_text("Public version").click()
    wait_for_script(page, READY)
    expect(page.locator("#text-en")).to_have_value("Rockfall. The road is closed.")
    page.click("#send")
    expect(page.locator("#answer-text")).to_contain_text("Released")
    page.goto(f"{whole.url}/")
    expect(row).not_to_contain_text("changed after the release")

    row.get_by_text("Public version").click()
    wait_for_script(page, READY)
    page.click("#withdraw")
    assert withdrawn(page) == {"msg_type": "Cancel", "released_revision": 3} | {
        name: body[name] for name in ("scope", "status", "source", "source_id", "type", "urgency", "area", "onset")
    }
    expect(page.locator("#answer-text")).to_contain_text("Withdrawn")
    page.goto(f"{whole.url}/")
    expect(row).to_contain_text("release withdrawn")
    expect(row).to_contain_text("The village head called again")


def withdrawn(page: Page) -> dict[str, Any]:
    expect(page.locator("#withdrawing")).to_contain_text("only what was released: Rockfall, Kadamjai rayon")
    with page.expect_request("**/intake/v1/hazards") as sent:
        page.click("#withdrawing [value=withdraw]")
    body: Any = sent.value.post_data_json
    return {name: value for name, value in body.items() if name not in {"report_id", "revision", "reported_at"}}


def test_a_release_has_the_exact_place_only_if_it_is_chosen(whole: Whole, seat: Any) -> None:
    village, point = "KG05258812010", {"lat": 39.956, "lon": 71.742}
    area = {"pcodes": [KADAMJAI, village], "point": point, "description": "House of the teacher"}
    reported = {"area": area, "locality_pcode": DOBO}
    whole.report_hazard(type="avalanche", text={"en": {"headline": "Caller is on the slope"}}, **reported)
    page = seat(Role.OPERATOR).open("/")
    row = page.locator("#panel-hazards .row", has_text="Caller is on the slope")
    expect(row).to_contain_text("Choko-Dobo village (House of the teacher)")
    row.get_by_text("Release to the public").click()
    wait_for_script(page, READY)
    expect(page.locator("#always")).to_contain_text("Kadamjai rayon")
    expect(page.locator("#always")).to_contain_text("Immediate")
    page.fill("#text-en", "Avalanche.")
    with page.expect_request("**/intake/v1/hazards") as sent:
        page.click("#send")
    first: Any = sent.value.post_data_json
    assert first["area"] == {"pcodes": [KADAMJAI]}
    assert all(secret not in (sent.value.post_data or "") for secret in (village, "39.956", "teacher", DOBO))
    expect(page.locator("#answer-text")).to_contain_text("Released")

    page.goto(f"{whole.url}/")
    row.get_by_text("Public version").click()
    wait_for_script(page, READY)
    expect(label(page, "point")).to_contain_text("39.956, 71.742")
    for name in ("villages", "locality", "point", "severity", "certainty"):
        label(page, name).click()
    with page.expect_request("**/intake/v1/hazards") as sent:
        page.click("#send")
    second: Any = sent.value.post_data_json
    assert (second["area"], second["locality_pcode"]) == (area, DOBO)
    assert "severity" in first and not {"severity", "certainty"} & second.keys()


def label(page: Page, name: str) -> Locator:
    """Returns the label of a checkbox. The label covers the checkbox. People and tests therefore click on the label."""
    return page.locator("label", has=page.locator(f"[name={name}]"))


def test_an_event_without_a_district_is_released_only_with_a_chosen_place(whole: Whole, seat: Any) -> None:
    reported = {"area": {"description": "Beyond the pass"}}
    whole.report_hazard(type="avalanche", text={"en": {"headline": "Somewhere beyond"}}, **reported)
    page = seat(Role.OPERATOR).open("/")
    page.locator("#panel-hazards .row", has_text="Somewhere beyond").get_by_text("Release to the public").click()
    wait_for_script(page, READY)
    page.fill("#text-en", "Avalanche.")
    page.click("#send")
    expect(page.locator("#failure")).to_contain_text("choose at least one place")
    label(page, "locality").click()
    page.click("#send")
    expect(page.locator("#answer-text")).to_contain_text("Released")


def test_an_alerts_page_leads_to_the_release(whole: Whole, seat: Any) -> None:
    whole.report_hazard(type="landslide", text={"en": {"headline": "Slope above the school moves"}})
    page = seat(Role.DUTY_HEAD).open("/")
    newest_alert(page, "Landslide").locator(".alert-name").click()
    page.locator("#beside").get_by_text("Release to the public").click()
    expect(page.locator("h1")).to_have_text("Release to the public")
    expect(page.locator("#event")).to_have_text("Landslide")


def test_a_severe_event_confirmed_ten_minutes_ago_and_not_released_is_red(whole: Whole, seat: Any) -> None:
    """The events get earlier times, so that the test does not wait ten minutes."""
    for minutes, words in ((5, "Slope above the dam"), (11, "Slope above the mill")):
        at = datetime.now(UTC) - timedelta(minutes=minutes)
        text = {"en": {"headline": words}}
        event = hazard(type="landslide", severity="Severe", scope="Restricted", received_at=at, text=text)
        closed: dict[str, Any] = {"verdict": "confirmed", "verification": "confirmed", "confirmed_at": at}
        closed |= {"hazard_id": event.hazard_id, "hazard_type": event.type, "resolved_at": at}
        resolved = alert(events.AlertResolved, **closed)
        whole.publish(event, resolved)
    page = seat(Role.OPERATOR).open("/")
    red = row_of(page, "Slope above the mill").locator(".bad.strong")
    assert wait_until(lambda: bool(page.reload()) and red.count() == 1, timeout=SLOW_MS / 1000)
    expect(red).to_have_text("Confirmed, not released for 10 minutes")
    recent = row_of(page, "Slope above the dam")
    expect(recent).to_contain_text("Restricted")
    expect(recent.locator(".bad.strong")).to_have_count(0)


def test_a_public_or_unknown_event_has_no_release_page(whole: Whole, seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/")
    answer = page.request.get(f"{whole.url}/release?hazard=3b6f0f5e-54c1-4d0e-9d0a-2f1f5d6c7a10")
    assert answer.status == 404


def test_a_release_whose_event_is_unknown_is_withdrawn_on_the_board(whole: Whole, seat: Any) -> None:
    public = {"revision": 2, "released_revision": 1, "scope": "Public", "text": {"en": {"headline": "Mud on the road"}}}
    report_id = whole.report_hazard(**public)
    page = seat(Role.OPERATOR).open("/")
    row = row_of(page, "Mud on the road")
    expect(row).to_contain_text("the event is unknown")
    assert findings(page) == []
    row.get_by_role("link", name="Withdraw the release…").click()
    wait_for_script(page, READY)
    expect(page.locator("#release")).to_contain_text("Mud on the road")
    assert findings(page) == []
    page.click("#withdraw")
    expect(page.locator("#withdrawing")).to_contain_text("only what was released: Mudflow, Kadamjai rayon")
    with page.expect_request("**/intake/v1/hazards") as sent:
        page.click("#withdrawing [value=withdraw]")
    body: Any = sent.value.post_data_json
    assert (body["msg_type"], body["revision"]) == ("Cancel", 3) and report_id not in (sent.value.post_data or "")
    expect(page.locator("#answer-text")).to_contain_text("Withdrawn")
    page.goto(f"{whole.url}/")
    expect(row).to_have_count(0)


def test_a_released_event_is_cancelled_and_withdrawn_at_once(whole: Whole, seat: Any) -> None:
    page = reported(whole, seat, "Stones on the lower bridge")
    row = row_of(page, "Stones on the lower bridge")
    row.get_by_text("Correct or cancel").click()
    wait_for_script(page, "document.querySelector('#cancel:enabled')")
    page.click("#cancel")
    expect(page.locator("#cancelling")).not_to_contain_text("withdraw")
    page.click("#cancelling [value=keep]")

    page.goto(f"{whole.url}/")
    release(whole, page, row)
    row.get_by_text("Correct or cancel").click()
    wait_for_script(page, "document.querySelector('#cancel:enabled')")
    page.click("#cancel")
    expect(page.locator("#cancelling")).to_contain_text("A version of the event is public.")
    with page.expect_request(lambda sent: "Public" in (sent.post_data or "")) as sent:
        page.click("#cancelling [value=cancel-and-withdraw]")
    body: Any = sent.value.post_data_json
    assert (body["msg_type"], body["released_revision"], body["revision"]) == ("Cancel", 3, 4)
    assert "text" not in body and "lower bridge" not in (sent.value.post_data or "")
    expect(page.locator("#answer-text")).to_contain_text("Its public version is withdrawn")
    page.goto(f"{whole.url}/")
    expect(row).to_contain_text("release withdrawn")
    expect(row).to_contain_text("cancelled")
    expect(row).not_to_contain_text("still public")


def reported(whole: Whole, seat: Any, words: str) -> Page:
    page = begun(seat, "rockfall", "kadamjai")
    page.fill("#known", words)
    page.click("#send")
    expect(page.locator("#answer-text")).to_contain_text("Accepted")
    page.goto(f"{whole.url}/")
    return page


def release(whole: Whole, page: Page, row: Locator) -> None:
    row.get_by_text("Release to the public").click()
    wait_for_script(page, READY)
    page.fill("#text-en", "Rockfall. The bridge is closed.")
    page.click("#send")
    expect(page.locator("#answer-text")).to_contain_text("Released")
    page.goto(f"{whole.url}/")
    expect(row).to_contain_text("released")


def released(whole: Whole, seat: Any, words: str) -> Page:
    page = reported(whole, seat, words)
    release(whole, page, row_of(page, words))
    return page


def row_of(page: Page, words: str) -> Locator:
    return page.locator("#panel-hazards .row", has_text=words)


def is_report(sent: Request) -> bool:
    return sent.method == "POST" and sent.url.endswith("/intake/v1/hazards")


@pytest.mark.parametrize(
    ("link", "button", "dialog", "answer"),
    [
        ("Public version", "#withdraw", "#withdrawing", "withdraw"),
        ("Correct or cancel", "#cancel", "#cancelling", "cancel-and-withdraw"),
    ],
)
def test_escape_sends_nothing_although_the_dialog_was_answered_before(
    whole: Whole, seat: Any, link: str, button: str, dialog: str, answer: str
) -> None:
    words = f"Stones above the road, {answer}"
    page = released(whole, seat, words)
    row_of(page, words).get_by_text(link).click()
    wait_for_script(page, f"document.querySelector('{button}:enabled')")
    page.route("**/intake/v1/hazards", lambda route: route.abort(), times=1)
    page.click(button)
    page.click(f"{dialog} [value={answer}]")
    expect(page.locator("#failure")).to_contain_text("send again")
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if is_report(request) else None)
    page.click(button)
    # closes the dialog without a new return value, like Esc in older browsers
    page.locator(dialog).evaluate("dialog => dialog.close()")
    expect(page.locator(dialog)).to_be_hidden()
    page.click(button)  # the button is enabled only after all requests have an answer
    page.click(f"{dialog} [value=keep]")
    expect(page.locator(dialog)).to_be_hidden()
    assert sent == []


def test_a_cancelled_event_whose_withdrawal_fails_is_not_sent_again(whole: Whole, seat: Any) -> None:
    words = "Stones above the village"
    page = released(whole, seat, words)
    link = row_of(page, words).get_by_text("Correct or cancel").get_attribute("href")
    page.goto(f"{whole.url}{link}&lang=ky")
    wait_for_script(page, "document.querySelector('#cancel:enabled')")
    page.route("**/intake/v1/hazards", refuse_withdrawals)
    page.click("#cancel")
    page.click("#cancelling [value=cancel-and-withdraw]")
    expect(page.locator("#still-public")).to_be_visible()
    expect(page.locator("#event")).to_be_hidden()
    expect(page.locator("#correct")).to_be_hidden()
    page.unroute("**/intake/v1/hazards")
    page.locator("#still-public a").click()
    wait_for_script(page, "document.querySelector('#withdraw:enabled')")
    page.click("#withdraw")
    page.click("#withdrawing [value=withdraw]")
    expect(page.locator("#answer-text")).to_be_visible()
    page.goto(f"{whole.url}/?lang=en")
    expect(row_of(page, words)).to_contain_text("release withdrawn")
    expect(row_of(page, words)).to_contain_text("cancelled")


def refuse_withdrawals(route: Route) -> None:
    """A request to withdraw a public version gets no answer. All other requests pass."""
    if "Public" in (route.request.post_data or ""):
        route.abort()
    else:
        route.continue_()
