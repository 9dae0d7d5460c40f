"""Several people may share a phone. Each report has the author and sign-in of the person who wrote it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from shared.auth.tokens import Role
from tests.console.conftest import PASSWORD
from tests.console.test_rights import link_of
from tests.intake.field.phones import (
    FORM,
    Centre,
    begun,
    choose_pin,
    filled,
    keep_account,
    kept_reports,
    opened,
    signed_in,
)

YEAR = timedelta(days=366)


def test_a_401_keeps_every_report(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    keep_account(page, "Гүлзат")
    page.reload()
    filled(page)
    expect(page.locator("#sign-in-again")).to_be_visible()
    expect(page.locator("#reports .answer")).to_have_text(["Saved on this phone. Sign in again to send it."])


def test_a_report_is_not_sent_under_another_accounts_name(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    keep_account(page, "Гүлзат")
    page.reload()
    filled(page)
    signed_in(page, centre.account(Role.FIELD))
    expect(page.locator("#reports .answer")).to_have_text("Written by Гүлзат: sign in with that name to send it")


def test_a_report_cannot_be_opened_by_another_account(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    filled(page)
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    page.click("#reports >> text=Correct")
    page.fill("#notes", "sleeps at Айгүл's")
    page.click("#sign-out")
    expect(page.locator("#notes")).to_have_value("")
    signed_in(page, centre.account(Role.FIELD))
    expect(page.locator("#reports button")).to_have_text(["Remove from this phone"])


def test_a_draft_is_neither_read_nor_sent_by_another_account(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    begun(page)
    page.click("#sign-out")
    expect(page.locator("#notes")).to_have_value("")


def test_a_draft_from_before_the_sign_in_belongs_to_the_first_account_that_signs_in(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    begun(page)
    signed_in(page, centre.account(Role.FIELD))
    expect(page.locator("#notes")).to_have_value("sleeps at Айгүл's")
    page.click("#sign-out")
    expect(page.locator("#notes")).to_have_value("")


def draft(page: Page, *, is_correction: bool) -> None:
    if is_correction:
        filled(page)
        expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
        page.click("#reports >> text=Correct")
    begun(page)


@pytest.mark.parametrize("is_correction", [False, True])
def test_a_report_open_in_one_tab_is_not_sent_by_an_account_that_signs_in_in_another(
    phone: BrowserContext, centre: Centre, is_correction: bool
) -> None:
    author, other = centre.account(Role.FIELD), centre.account(Role.FIELD)
    page = opened(phone, centre)
    signed_in(page, author)
    draft(page, is_correction=is_correction)
    second = opened(phone, centre)
    second.click("#sign-out")
    expect(page.locator("#notes")).to_have_value("")
    expect(page.locator("#signing")).to_be_visible()
    signed_in(second, other)
    expect(page.locator("#account-name")).to_have_text(other)
    assert [report["account"] for report in kept_reports(page, centre)] == [author] * is_correction


@pytest.mark.parametrize("is_correction", [False, True])
def test_a_tab_that_missed_another_accounts_sign_in_sends_nothing(
    phone: BrowserContext, centre: Centre, is_correction: bool
) -> None:
    author = centre.account(Role.FIELD)
    page = opened(phone, centre)
    signed_in(page, author)
    draft(page, is_correction=is_correction)
    before = kept_reports(page, centre)
    keep_account(page, centre.account(Role.FIELD))
    filled(page)
    expect(page.locator("#wrong")).to_contain_text("The account on this phone changed while you wrote.")
    expect(page.locator("#notes")).to_have_value("")
    assert kept_reports(page, centre) == before


def test_a_page_that_wakes_shows_the_present_account(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    begun(page)
    keep_account(page, "Гүлзат")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#account-name")).to_have_text("Гүлзат")
    expect(page.locator("#notes")).to_have_value("")


def test_a_draft_outlives_its_authors_sign_in(phone: BrowserContext, centre: Centre) -> None:
    author = centre.account(Role.FIELD)
    page = opened(phone, centre)
    keep_account(page, author)
    page.reload()
    filled(page)
    expect(page.locator("#sign-in-again")).to_be_visible()
    begun(page)
    signed_in(page, author)
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    expect(page.locator("#notes")).to_have_value("sleeps at Айгүл's")


def test_a_name_in_another_letter_case_is_the_same_account(phone: BrowserContext, centre: Centre) -> None:
    author = centre.account(Role.FIELD)
    page = opened(phone, centre)
    keep_account(page, author.upper())
    page.reload()
    filled(page)
    expect(page.locator("#sign-in-again")).to_be_visible()
    begun(page)
    signed_in(page, author.capitalize(), shown=author)
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    expect(page.locator("#reports button")).to_have_text(["Correct", "What happened later", "Remove from this phone"])
    expect(page.locator("#notes")).to_have_value("sleeps at Айгүл's")


def test_a_phone_with_an_expired_sign_in_sends_its_reports_and_says_what_to_do(
    fresh_phone: BrowserContext, centre: Centre
) -> None:
    page = fresh_phone.new_page()
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.url.endswith("/displacements:sealed") else None)
    page.clock.install(time=datetime.now(UTC) - YEAR)
    page.goto(f"{centre.url}{FORM}?lang=en")
    choose_pin(page)
    author = centre.account(Role.FIELD)
    signed_in(page, author)
    page.clock.fast_forward(int(YEAR.total_seconds() * 1000))
    expect(page.locator("#sign-in-again")).to_contain_text("sign in again with your name and password")
    for language, sentence in (("ru", "войдите снова"), ("ky", "кайра кириңиз")):
        page.goto(f"{centre.url}{FORM}?lang={language}")
        expect(page.locator("#sign-in-again")).to_contain_text(sentence)
    expect(page.locator("#signing")).to_be_visible()
    filled(page)
    expect(page.locator("#reports .is-good")).to_have_count(1)
    assert len(sent) == 1
    signed_in(page, author)
    expect(page.locator("#sign-in-again")).to_be_hidden()


def test_a_sign_in_lasts_its_time_even_if_the_phones_clock_is_wrong(
    phone_with_set_clock: BrowserContext, centre: Centre
) -> None:
    page = phone_with_set_clock.new_page()
    page.clock.set_fixed_time(datetime.now(UTC) + YEAR)
    page.goto(f"{centre.url}{FORM}?lang=en")
    choose_pin(page)
    signed_in(page, centre.account(Role.FIELD))
    expect(page.locator("#signing")).to_be_hidden()


def test_a_centre_without_an_answer_is_not_a_wrong_password(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    page.route("**/v1/tokens", lambda route: route.fulfill(status=502, body="no gateway"))
    page.fill("#name", "anybody")
    page.fill("#password", PASSWORD)
    page.click("#sign-in button")
    expect(page.locator("#sign-in-failed")).to_have_text("No connection. Try again later.")


def test_a_first_password_signs_in_no_phone_and_shows_where_to_change_it(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    page.fill("#name", centre.account(Role.FIELD, must_change=True))
    page.fill("#password", PASSWORD)
    page.click("#sign-in button")
    expect(page.locator("#sign-in-failed")).to_contain_text("only after the first password was changed")
    page.click("text=Change the first password")
    expect(page).to_have_url(f"{centre.url}/sign-in")


def enter_password(page: Page, centre: Centre, author: str) -> None:
    page.goto(f"{centre.url}/sign-in?lang=en")
    page.fill("[name=name]", author)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")


def open_enrolment_link(page: Page, centre: Centre, author: str) -> None:
    token = link_of(centre.signed_in(Role.ADMINISTRATOR), f"/accounts/{centre.known(author).account_id}")
    page.goto(f"{centre.url}/enrolment?lang=en#{token}")
    for field in ("new", "again"):
        page.fill(f"[name={field}]", "own words of a person")
    page.click("main .is-primary")


@pytest.mark.parametrize("enter", [enter_password, open_enrolment_link])
def test_an_account_that_signs_in_on_the_consoles_page_can_write_at_once(
    phone: BrowserContext, centre: Centre, enter: Callable[[Page, Centre, str], None]
) -> None:
    author = centre.account(Role.FIELD)
    page = phone.new_page()
    enter(page, centre, author)
    expect(page.locator("#account-name")).to_have_text(author)
    expect(page).to_have_url(f"{centre.url}{FORM}")
    expect(page.locator("#signing")).to_be_hidden()
    choose_pin(page)
    assert all("session" not in cookie.get("name", "") for cookie in phone.cookies())
    filled(page)
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
