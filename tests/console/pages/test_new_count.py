"""On the page "New count", an operator enters a caller's number of displaced people."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from shared.auth.tokens import Role
from shared.country import TIME_ZONE
from tests.browsers import wait_for_call, wait_for_script
from tests.console.factories import KADAMJAI, LEILEK
from tests.console.pages.conftest import Whole
from tests.console.pages.test_corrections import taken_but_not_told
from tests.console.pages.typists import KEYS_OF_A_MINUTE, Typist
from tests.console.pages.waiting import known_hazard
from tests.installation import in_thread
from tests.intake.records import records

COUNTERS = (Role.OPERATOR, Role.DUTY_HEAD, Role.REGISTRAR)


def opened(seat: Any, role: Role = Role.OPERATOR, **size: int) -> Page:
    page: Page = seat(role, **size).open("/new-count")
    wait_for_script(page, "!document.getElementById('send').disabled")
    return page


def begun(seat: Any, persons: str = "26") -> Page:
    page = opened(seat)
    page.fill("#persons", persons)
    page.fill("#origin", "kadamjai")
    page.focus("#origin-locality")
    return page


@pytest.mark.parametrize("role", COUNTERS)
def test_a_callers_count_is_entered_by_keyboard_alone_and_is_on_the_board(whole: Whole, seat: Any, role: Role) -> None:
    """The caller reports 20 families, 70 people, from Choko-Dobo, who stay with relatives.

    The operator must need less than half a minute.
    """
    page = opened(seat, role)
    village = f"Чоко-Добо {role}"
    typist = Typist(page)
    typist.fill_in("70", "20", "fam", "about", "", "кадамж", village, "", "", "With rel")
    with page.expect_request("**/intake/v1/displacements") as sent:
        typist.press("Control+Enter")
    assert typist.keys <= KEYS_OF_A_MINUTE / 2
    body = sent.value.post_data_json or {}
    assert (body["persons"], body["households"], body["household_unit"]) == (70, 20, "families")
    assert body["quantifier"] == "approximately"
    assert body["origin"] == body["destination"]
    assert (body["shelter"], body["mobility"], body["is_full_recount"]) == ("host_relatives", "displacement", False)
    accepted = "Accepted: persons: 70 · families: 20 · Precision of the number: about · "
    expect(page.locator("#answer-text")).to_contain_text(accepted)
    expect(page.locator("#answer-receipt")).to_have_text("Recorded.")
    expect(page.locator("#answer-alerted")).to_have_text("An alert for this area followed.")
    expect(page.locator("#answer-text")).to_contain_text(f"{village}, Kadamjai rayon, Batken oblast → Kadamjai rayon")
    page.get_by_role("link", name="Back to the board").last.click()
    row = page.locator("#panel-households .groups tbody tr", has_text=f"{village} (Kadamjai rayon) 70")
    expect(row).to_contain_text("With relatives")


def test_the_record_states_every_field_and_the_channel_console(whole: Whole, seat: Any) -> None:
    page = opened(seat)
    page.fill("#persons", "1283")
    page.fill("#households", "240")
    page.select_option("#household_unit", "yards")
    page.check("#persons-estimated")
    page.fill("#origin", "leilek")
    page.fill("#origin-locality", "Айыл")
    page.fill("#destination", "batken city")
    page.fill("#destination-locality", "Мектеп 1")
    page.select_option("#shelter", "mosque")
    page.select_option("#reason", "repeated_hazards")
    page.fill("#counted", "05.05.2026 21:47")
    page.select_option("#mobility", "migration")
    expect(page.locator("#occurred_at_precision")).to_have_value("month")
    page.select_option("#mobility", "evacuation")
    expect(page.locator("#occurred_at_precision")).to_have_value("day")
    expect(page.locator("#left-hour")).to_be_hidden()
    page.fill("#left", "04.05.2026")
    page.select_option("#occurred_at_precision", "hour")
    page.fill("#left-hour", "25:10")
    page.click("#send")
    expect(page.locator("#failure")).to_contain_text("At what time they left, Bishkek time (hh:mm)")
    expect(page.locator("#left-hour")).to_be_focused()
    page.fill("#left-hour", "06:10")
    page.check("#full-recount")
    page.fill("#hazard", "mud")
    page.select_option("#evacuation", "reactive")
    page.fill("#notes", "Ask for the head teacher")
    page.click("summary:has-text('By sex and age')")
    page.get_by_label("Female, 60+").fill("41")
    page.locator("[name=needs][value=water]").press("Space")
    page.check("#is-urgent")
    page.click("#send")
    expect(page.locator("#answer-text")).to_contain_text("persons: 1283 (estimated) · yards: 240")
    report_id = page.locator("#answer").get_attribute("data-report") or ""
    (received,) = in_thread(records(whole.installation, "displacements", report_id))
    group, sealed = received.event.data, received.opened.sealed
    assert (group.kind, group.channel, group.measure) == ("group", "console", "stock")
    assert (group.persons, group.persons_estimated, group.households, group.household_unit) == (
        1283,
        True,
        240,
        "yards",
    )
    assert (group.origin_locality, group.destination_locality) == ("Айыл", "Мектеп 1")
    assert group.origin.pcode == LEILEK and group.destination.pcode != LEILEK
    assert (group.shelter, group.is_full_recount, group.reasons) == ("mosque", True, ("repeated_hazards",))
    assert (group.counted_at, group.counted_at_precision) == (datetime(2026, 5, 5, 15, 47, tzinfo=UTC), "hour")
    assert (group.occurred_at, group.occurred_at_precision) == (datetime(2026, 5, 4, 0, 10, tzinfo=UTC), "hour")
    assert (group.hazard_type, group.mobility, group.evacuation) == ("mudflow", "evacuation", "reactive")
    assert group.is_urgent
    assert sealed["notes"] == "Ask for the head teacher"
    assert (sealed["sex_age"], sealed["needs"]) == ([{"sex": "female", "age": "60+", "count": 41}], ["water"])
    assert "teacher" not in group.model_dump_json()


def test_the_present_district_follows_the_origin_until_it_is_typed(seat: Any) -> None:
    page = begun(seat)
    expect(page.locator("#destination")).to_have_value("Kadamjai rayon, Batken oblast")
    page.fill("#destination", "leilek")
    page.fill("#origin", "batken city")
    page.focus("#notes")
    expect(page.locator("#destination")).to_have_value("Leilek rayon, Batken oblast")


# Two consecutive errors have different sentences. If the sentences were equal, the test would not wait for the second
# sentence.
ERRORS = (
    ("#persons", "", "Fill in: Number of persons"),
    ("#origin", "", "Fill in: District or city"),
    ("#persons", "-1", "Check these fields: Number of persons"),
    ("#origin", "Ош", "Fill in: District or city"),
    ("#persons", "2.5", "Check these fields: Number of persons"),
    ("#left", "31.02.2026", "Check this field: When they left (dd.mm.yyyy)"),
    ("#counted", "31.02.2026 09:05", "Check this field: When they were counted, Bishkek time (dd.mm.yyyy hh:mm)"),
    ("#left", "", "Check this field: When they left (dd.mm.yyyy)"),
    ("#counted", "24.12.2027 09:05", "Check this field: When they were counted, Bishkek time. The time is in the"),
    ("#left", "24.12.2027", "Check this field: When they left. The time is in the future."),
    ("#hazard", "xyzzy", "Check these fields: Hazard"),
)


def test_an_error_is_shown_at_its_field_and_nothing_is_sent(seat: Any) -> None:
    page = begun(seat)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/displacements" in request.url else None)
    for selector, text, failure in ERRORS:
        field = page.locator(selector)
        expect(field).not_to_have_attribute("aria-invalid", "true")
        right = "kadamjai" if selector == "#origin" else field.input_value()
        field.fill(text)
        page.keyboard.press("Control+Enter")
        expect(page.locator("#failure")).to_contain_text(failure)
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        field.fill(right)
    assert sent == []


def test_an_estimate_needs_the_number_it_was_estimated_from(seat: Any) -> None:
    page = begun(seat)
    page.check("#persons-estimated")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#failure")).to_contain_text("fill in their number")
    expect(page.locator("#households")).to_be_focused()


def test_a_refusal_of_intake_is_shown_at_its_field_with_what_was_typed(seat: Any) -> None:
    page = begun(seat, persons="1000001")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.click("#send")
    expect(page.locator("#failure")).to_have_text("Check these fields: Number of persons")
    expect(page.locator("#persons")).to_be_focused()
    expect(page.locator("#persons")).to_have_value("1000001")
    for selector in ("#failure", "#persons"):
        expect(page.locator(selector)).to_be_in_viewport(ratio=1)
    expect(page.locator("#persons-problem")).to_have_text(
        "Not accepted: check this field. At most 1000000 is expected."
    )
    page.fill("#persons", "100")
    expect(page.locator("#persons-problem")).to_have_count(0)


def test_a_count_whose_answer_was_lost_is_sent_again_as_a_repeat(seat: Any) -> None:
    page = begun(seat)
    page.route("**/intake/v1/displacements", taken_but_not_told, times=1)
    page.click("#send")
    expect(page.locator("#failure")).to_contain_text("send again")
    page.click("#send")
    expect(page.locator("#answer-text")).to_contain_text("Already accepted")


def test_a_misheard_number_is_corrected_in_the_sent_form(whole: Whole, seat: Any) -> None:
    today = datetime.now(TIME_ZONE)
    days_of_the_call = [f"{today + timedelta(days=days):%d.%m.%Y}" for days in (0, 1)]  # midnight may pass
    page = begun(seat, persons="62")
    page.fill("#destination-locality", "Чайкана")
    page.click("#send")
    page.click("#correct")
    page.fill("#persons", "26")
    expect(page.locator("#counted_at_precision")).to_have_value("hour")
    page.select_option("#counted_at_precision", "day")
    expect(page.locator("#counted")).to_have_value(re.compile("|".join(days_of_the_call)))
    page.fill("#counted", "05.05.2026")
    with page.expect_request("**/intake/v1/displacements") as sent:
        page.click("#send")
    expect(page.locator("#answer-text")).to_contain_text("Accepted: persons: 26")
    body = sent.value.post_data_json or {}
    assert (body["counted_at"], body["counted_at_precision"]) == ("2026-05-05T06:00:00.000Z", "day")
    page.goto(f"{whole.url}/")
    row = page.locator("#panel-households .groups tbody tr", has_text="Чайкана")
    expect(row.locator(".number .strong")).to_have_text("26")


def test_the_next_count_of_a_call_keeps_the_district_of_origin_and_the_event(whole: Whole, seat: Any) -> None:
    hazard_id = known_hazard(whole, KADAMJAI, severity="Extreme")  # the first of five proposals
    page = begun(seat)
    event = page.locator(f"#event-question input[value='{hazard_id}']")
    event.press("Space")
    with page.expect_request("**/intake/v1/displacements") as sent:
        page.click("#send")
    assert (sent.value.post_data_json or {})["hazard_id"] == hazard_id
    page.click("#another")
    expect(event).to_be_checked()
    expect(page.locator("#persons")).to_be_focused()
    expect(page.locator("#persons")).to_have_value("")
    expect(page.locator("#origin")).to_have_value("Kadamjai rayon, Batken oblast")
    expect(page.locator("#destination")).to_have_value("Kadamjai rayon, Batken oblast")


def test_a_half_written_count_asks_before_the_page_is_left(seat: Any) -> None:
    leaving_asks(begun(seat))


def leaving_asks(page: Page) -> None:
    """Tries to leave the form's page. The browser must ask whether to leave; the test answers "no"."""
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    url = page.url
    page.on("dialog", stay)
    page.get_by_role("link", name="Back to the board").click()
    wait_for_call(page, asked)
    assert asked == ["beforeunload"]
    assert page.url == url


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST])
def test_who_may_not_count_finds_no_link_and_no_page(whole: Whole, seat: Any, role: Role) -> None:
    page = seat(role).open("/")
    expect(page.get_by_role("link", name="New count")).to_have_count(0)
    answer = page.goto(f"{whole.url}/new-count")
    assert answer is not None and answer.status == 403


def test_the_board_and_the_navigation_lead_to_the_form(seat: Any) -> None:
    page = seat(Role.REGISTRAR).open("/")
    expect(page.locator("nav").get_by_role("link", name="New count")).to_be_visible()
    page.locator("#panel-households header").get_by_role("link", name="New count").click()
    expect(page.locator("#persons")).to_be_focused()
