"""Tests the PIN that opens the drafts of a phone."""

import re
import time

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from shared.auth.tokens import Role
from tests.intake.field.phones import (
    FORM,
    KEEP,
    NOTES,
    UNSEEN,
    Centre,
    begun,
    choose_pin,
    enter_pin,
    filled,
    opened,
    signed_in,
    written,
)

# makes the page's clock slow, so that the wait after a wrong PIN does not end during the test
LONG_SECONDS = "{ const was = performance.now.bind(performance); performance.now = () => was() / 20; }"


def test_a_stored_draft_needs_the_pin_and_no_wrong_pin_deletes_it(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre, script=LONG_SECONDS)
    written(page, send=False)
    page.click("#another")
    expect(page.locator("#draft-list li")).to_have_count(1)
    assert '"rounds":600000' in page.evaluate("localStorage.getItem('dayar.pin')")
    page.reload()
    page.click("#draft-list >> text=Continue")
    for _ in range(3):
        began = time.monotonic()
        enter_pin(page, "135790")
        expect(page.locator("#pin-failed")).to_have_text("Wrong PIN. Nothing is deleted.")
    enter_pin(page)
    expect(page.locator("#pin-failed")).to_contain_text("Too many wrong PINs. Try again in ")
    for hours in (2, -4):  # the phone's clock goes forward and then back; the page is reloaded each time
        page.add_init_script(f"{{ const was = Date.now; Date.now = () => was() + {hours} * 3_600_000; }}")
        page.reload()
        page.click("#draft-list >> text=Continue")
        enter_pin(page)
        expect(page.locator("#pin-failed")).to_contain_text("Too many wrong PINs. Try again in ")
        seconds = int(re.findall(r"in (\d+) s", page.locator("#pin-failed").inner_text())[0])
        assert 30 - (time.monotonic() - began) <= seconds <= 30
    expect(page.locator("#draft-list li")).to_have_count(1)


WAITS = """async (counts) => {
    const pin = await import(document.querySelector("script[type=module]").src.replace("field.js", "pin-waits.js"));
    return counts.map((count) => {
        localStorage.setItem("dayar.pin.failures", JSON.stringify({ pair: { count, attempt: `attempt ${count}` } }));
        return pin.secondsToWait("pair");
    });
}"""


