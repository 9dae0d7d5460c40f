"""On the page "New event", an operator enters the report of a caller and the caller's name and telephone."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import text

from services.alerts.receivers.receivers import Receiver
from services.console.config import ConsoleSettings
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel
from shared.postgres import database
from tests.browsers import wait_for_call, wait_for_script
from tests.console.pages.conftest import Whole
from tests.console.pages.test_presence import BLOCKED
from tests.gazetteers import DOBO
from tests.installation import in_thread


def test_a_telephone_call_is_entered_by_keyboard_alone(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/new-event")
    wait_for_script(page, "document.getElementById('onset').value")
    for words in ("landsl", "кадамж"):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    page.keyboard.type("чоко")
    expect(page.locator("#locality-list li", has_text="Choko-Dobo")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("2")
    expect(page.locator("input[value=Severe]")).to_be_checked()
    page.focus("#known")
    page.keyboard.type("Cracks above the school")
    page.keyboard.press("Tab")
    page.keyboard.type("A. Caller")
    page.keyboard.press("Tab")
    page.keyboard.type("+996 700 00 00 01")
    with page.expect_request("**/intake/v1/hazards") as sent:
        page.keyboard.press("Control+Enter")
    body = sent.value.post_data_json or {}
    assert (body["area"]["description"], body["locality_pcode"]) == ("Choko-Dobo", DOBO)
    sentence = "Accepted: Landslide · Kadamjai rayon, Batken oblast · Severe."
    expect(page.locator("#answer-text")).to_have_text(sentence)
    report_id = page.locator("#answer").get_attribute("data-report") or ""
    expect(page.locator("#answer-code")).to_have_text(report_id[-4:].upper())
    assert desk.errors == []

    board = page.goto(f"{whole.url}/")
    assert board is not None
    row = page.locator("#panel-hazards .row", has_text="Cracks above the school")
    expect(row).to_contain_text("Landslide")
    expect(row).to_contain_text("Kadamjai rayon")
    expect(row).to_contain_text("Choko-Dobo village")
    assert "+996" not in page.content()
    row.get_by_role("button", name="Who called").click()
    expect(page.locator("#caller")).to_contain_text("+996 700 00 00 01")
    read = "SELECT count(*) FROM audit WHERE action = 'read' AND result = 'done' AND :report_id = ANY(objects)"
    assert in_thread(rows(whole, read, report_id)) == 1
    sealed = in_thread(rows(whole, "SELECT sealed FROM callers WHERE report_id = :report_id", report_id))
    assert b"+996 700" not in sealed and b"Caller" not in sealed


ALERTED = "Alert raised, notified: duty desk."
FOLLOWED = (
    ("1", "Extreme", ALERTED),
    ("2", "Severe", ALERTED),
    ("3", "Moderate", ALERTED),
    ("4", "Minor", "No alert: below what an alert rule asks for."),
    ("5", "Severity unknown", ALERTED),
    (None, "Severity unknown", ALERTED),
)


def test_a_quickly_entered_call_alerts_and_names_the_receivers(whole: Whole, seat: Any, duty_desk: None) -> None:
    """The operator enters only the hazard, the place and a few words.

    Without a severity, the duty desk must judge the event.
    """
    desk = seat(Role.OPERATOR)
    desk.sign_in()
    page = desk.page
    for digit, severity, followed in FOLLOWED:
        place = f"Road {uuid4().hex[:6]}"
        page.goto(f"{whole.url}/new-event")
        wait_for_script(page, "document.getElementById('onset').value")
        for words in ("mud", "ала"):
            page.keyboard.type(words)
            page.keyboard.press("Tab")
        page.keyboard.type(place)
        if digit:
            page.keyboard.press("Tab")
            page.keyboard.press(digit)
        page.keyboard.press("Control+Enter")
        expect(page.locator("#answer-text")).to_contain_text("Accepted: Mudflow · Ala")
        expect(page.locator("#answer-text")).to_contain_text(f"· {severity}.")
        expect(page.locator("#followed")).to_have_text(followed)

    page.goto(f"{whole.url}/")
    event = page.locator("#panel-hazards .row[data-severity=Unknown]", has_text=place)
    expect(event).to_contain_text("Severity unknown")
    outcome = page.request.get(f"{whole.url}/alerts/v1/hazards/{event.get_attribute('data-key')}/outcome")
    [alert] = outcome.json()["alerts"]
    unjudged = page.locator(f"#alert-{alert['alert_id']}[data-severity=Severe]", has_text="Severity to be judged.")
    expect(unjudged).to_contain_text("Mudflow")
    unjudged.locator("a.alert-name").click()
    expect(page.locator(".what dl")).to_contain_text("Severity to be judged. Reported by ")


@pytest.fixture
def duty_desk(whole: Whole) -> Iterator[None]:
    whole.replace_receivers(Receiver("duty desk", DeliveryChannel.WEBHOOK, "https://hook.invalid"))
    yield
    whole.replace_receivers()


def test_the_ringing_notice_does_not_cover_the_button(whole: Whole, seat: Any) -> None:
    whole.report_hazard(type="avalanche", severity="Extreme")
    desk = seat(Role.OPERATOR, width=1366, height=768)
    desk.sign_in()
    page = desk.page
    page.add_init_script(BLOCKED)
    seen = """button => [2, -2].every((inset) => {
        const { left, top, bottom } = button.getBoundingClientRect();
        return button.contains(document.elementFromPoint(left + 20, inset > 0 ? top + inset : bottom + inset));
    })"""
    for language in ("en", "ru", "ky"):
        page.goto(f"{whole.url}/new-event?lang={language}")
        expect(page.locator("#ringing")).to_be_visible()
        expect(page.locator("#sound-blocked")).to_be_visible()
        assert page.locator("#send").evaluate(seen), language
        page.set_viewport_size({"width": 360, "height": 740})
        lines = "text => Math.round(text.clientHeight / parseFloat(getComputedStyle(text).lineHeight))"
        assert page.locator("#ringing-text").evaluate(lines) == 2, language
        page.set_viewport_size({"width": 1366, "height": 768})


async def rows(whole: Whole, query: str, report_id: str) -> Any:
    engine = database.engine(whole.installation.settings(ConsoleSettings))
    async with database.sessions(engine)() as session:
        stored = await session.scalar(text(query), {"report_id": report_id})
    await engine.dispose()
    return stored


def begun(seat: Any, hazard: str, place_name: str) -> Page:
    page: Page = seat(Role.OPERATOR).open("/new-event")
    wait_for_script(page, "document.getElementById('onset').value")
    page.fill("#hazard", hazard)
    page.fill("#place", place_name)
    return page


def test_missing_fields_are_named_and_nothing_is_sent(whole: Whole, seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/new-event")
    wait_for_script(page, "document.getElementById('onset').value")
    page.keyboard.type("flood")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#failure")).to_contain_text("Where")
    expect(page.locator("#place")).to_be_focused()


def test_a_refused_field_is_marked_and_focused_and_the_reason_is_in_view(seat: Any) -> None:
    page = seat(Role.OPERATOR, width=1366, height=768).open("/new-event?lang=ru")
    wait_for_script(page, "document.getElementById('onset').value")
    page.fill("#hazard", "сель")
    page.fill("#place", "kadamjai")
    page.fill("#caller-phone", "call me")
    page.click("#send")
    expect(page.locator("#failure")).to_have_text("Проверьте поля: Телефон (цифры, пробелы, +)")
    expect(page.locator("#caller-phone")).to_be_focused()
    expect(page.locator("#caller-phone")).to_have_attribute("aria-invalid", "true")
    expected = "Не принято: проверьте это поле. Допустимы цифры, пробелы и знаки + ( ) - ."
    expect(page.locator("#caller-phone-problem")).to_have_text(expected)
    expect(page.locator("#caller-phone")).to_have_value("call me")
    for selector in ("#failure", "#caller-phone"):
        expect(page.locator(selector)).to_be_in_viewport(ratio=1)


def test_an_unreadable_caller_is_distinguished_from_a_missing_one(whole: Whole, seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/")
    report_id = whole.report_hazard(type="drought")
    for status, kind, sentence in (
        (404, "not-found", "No caller was recorded"),
        (500, "fault", "error on our side"),
        (401, "unauthenticated", "Signed out"),
    ):
        problem = {"type": f"urn:dayar:problem:{kind}", "title": "", "status": status}
        page.route("**/v1/callers/*", lambda route: route.fulfill(status=status, json=problem))  # noqa: B023
        page.evaluate(f"import('/static/board/callers.js').then((callers) => callers.showCaller('{report_id}'))")
        expect(page.locator("#caller-failure")).to_contain_text(sentence)
        expect(page.locator("#caller-facts")).to_be_hidden()


def test_a_quickly_entered_call_is_sent_with_unknown_severity(seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/new-event")
    wait_for_script(page, "document.getElementById('onset').value")
    assert page.locator("input[name=severity]:checked").count() == 0
    page.keyboard.type("mud")
    page.keyboard.press("Tab")
    page.keyboard.type("ала")
    page.keyboard.press("Tab")
    page.keyboard.type("by the bridge")
    with page.expect_request("**/intake/v1/hazards") as sent:
        page.keyboard.press("Control+Enter")
    body = sent.value.post_data_json or {}
    assert (body["type"], body["severity"], body["area"]["description"]) == ("mudflow", "Unknown", "by the bridge")
    expect(page.locator("#answer-text")).to_contain_text("Severity unknown")


def test_one_key_chooses_the_severity(seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/new-event")
    wait_for_script(page, "document.getElementById('onset').value")
    page.focus("#certainty")
    for digit, severity in enumerate(("Extreme", "Severe", "Moderate", "Minor", "Unknown"), 1):
        page.keyboard.press(str(digit))
        expect(page.locator(f"input[value={severity}]")).to_be_checked()
        page.focus("#certainty")


def test_a_digit_in_a_text_stays_a_digit(seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/new-event")
    wait_for_script(page, "document.getElementById('onset').value")
    page.locator("#known").press_sequentially("2 houses")
    expect(page.locator("#known")).to_have_value("2 houses")
    assert page.locator("input[name=severity]:checked").count() == 0


def test_a_name_shared_by_a_city_and_an_oblast_asks_which_one(seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/new-event")
    wait_for_script(page, "document.getElementById('onset').value")
    page.focus("#place")
    page.keyboard.type("Ош")
    page.keyboard.press("Tab")
    expect(page.locator("#place")).to_be_focused()
    expect(page.locator("#namesakes")).to_be_visible()
    expect(page.locator("#place-list li")).to_contain_text(["Osh oblast", "Osh city"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#place")).to_have_value("Osh city")
    expect(page.locator("#namesakes")).to_be_hidden()


def test_an_ambiguous_place_is_not_sent(seat: Any) -> None:
    page = begun(seat, "mudflow", "Ош")
    page.click("#send")
    expect(page.locator("#failure")).to_have_text("Fill in: Where")
    expect(page.locator("#place")).to_be_focused()


def test_everyday_words_find_the_hazard_and_a_place_is_found_without_its_hyphen(seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/new-event")
    wait_for_script(page, "document.getElementById('onset').value")
    for words, name in (
        ("наводнение", "River flood"),
        ("ДТП", "Transport accident"),
        ("обвал", "Rockfall"),
        ("ливень", "Heavy rain"),
        ("жара", "Heat wave"),
        ("газ", "Chemical release"),
    ):
        page.locator("#hazard").select_text()
        page.locator("#hazard").press_sequentially(words)
        expect(page.locator("#hazard-list")).to_contain_text(name)
    page.locator("#place").press_sequentially("Жалалабад")
    expect(page.locator("#place-list li").first).to_contain_text("Jalal-Abad")


def test_an_event_in_the_future_is_taken_only_as_a_forecast(whole: Whole, seat: Any) -> None:
    page = begun(seat, "heavy rain", "leilek")
    page.fill("#known", "Rain for three days")
    page.fill("#onset", "24.12.2027 09:05")
    page.click("#send")
    expect(page.locator("#failure")).to_contain_text("24.12.2027 09:05 is in the future")
    expect(page.locator("#forecast")).to_be_focused()
    page.check("#forecast")
    with page.expect_request("**/intake/v1/hazards") as sent:
        page.click("#send")
    body = sent.value.post_data_json or {}
    assert (body["urgency"], body["onset"]) == ("Future", "2027-12-24T03:05:00.000Z")
    expect(page.locator("#answer-text")).to_contain_text("Accepted")
    page.goto(f"{whole.url}/")
    row = page.locator("#panel-hazards .row", has_text="Rain for three days")
    expect(row).to_contain_text("forecast")
    expect(row).to_contain_text("24 Dec 2027, 09:05")


def test_an_invalid_date_is_asked_for_again(seat: Any) -> None:
    page = begun(seat, "hail", "leilek")
    page.fill("#onset", "31.02.2026 09:05")
    page.click("#send")
    expect(page.locator("#failure")).to_have_text("Check this field: When, Bishkek time (dd.mm.yyyy hh:mm)")
    expect(page.locator("#onset")).to_be_focused()


def test_a_half_written_event_asks_before_the_page_is_left(seat: Any) -> None:
    page = begun(seat, "hail", "leilek")
    urls: list[str] = []

    def stay(dialog: Dialog) -> None:
        urls.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_role("link", name="Back to the board").click()
    wait_for_call(page, urls)
    assert urls == ["beforeunload"]
    assert page.url.endswith("/new-event")
