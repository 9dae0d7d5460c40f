"""The form refuses impossible values.

The form shows the wrong field and the reason. A person must confirm unlikely values.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, expect

from tests.browsers import wait_for_script
from tests.intake.field.phones import Centre, filled, kept_reports, opened, sent

IN_VIEW = """() => {
  const field = document.activeElement.getBoundingClientRect();
  const bar = document.querySelector(".send").getBoundingClientRect();
  return field.top >= 0 && field.bottom <= bar.top;
}"""


NO_BIRTH = "must be a date like 14.03.1985, a year like 1985, or an age like 41"


def open_list(page: Page) -> None:
    if not page.locator("#add-member").is_visible():
        page.click("summary >> text=List the persons")


def with_person(page: Page, born: str) -> None:
    open_list(page)
    page.click("#add-member")
    page.fill("[data-born]", born)


def many(page: Page) -> None:
    filled(page, persons="31")


def unborn(page: Page) -> None:
    with_person(page, "2031")
    filled(page, persons="1")


def born_tomorrow(page: Page) -> None:
    with_person(page, "31.12.2099")
    filled(page, persons="1")


def older_than_anybody(page: Page) -> None:
    with_person(page, "1904")
    filled(page, persons="1")


def long_ago(page: Page) -> None:
    page.fill("#occurred", "1989-12-31")
    filled(page)


def to_come(page: Page) -> None:
    page.fill("#occurred", "2099-12-01")
    filled(page)


def same_place(page: Page) -> None:
    page.select_option("#origin-oblast", "RU")
    page.select_option("#destination-oblast", "RU")
    page.fill("#persons", "4")
    page.click("#send")


UNLIKELY: tuple[tuple[Callable[[Page], None], str], ...] = (
    (many, "Number of persons: 31 in one household"),
    (unborn, "Person 1: born: 2031"),
    (born_tomorrow, "Person 1: born: 31.12.2099"),
    (older_than_anybody, "Person 1: born: 1904"),
    (long_ago, "When they left: 31.12.1989, before 1990"),
    (to_come, "When they left: 01.12.2099 is in the future"),
    (same_place, "Where they are now: Russia, the same as where they come from"),
)


def test_an_unlikely_value_is_sent_once_it_is_confirmed(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    for sent_before, (fill, sentence) in enumerate(UNLIKELY):
        fill(page)
        expect(page.locator("#odd-values")).to_have_text(sentence)
        expect(page.locator("#odd")).to_be_focused()
        expect(page.locator("#odd")).to_be_in_viewport(ratio=1)
        assert len(kept_reports(page, centre)) == sent_before
        sent(page)
        expect(page.locator("#reports li")).to_have_count(sent_before + 1)


def test_a_changed_field_is_asked_about_again(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    many(page)
    expect(page.locator("#send")).to_have_text("Yes, send")
    page.fill("#persons", "32")
    expect(page.locator("#odd")).to_be_hidden()
    page.click("#send")
    expect(page.locator("#odd-values")).to_have_text("Number of persons: 32 in one household")
    page.fill("#persons", "3")
    page.click("#send")
    expect(page.locator("#reports li")).to_have_count(1)


def test_people_who_could_not_leave_stay_at_their_origin_without_a_question(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    page.select_option("#mobility", "unable_to_move")
    same_place(page)
    expect(page.locator("#reports li")).to_have_count(1)


ERRORS = (
    ("[data-born]", "1800", f"Person 1, Birth date, birth year or age: {NO_BIRTH}"),
    ("[data-name=personal_number]", "2123456789012", "Person 1, Personal number: must have 14 digits"),
    ("[data-born]", "31.02.1985", f"Person 1, Birth date, birth year or age: {NO_BIRTH}"),
    ("#phone", "номер", "Telephone: digits, spaces, + and brackets only"),
    ("#occurred", "", "When they left: must be a date"),
    ("#persons", "1.5", "Number of persons: must be a whole number"),
)


def test_an_error_is_shown_at_its_field_with_the_focus_in_view(phone: BrowserContext, centre: Centre) -> None:
    """An error in a closed section of the form must open the section."""
    page = opened(phone, centre)
    with_person(page, "1990")
    page.select_option("#origin-oblast", "RU")
    page.select_option("#destination-oblast", "KZ")
    for selector, value, sentence in ERRORS:
        field = page.locator(selector)
        open_list(page)
        right = field.input_value()
        field.fill(value)
        page.click("summary >> text=List the persons")
        page.click("#send")
        expect(page.locator("#wrong")).to_have_text(sentence)
        expect(field).to_be_focused()
        wait_for_script(page, IN_VIEW)
        expect(page.locator(".problem")).to_have_text(sentence)
        field.fill(right)


def test_a_person_is_removed_only_after_asking(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    with_person(page, "1990")
    page.fill("[data-name=given_name]", "Айгүл")
    urls: list[str] = []

    def decline(dialog: Dialog) -> None:
        urls.append(dialog.message)
        dialog.dismiss()

    page.once("dialog", decline)
    page.click("[data-remove]")
    assert urls == ["Remove from the list: Person 1, Айгүл?"]
    expect(page.locator(".member")).to_have_count(1)
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("[data-remove]")
    expect(page.locator(".member")).to_have_count(0)


@pytest.mark.parametrize(("language", "name"), [("ky", "Германия"), ("ru", "Германия"), ("en", "Germany")])
def test_every_country_is_found_by_its_name(phone: BrowserContext, centre: Centre, language: str, name: str) -> None:
    page = opened(phone, centre, language)
    codes = page.evaluate("JSON.parse(document.getElementById('countries').textContent).map(({ value }) => value)")
    assert len(codes) == len(set(codes)) == 248  # ISO 3166-1 has 249 countries; the form's list omits Kyrgyzstan
    filled(page, send=False)
    page.select_option("#destination-oblast", "other")
    page.fill("#destination-country", name[:5])
    page.locator("#destination-country-list li", has_text=name).tap()
    expect(page.locator("#destination-country")).to_have_value(name)
    sent(page)
    [kept] = kept_reports(page, centre)
    assert kept["body"]["destination"] == {"country": "DE"}
    expect(page.locator("#reports .muted").first).to_contain_text(name)
    page.click("#reports button >> nth=0")
    expect(page.locator("#destination-country")).to_have_value(name)


def test_a_country_that_is_not_in_the_list_must_be_corrected(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    filled(page, send=False)
    page.select_option("#destination-oblast", "other")
    page.fill("#destination-country", "Atlantis")
    page.click("#send")
    expect(page.locator("#wrong")).to_contain_text("Where they are now: must be filled in")


def test_abroad_with_an_unknown_country_is_not_the_same_as_not_known(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    for code in ("XX", "ZZ"):
        filled(page, send=False)
        page.select_option("#destination-oblast", code)
        sent(page)
    assert sorted(report["body"]["destination"]["country"] for report in kept_reports(page, centre)) == ["XX", "ZZ"]


@pytest.mark.parametrize(
    ("mobility", "chosen", "precision"),
    [("displacement", "", "day"), ("migration", "", "month"), ("migration", "season", "season")],
)
def test_the_form_asks_how_exactly_the_date_is_known(
    phone: BrowserContext, centre: Centre, mobility: str, chosen: str, precision: str
) -> None:
    page = opened(phone, centre)
    if chosen:
        page.select_option("#occurred-precision", chosen)
    page.select_option("#mobility", mobility)
    filled(page)
    [kept] = kept_reports(page, centre)
    assert kept["body"]["occurred_at_precision"] == precision
    page.click("#reports >> text=Correct")
    expect(page.locator("#occurred-precision")).to_have_value(precision)


def test_the_hour_is_asked_only_where_it_is_known(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    expect(page.locator("#occurred-time")).to_be_hidden()
    page.fill("#occurred", "2026-05-05")
    page.select_option("#occurred-precision", "hour")
    filled(page)
    expect(page.locator("#wrong")).to_contain_text("Time: must be filled in")
    page.fill("#occurred-time", "21:40")
    sent(page)
    [kept] = kept_reports(page, centre)
    assert (kept["body"]["occurred_at"], kept["body"]["occurred_at_precision"]) == ("2026-05-05T15:40:00.000Z", "hour")
    page.click("#reports >> text=Correct")
    expect(page.locator("#occurred")).to_have_value("2026-05-05")
    expect(page.locator("#occurred-time")).to_have_value("21:40")


def test_how_people_were_evacuated_is_asked_of_evacuations_alone(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    expect(page.locator("#evacuation")).to_be_hidden()
    page.select_option("#mobility", "evacuation")
    page.select_option("#evacuation", "pre_emptive")
    filled(page)
    page.click("#reports >> text=Correct")
    expect(page.locator("#evacuation")).to_have_value("pre_emptive")
    page.select_option("#mobility", "displacement")
    sent(page)
    [kept] = kept_reports(page, centre)
    assert "evacuation" not in kept["body"]


def test_reports_without_names_are_distinguishable_in_the_list_below_the_form(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    filled(page, persons="4")
    filled(page, persons="7")
    expect(page.locator("#reports .muted")).to_contain_text(["persons: 7", "persons: 4"])
    for muted in page.locator("#reports .muted").all_inner_texts():
        assert "Kadamjai rayon → Russia" in muted
    codes = [report["body"]["report_id"][-4:].upper() for report in kept_reports(page, centre)]
    titles = page.locator("#reports strong").all_inner_texts()
    assert sorted(title.split()[-1] for title in titles) == sorted(codes)
    form, reports = (page.locator(each).bounding_box() for each in ("#report", "#kept-reports"))
    assert form and reports and reports["y"] >= form["y"] + form["height"]
    expect(page.locator("#to-reports")).to_have_text("Reports on this phone: 2, not sent: 2")
