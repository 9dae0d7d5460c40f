"""The first tap may bring a new button under the finger.

A second tap on a button that has just appeared does nothing.
"""

from playwright.sync_api import BrowserContext, Locator, ViewportSize, expect

from shared.auth.tokens import Role
from tests.intake.field.phones import Centre, filled, kept_reports, opened, saved, signed_in

# The page's clock stands still. A button therefore counts as new until the test moves the clock.
STOPPED = "() => { const moment = performance.now(); performance.now = () => moment; }"
A_SECOND_PASSES = "() => { const moment = performance.now() + 1000; performance.now = () => moment; }"
SMALL_PHONE: ViewportSize = {"width": 320, "height": 640}
MANY = 5  # five reports make the list longer than the screen


def middle(button: Locator) -> tuple[float, float]:
    box = button.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def tapped_twice(button: Locator) -> tuple[float, float]:
    button.scroll_into_view_if_needed()
    place = middle(button)
    for _ in range(2):
        button.page.touchscreen.tap(*place)
    return place


def test_two_taps_on_next_do_not_send_the_report_before_its_last_step(
    fresh_phone: BrowserContext, centre: Centre
) -> None:
    page = opened(fresh_phone, centre)
    page.set_viewport_size(SMALL_PHONE)
    page.check("text=Step by step")
    page.click("#next")
    page.select_option("#origin-oblast", "KG05000000000")
    page.select_option("#destination-oblast", "RU")
    page.click("#next")
    page.fill("#persons", "4")
    saved(page)
    page.evaluate("scrollTo(0, 0)")  # scrolls up; the bar with the buttons stays at the foot of the screen
    page.evaluate(STOPPED)
    place = tapped_twice(page.locator("#next"))
    expect(page.locator("#progress")).to_have_text("Step 4 of 4")
    assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).id", place) == "send"
    assert kept_reports(page, centre) == []
    page.evaluate(A_SECOND_PASSES)
    page.click("#send")
    expect(page.locator("#reports .answer")).to_have_count(1)


def test_two_taps_on_remove_leave_the_next_report_of_the_list(fresh_phone: BrowserContext, centre: Centre) -> None:
    page = opened(fresh_phone, centre)
    page.set_viewport_size(SMALL_PHONE)
    signed_in(page, centre.account(Role.FIELD))
    for count in range(1, MANY + 1):
        filled(page)
        expect(page.locator("#reports .answer")).to_have_text(["Received by the centre"] * count)
    page.locator("#reports li").first.evaluate("row => row.scrollIntoView()")
    page.evaluate(STOPPED)
    place = tapped_twice(page.locator("#reports li").first.get_by_text("Remove from this phone"))
    expect(page.locator("#reports li")).to_have_count(MANY - 1)
    assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).textContent", place) == "Remove from this phone"
