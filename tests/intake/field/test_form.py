"""The form asks about persons, places and times, lists missing answers, and is empty for each new report."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from shared.auth.tokens import Role
from tests.browsers import CUT_IN_LINES
from tests.intake.field.phones import FORM, Centre, choose_pin, filled, kept_reports, opened, sent, signed_in

FOUND_LATE = """
navigator.geolocation.getCurrentPosition = (found, failed) => Object.assign(window, { found, failed });
"""


@pytest.mark.parametrize(
    "late", ["found({ coords: { latitude: 40.1, longitude: 71.2, accuracy: 8 } })", "failed({ code: 3 })"]
)
def test_a_position_found_late_is_not_given_to_the_next_household(
    phone: BrowserContext, centre: Centre, late: str
) -> None:
    page = opened(phone, centre, script=FOUND_LATE)
    page.click("#locate")
    filled(page)
    page.evaluate(late)
    assert page.locator("#located").is_hidden()
    filled(page)
    assert [report["body"].get("destination_point") for report in kept_reports(page, centre)] == [None, None]


def test_a_position_found_in_time_belongs_to_the_report(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre, script=FOUND_LATE)
    page.click("#locate")
    page.evaluate("found({ coords: { latitude: 40.1, longitude: 71.2, accuracy: 8 } })")
    expect(page.locator("#located")).to_have_text("Location added, within 8 m")
    filled(page)
    [kept] = kept_reports(page, centre)
    assert kept["body"]["destination_point"] == {"lat": 40.1, "lon": 71.2, "accuracy": 8}
    expect(page.locator("#located")).to_be_hidden()
    page.click("#reports >> text=Correct")
    expect(page.locator("#located")).to_have_text("Location added, within 8 m")


DRAWN = """() => import(document.querySelector("script[type=module]").src.replace("field.js", "uuid.js"))
    .then((ids) => [ids.uuid(), ids.uuid()])"""
EVENING, MORNING = datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 2, 2, tzinfo=UTC)


def opened_in_the_evening(phone: BrowserContext, centre: Centre) -> Page:
    page = phone.new_page()
    page.clock.set_fixed_time(EVENING)
    page.goto(f"{centre.url}{FORM}?lang=en")
    choose_pin(page)
    return page


def left_open_overnight(phone: BrowserContext, centre: Centre, chosen: str = "") -> Page:
    page = opened_in_the_evening(phone, centre)
    expect(page.locator("#occurred")).to_have_value("2026-03-01")
    if chosen:
        page.fill("#occurred", chosen)
    page.clock.set_fixed_time(MORNING)
    return page


@pytest.mark.parametrize(("chosen", "then"), [("", "2026-03-02"), ("2026-02-27", "2026-02-27")])
def test_a_form_left_open_overnight_shows_the_new_day(
    phone_with_set_clock: BrowserContext, centre: Centre, chosen: str, then: str
) -> None:
    page = left_open_overnight(phone_with_set_clock, centre, chosen)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#occurred")).to_have_value(then)
    expect(page.locator("#occurred")).to_have_attribute("max", "2026-03-02")


@pytest.mark.parametrize("chosen", ["", "2026-03-02"])
def test_a_report_of_today_is_accepted_from_a_form_left_open_overnight(
    phone_with_set_clock: BrowserContext, centre: Centre, chosen: str
) -> None:
    page = left_open_overnight(phone_with_set_clock, centre, chosen)
    filled(page)
    [kept] = kept_reports(page, centre)
    assert kept["body"]["occurred_at"].startswith("2026-03-02")


def test_a_report_begun_before_midnight_keeps_the_day_that_it_shows(
    phone_with_set_clock: BrowserContext, centre: Centre
) -> None:
    page = opened_in_the_evening(phone_with_set_clock, centre)
    page.fill("#phone", "+996 555 010203")
    page.clock.set_fixed_time(MORNING)
    filled(page)
    [kept] = kept_reports(page, centre)
    assert kept["body"]["occurred_at"].startswith("2026-03-01")


def test_the_day_of_a_report_corrected_overnight_stays(phone_with_set_clock: BrowserContext, centre: Centre) -> None:
    page = opened_in_the_evening(phone_with_set_clock, centre)
    filled(page)
    page.click("#reports >> text=Correct")
    page.clock.set_fixed_time(MORNING)
    page.click("#send")
    expect(page.locator("#correcting")).to_be_hidden()
    [kept] = kept_reports(page, centre)
    assert kept["body"]["occurred_at"].startswith("2026-03-01")


def test_a_group_with_counts_by_sex_and_age(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    page.check("input[value=group]", force=True)
    page.click("summary >> text=Count by sex and age")
    page.fill("[data-sex=female][data-age='0-5']", "12")
    filled(page, persons="10")
    expect(page.locator("#wrong")).to_have_text("Count by sex and age: 12 in all, but the number of persons is 10")
    expect(page.locator("#wrong")).to_be_in_viewport(ratio=1)
    page.fill("#persons", "120")
    page.click("#send")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")


def test_an_incomplete_list_of_persons_does_not_change_the_number(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    page.fill("#persons", "2")
    page.click("summary >> text=List the persons")
    page.click("#add-member")
    expect(page.locator("#persons")).to_have_value("2")
    filled(page, persons="2")
    expect(page.locator("#wrong")).to_contain_text("Number of persons: 2, but persons listed: 1")
    page.click("#add-member")
    page.click("#add-member")
    expect(page.locator("#persons")).to_have_value("3")
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("[data-remove]").last.click()
    sent(page)
    [kept] = kept_reports(page, centre)
    assert (kept["body"]["persons"], len(kept["body"]["members"])) == (2, 2)


def test_missing_fields_are_named(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    page.click("#send")
    expect(page.locator("#wrong")).to_have_text("Where they come from: must be filled in Also to be checked: 2")
    expect(page.locator("#wrong")).to_be_in_viewport(ratio=1)
    assert page.locator("#reports li").count() == 0


def test_each_invalid_field_is_named_with_its_reason(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    page.click("#counts summary")
    for age in ("0-5", "6-11"):
        page.fill(f"[data-sex=female][data-age='{age}']", "-1")
    filled(page)
    expect(page.locator("#wrong")).to_have_text(
        "Count by sex and age, Female, 0–5: must be 0–100000 Also to be checked: 1"
    )


COVERED = """() => {
  const { top, bottom } = document.activeElement.getBoundingClientRect();
  const bar = document.querySelector(".send").getBoundingClientRect();
  const is_bar = document.activeElement.closest(".send") || document.activeElement === document.body;
  return !is_bar && bottom > bar.top && top < bar.bottom;
}"""


def test_no_focused_field_is_hidden_under_the_button(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre, "ru")
    page.focus("input[name=kind]")
    for _ in range(40):
        page.keyboard.press("Tab")
        assert not page.evaluate(COVERED), page.evaluate("document.activeElement.id || document.activeElement.value")


def test_a_page_without_https_still_generates_ids(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre, script="crypto.randomUUID = undefined")
    drawn: Any = page.evaluate(DRAWN)
    assert all(uuid[14] == "4" and uuid[19] in "89ab" and len(uuid) == 36 for uuid in drawn)
    assert drawn[0] != drawn[1]


def ranked(page: Page, *reasons: str) -> None:
    page.select_option("#reason", reasons[0])
    for rank, reason in enumerate(reasons[1:], 2):
        page.tap("#add-reason")
        page.select_option(f"#reason-{rank}", reason)


def test_up_to_three_reasons_are_ranked_and_a_correction_shows_them(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    # a preset reason would be sent by mistake
    expect(page.locator("#reason")).to_have_value("not_reported")
    expect(page.locator("#reason-2")).to_be_hidden()
    ranked(page, "pasture_degradation", "other", "economic")
    expect(page.locator("#add-reason")).to_be_hidden()
    page.fill("#reason-text", "мал кырылды")
    page.select_option("#shelter", "pasture_camp")
    filled(page)
    [kept] = kept_reports(page, centre)
    assert kept["body"]["reasons"] == ["pasture_degradation", "other", "economic"]
    assert (kept["body"]["reason_text"], kept["body"]["shelter"]) == ("мал кырылды", "pasture_camp")
    expect(page.locator("#reason-2")).to_be_hidden()
    page.click("#reports >> text=Correct")
    expect(page.locator("#reason-3")).to_have_value("economic")
    expect(page.locator("#reason-text")).to_have_value("мал кырылды")


def test_each_reason_is_reported_once_and_words_only_with_the_reason_other(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    ranked(page, "other", "drought", "drought")
    page.fill("#reason-text", "мал кырылды")
    page.select_option("#reason", "not_reported")
    expect(page.locator("#reason-text")).to_be_hidden()
    filled(page)
    [kept] = kept_reports(page, centre)
    assert kept["body"]["reasons"] == ["drought"]
    assert "reason_text" not in kept["body"]


@pytest.mark.parametrize(
    ("language", "title"), [("ky", "Жаңы билдирүү"), ("ru", "Новое донесение"), ("en", "New report")]
)
def test_the_form_fits_the_smallest_phone_and_shows_every_choice_whole(
    phone: BrowserContext, centre: Centre, language: str, title: str
) -> None:
    page = opened(phone, centre, language)
    expect(page.locator("#form-title")).to_have_text(title)
    ranked(page, "water_scarcity_irrigation", "other", "repeated_hazards")
    page.click("summary:has(+ * #members)")
    page.click("#add-member")
    page.click("[data-functioning] summary")
    for kind in ("household", "group", "household_movement"):
        page.check(f"input[value={kind}]", force=True)
        for width in (320, 360, 1366):
            page.set_viewport_size({"width": width, "height": 740})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            lists = page.locator("#report select:visible")
            assert lists.count() and lists.evaluate_all(CUT_IN_LINES) == [], (kind, width)


def test_an_age_is_reported_with_the_day_on_which_it_was_told(
    phone_with_set_clock: BrowserContext, centre: Centre
) -> None:
    page = opened_in_the_evening(phone_with_set_clock, centre)
    page.click("summary >> text=List the persons")
    page.click("#add-member")
    page.fill("[data-born]", "34")
    page.fill("#persons", "1")
    page.click("[data-functioning] summary")
    page.select_option("[data-domain=seeing]", "some_difficulty")
    page.select_option("[data-domain=memory]", "dont_know")
    filled(page, persons="1")
    [kept] = kept_reports(page, centre)
    [member] = kept["body"]["members"]
    assert (member["age"], member["age_reported_on"]) == (34, "2026-03-01")
    assert member["functioning"] == {"seeing": "some_difficulty", "memory": "dont_know"}
    page.clock.set_fixed_time(MORNING)
    page.click("#reports >> text=Correct")
    sent(page)
    [kept] = kept_reports(page, centre)
    assert kept["body"]["members"] == [member]


def test_difficulties_in_functioning_are_asked_from_the_age_of_5(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    page.click("summary >> text=List the persons")
    page.click("#add-member")
    page.click("[data-functioning] summary")
    page.select_option("[data-domain=walking]", "cannot_do_at_all")
    page.fill("[data-born]", "4")
    page.click("[data-functioning] summary")
    page.click("summary >> text=List the persons")
    filled(page, persons="1")
    expect(page.locator("#wrong")).to_contain_text("Person 1: difficulties in functioning are asked from the age of 5")
    expect(page.locator("[data-domain=walking]")).to_be_focused()
    page.select_option("[data-domain=walking]", "")
    expect(page.locator("[data-functioning]")).to_be_hidden()
    sent(page)
    [kept] = kept_reports(page, centre)
    assert "functioning" not in kept["body"]["members"][0]