def test_the_delay_after_wrong_pins_grows_and_a_right_pin_ends_it(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    waits = page.evaluate(WAITS, [0, 2, 3, 4, 5, 10, 100])
    assert waits == pytest.approx([0, 0, 30, 60, 120, 3600, 3600], abs=1)
    written(page, send=False)
    page.click("#another")
    [pair] = page.evaluate("JSON.parse(localStorage.getItem('dayar.pin'))")
    page.evaluate(KEEP, ["dayar.pin.failures", {pair["id"]: {"count": 4, "attempt": "last"}}])
    page.evaluate(KEEP, ["dayar-pin-waited", {"last": 60_000}])
    page.reload()
    page.click("#draft-list >> text=Continue")
    enter_pin(page)
    expect(page.locator("#notes")).to_have_value(NOTES)
    assert page.evaluate("localStorage.getItem('dayar.pin.failures')") == "{}"


def test_a_pin_that_is_short_or_easily_guessed_is_refused(phone: BrowserContext, centre: Centre) -> None:
    page = phone.new_page()
    for pin in ("12345", "111111", "123456", "987654", "12a456"):
        page.goto(f"{centre.url}{FORM}?lang=en")
        expect(page.locator("#pin-choose")).to_be_visible()
        expect(page.locator("#pin-failed")).to_be_hidden()
        expect(page.locator("#report")).to_be_hidden()
        page.fill("#pin", pin)
        page.fill("#pin-again", pin)
        page.click("#pin-form .is-primary")
        expect(page.locator("#pin-failed")).to_be_visible()
        expect(page.locator("#report")).to_be_hidden()


def test_after_a_forgotten_pin_new_drafts_have_a_new_pin_and_the_old_one_still_opens_its_draft(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    written(page, send=False)
    page.click("#another")
    page.reload()
    page.click("#draft-list >> text=Continue")
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#pin-forgotten")
    page.fill("#pin", "804152")
    page.fill("#pin-again", "804152")
    page.click("#pin-form .is-primary")
    expect(page.locator("#pin-panel")).to_be_hidden()
    page.click("#draft-list >> text=Continue")
    enter_pin(page, "804152")
    expect(page.locator("#pin-failed")).to_have_text("Wrong PIN. Nothing is deleted.")
    enter_pin(page)
    expect(page.locator("#notes")).to_have_value(NOTES)


def test_after_some_minutes_unseen_the_page_needs_the_pin_again(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    written(page, send=False)
    page.evaluate(UNSEEN)
    expect(page.locator("#notes")).to_have_value("")
    page.click("#draft-list >> text=Continue")
    enter_pin(page)
    expect(page.locator("#notes")).to_have_value(NOTES)


OTHER_PIN = "804152"


def choose_another_pin(page: Page) -> None:
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#pin-forgotten")
    page.fill("#pin", OTHER_PIN)
    page.fill("#pin-again", OTHER_PIN)
    page.click("#pin-form .is-primary")
    expect(page.locator("#pin-panel")).to_be_hidden()


def put_aside(page: Page) -> None:
    """Begins a draft, and leaves it unfinished. After `put_aside`, only the PIN opens the draft."""
    written(page, send=False)
    page.click("#another")
    expect(page.locator("#draft-list li").first).to_be_visible()


def test_an_own_pin_does_not_end_the_wait_for_another_pin(phone: BrowserContext, centre: Centre) -> None:
    """The finder of a phone can choose a PIN of their own.

    With a PIN of their own, the finder must not get more tries at the owner's PIN.
    """
    page = opened(phone, centre)
    put_aside(page)
    page.reload()
    page.click("#draft-list >> text=Continue")
    choose_another_pin(page)
    page.fill("#notes", "of the finder")
    page.click("#another")
    expect(page.locator("#draft-list li")).to_have_count(2)
    page.reload()
    for _ in range(3):
        page.click("#draft-list li:last-child >> text=Continue")
        enter_pin(page, "135790")
        expect(page.locator("#pin-failed")).to_have_text("Wrong PIN. Nothing is deleted.")
        page.click("#draft-list li:first-child >> text=Continue")
        enter_pin(page, OTHER_PIN)
        expect(page.locator("#notes")).to_have_value("of the finder")
        page.reload()
        page.click("#pin-later")
    page.click("#draft-list li:last-child >> text=Continue")
    enter_pin(page)
    expect(page.locator("#pin-failed")).to_contain_text("Too many wrong PINs. Try again in ")


def test_colleagues_with_own_pins_keep_the_drafts_apart(phone: BrowserContext, centre: Centre) -> None:
    owner, colleague = centre.account(Role.FIELD), centre.account(Role.FIELD)
    page = opened(phone, centre)
    signed_in(page, colleague)
    put_aside(page)
    page.reload()
    page.click("#draft-list >> text=Continue")
    choose_another_pin(page)
    page.click("#sign-out")
    signed_in(page, owner)
    put_aside(page)
    page.reload()
    page.click("#draft-list >> text=Continue")
    enter_pin(page)
    expect(page.locator("#notes")).to_have_value(NOTES)


def test_after_the_pin_the_draft_is_the_one_that_another_tab_wrote_meanwhile(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    put_aside(page)
    page.reload()
    page.click("#draft-list >> text=Continue")
    expect(page.locator("#pin-enter")).to_be_visible()
    other = opened(phone, centre)
    other.click("#draft-list >> text=Continue")
    enter_pin(other)
    expect(other.locator("#notes")).to_have_value(NOTES)
    other.fill("#notes", "newer")
    other.click("#another")
    expect(other.locator("#draft-list li")).to_have_count(1)
    enter_pin(page)
    expect(page.locator("#notes")).to_have_value("newer")


def test_the_browser_cannot_take_the_pin_for_a_password(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    for field in ("#pin", "#pin-again"):
        assert page.locator(field).get_attribute("type") == "text"
        assert page.locator(field).get_attribute("autocomplete") == "one-time-code"
        assert page.locator(field).evaluate("field => getComputedStyle(field).webkitTextSecurity") == "disc"


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_form_with_a_pin_fits_the_smallest_phone(phone: BrowserContext, centre: Centre, language: str) -> None:
    page = phone.new_page()
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{centre.url}{FORM}?lang={language}")
    expect(page.locator("#pin-choose")).to_be_visible()
    fits(page)
    choose_pin(page)
    signed_in(page, centre.account(Role.FIELD))
    errors = [{"pointer": "/occurred_at", "expected": "Input should be otherwise"}]
    page.route("**/v1/displacements*", lambda route: route.fulfill(status=422, json={"errors": errors}))
    filled(page)
    expect(page.locator("#reports .errors li")).to_have_count(1)
    expect(page.locator("#reports button")).to_have_count(3)
    fits(page)
    begun(page)
    page.click("#report > details[data-kind=household] > summary")
    page.click("#add-member")
    page.click("[data-functioning] summary")
    expect(page.locator("[data-domain=communicating]")).to_be_visible()
    fits(page)
    page.click("#another")
    expect(page.locator("#draft-list li")).to_have_count(1)
    page.reload()
    page.click("#draft-list button >> nth=0")
    expect(page.locator("#pin-form button")).to_have_count(3)
    fits(page)
    for _ in range(3):
        enter_pin(page, "135790")
        expect(page.locator("#pin-failed")).not_to_be_empty()
    enter_pin(page)
    expect(page.locator("#pin-failed")).to_contain_text(re.compile(r"\d"))
    fits(page)


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
