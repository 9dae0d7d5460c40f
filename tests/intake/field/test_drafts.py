"""What is begun on the phone is not lost on the way, and is not another's; the form is there only where it works."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from shared.auth import Role
from tests.browsers import SLOW_MS
from tests.intake.field.phones import FORM, Centre, begun, filled, keep_account, kept_reports, opened, signed_in

NOTES = "sleeps at Айгүл's"


def half_written(page: Page) -> None:
    page.select_option("#origin-oblast", "KG05000000000")
    page.select_option("#origin-district", "KG05258000000")
    page.click("summary >> nth=0")
    page.click("#add-member")
    page.fill("[data-name=family_name]", "Токтогулова")
    begun(page)


def holds_what_was_written(page: Page) -> None:
    expect(page.locator("#notes")).to_have_value(NOTES)
    expect(page.locator("#origin-district")).to_have_value("KG05258000000")
    expect(page.locator("#destination-oblast")).to_have_value("")
    expect(page.locator("#members [data-name=family_name]")).to_have_value("Токтогулова")


def test_what_was_begun_is_read_on_in_another_language(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    half_written(page)
    page.click(".languages [lang=ky]")
    expect(page.locator("#form-title")).to_have_text("Жаңы билдирүү")
    holds_what_was_written(page)
    page.select_option("#destination-oblast", "RU")
    page.click("#send")
    expect(page.locator("#reports .is-good")).to_have_count(1, timeout=SLOW_MS)
    page.reload()
    expect(page.locator("#notes")).to_have_value("")
    page.go_back()
    expect(page.locator("#form-title")).to_have_text("New report")
    expect(page.locator("#notes")).to_have_value("")


def test_a_number_that_nobody_gave_is_not_one_in_another_language(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    begun(page)
    page.click(".languages [lang=ru]")
    expect(page.locator("#notes")).to_have_value(NOTES)
    expect(page.locator("#persons")).to_have_value("")


def test_a_correction_goes_on_as_one(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    filled(page)
    expect(page.locator("#reports .is-good")).to_have_count(1, timeout=SLOW_MS)
    page.click("#reports >> text=Correct")
    begun(page)
    page.reload()
    expect(page.locator("#correcting")).to_be_visible()
    page.click("#send")
    expect(page.locator("#reports strong")).to_contain_text("correction 1")
    [report] = kept_reports(page)
    assert report["body"]["notes"] == NOTES


@pytest.mark.parametrize("is_given_up", [False, True])
def test_what_was_begun_makes_room_for_a_correction_only_when_its_author_says_so(
    phone: BrowserContext, centre: Centre, is_given_up: bool
) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    filled(page)
    begun(page)
    page.on("dialog", lambda dialog: dialog.accept() if is_given_up else dialog.dismiss())
    page.click("#reports >> text=Correct")
    expect(page.locator("#notes")).to_have_value("" if is_given_up else NOTES)
    expect(page.locator("#correcting")).to_be_visible(visible=is_given_up)


def test_what_was_begun_is_no_other_account_s(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    begun(page)
    page.goto("about:blank")
    other = opened(phone, centre)
    keep_account(other, "Гүлзат")
    page.go_back()
    expect(page.locator("#account-name")).to_have_text("Гүлзат")
    expect(page.locator("#notes")).to_have_value("")
    assert NOTES not in page.evaluate("JSON.stringify(sessionStorage)")


def test_without_its_scripts_nothing_can_be_written_that_an_address_would_tell(
    phone: BrowserContext, centre: Centre
) -> None:
    page = phone.new_page()
    page.route("**/*.js", lambda route: route.abort())
    page.goto(f"{centre.url}{FORM}?lang=en")
    expect(page.locator("#opening")).to_contain_text("open this page again")
    expect(page.locator("#report")).to_be_hidden()


REFUSED = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException(); } })"


@pytest.mark.parametrize(
    ("language", "told"), [("en", "may keep nothing"), ("ru", "ничего не может сохранить"), ("ky", "сактай албайт")]
)
def test_a_browser_that_keeps_nothing_is_told_before_anybody_writes(
    phone: BrowserContext, centre: Centre, language: str, told: str
) -> None:
    phone.add_init_script(REFUSED)
    page = phone.new_page()
    page.goto(f"{centre.url}{FORM}?lang={language}")
    expect(page.locator("#opening")).to_contain_text(told)
    expect(page.locator("#report")).to_be_hidden()
