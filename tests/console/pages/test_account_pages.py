"""Tests the pages of a person's own account in a real browser: notices, second factor, sign-ins, and purpose."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pyotp
from playwright.sync_api import expect

from shared.auth.tokens import Role
from tests.console.conftest import PASSWORD
from tests.console.pages.conftest import Seat
from tests.console.signing_in import sign_in

Take = Callable[..., Seat]


def test_an_administrator_sets_up_a_second_factor_and_signs_in_by_it(seat: Take) -> None:
    desk = seat(Role.ADMINISTRATOR)
    page = desk.open("/")
    page.click("text=has no second factor")
    expect(page.locator(".qr svg")).to_be_visible()
    secret = page.locator("input[name=secret]").input_value()
    page.fill("#code", pyotp.TOTP(secret).now())
    page.click("main button.is-primary")
    expect(page.locator(".recovery li")).to_have_count(10)
    page.click("text=I have kept them")
    expect(page.locator("#panel-alerts")).to_be_visible()  # wait for the new page, because its load closes an open menu
    expect(page.locator(".notice", has_text="second factor")).to_have_count(0)
    page.click(".menu summary")
    page.click("text=Sign out")
    page.fill("#name", desk.name)
    page.fill("#password", PASSWORD)
    page.click("button.is-primary")
    page.fill("#code", pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=1))
    page.click("main button.is-primary")
    expect(page.locator("#panel-alerts")).to_be_visible()
    assert desk.errors == []


def test_the_whole_qr_code_is_visible(seat: Take) -> None:
    """The QR code contains the centre's name, so a long name needs a larger code."""
    desk = seat(Role.ADMINISTRATOR)
    desk.sign_in()
    is_within = """svg => [...svg.querySelectorAll("path")].every((path) => {
        const [part, whole] = [path, svg].map((each) => each.getBoundingClientRect());
        return part.right <= whole.right + 0.5 && part.bottom <= whole.bottom + 0.5;
    })"""
    for language in ("en", "ru", "ky"):
        desk.page.goto(f"{desk.whole.url}/second-factor?lang={language}")
        assert desk.page.locator(".qr svg").evaluate(is_within), language


def test_a_lockout_is_shown_on_every_page_of_an_administrator(seat: Take) -> None:
    administrator = seat(Role.ADMINISTRATOR)
    locked = administrator.whole.account(Role.OPERATOR)
    for _ in range(6):
        sign_in(administrator.whole.client(), locked, "guess")
    page = administrator.open("/registry/figures")
    page.click("text=Sign-ins locked in the last 24 hours")
    expect(page.locator("table")).to_contain_text(locked)
    assert administrator.errors == []


def test_own_sign_ins_and_the_purpose_are_in_the_accounts_menu(seat: Take) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    page.click(".menu summary")
    page.click("text=Signed-in devices")
    expect(page.locator("tr[data-key]")).to_have_count(1)
    expect(page.locator("tr[data-key]")).to_contain_text(re.compile("Chrome.*this one", re.DOTALL))
    page.click(".menu summary")
    page.click("text=Purpose of opening records")
    page.select_option("#purpose", "assistance")
    page.fill("#emergency", "Mudflow, Kadamjai")
    page.click("main button.is-primary")
    expect(page.locator("#panel-alerts")).to_be_visible()
    page.goto(f"{desk.whole.url}/purpose")
    expect(page.locator("#emergency")).to_have_value("Mudflow, Kadamjai")
    assert desk.errors == []


def test_on_a_phone_a_device_is_signed_out_without_scrolling_sideways(seat: Take) -> None:
    desk = seat(Role.OPERATOR, width=360, height=740)
    desk.sign_in()
    page = desk.page
    for language in ("en", "ru", "ky"):
        page.goto(f"{desk.whole.url}/sign-ins?lang={language}")
        [table] = page.locator("main .scroll").all()
        assert table.evaluate("scroll => scroll.scrollWidth - scroll.clientWidth") == 0, language
        expect(page.locator("main tbody button").first).to_be_visible()
        expect(page.locator("main tbody td[data-label]").first).to_be_visible()
