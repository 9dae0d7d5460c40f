"""A press counts only if the person has seen the button, so that nobody presses a button by accident."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from shared.auth.tokens import Role
from tests.console.pages.conftest import Whole
from tests.console.pages.test_alert_page import raised

# The page's clock stands still. A change therefore counts as new until the test moves the clock.
STOPPED = "() => { const moment = performance.now(); performance.now = () => moment; }"
A_SECOND_PASSES = "() => { const moment = performance.now() + 1000; performance.now = () => moment; }"
HIDE = "part => part.style.setProperty('display', 'none', 'important')"
SAME_SITE = {"sec-fetch-site": "same-origin"}
AT = "([x, y]) => document.elementFromPoint(x, y).id"


def test_a_press_counts_only_for_the_button_that_was_seen(whole: Whole, seat: Any) -> None:
    """A double click acts only once.

    A button that appears under the pointer acts only after the person had time to see it.
    """
    desk = seat(Role.OPERATOR)
    desk.sign_in()
    page: Page = desk.page
    page.goto(f"{whole.url}/alerts/{raised(whole, page, 'bank_erosion')}?lang=en")
    calls = list[str]()
    changes = ("PUT", "POST", "DELETE")
    page.on(
        "request", lambda call: calls.append(call.url) if call.method in changes and "/alerts/" in call.url else None
    )
    page.evaluate(STOPPED)
    mute, notice = page.locator("#sound-mute"), page.locator("#ringing")
    page.locator("#sound-blocked").evaluate(HIDE)  # hides a notice that would move the button
    expect(mute).to_be_visible()
    bottom = middle(mute)
    notice.evaluate(HIDE)
    page.mouse.move(*bottom)
    notice.evaluate("notice => notice.style.removeProperty('display')")
    page.mouse.click(*bottom)
    expect(page.locator("#toasts")).to_contain_text("this button has only just appeared here")
    expect(mute).to_be_enabled()
    page.evaluate("document.getElementById('toasts').replaceChildren()")

    place = middle(page.locator("#acknowledge"))
    page.mouse.dblclick(*place)
    expect(page.locator("#acknowledge")).to_have_count(0)
    assert page.evaluate(AT, place) == "confirm"
    page.mouse.dblclick(*place)
    expect(page.locator(".toast")).to_contain_text(["this button has only just appeared here"] * 2)
    page.evaluate(A_SECOND_PASSES)
    page.mouse.click(*place)
    expect(page.locator("#confirm")).to_have_count(0)
    assert [url.rpartition("/")[2] for url in calls] == ["acknowledgement", "confirmation"]

    step = page.locator("button[id^=do-]").first
    step.focus()
    page.keyboard.down("Enter")
    done = page.locator(f'button[aria-labelledby="{step.get_attribute("aria-labelledby")}"]')
    expect(done).to_have_attribute("aria-pressed", "true")
    expect(done).to_be_focused()
    page.keyboard.down("Enter")  # the repeated key presses of a held key must not undo the step
    page.keyboard.up("Enter")
    page.locator("#comment-text").fill("The bank is fenced off")
    page.locator("#comment").click()
    expect(page.locator(".done")).to_contain_text("The bank is fenced off")
    assert [url.rpartition("/")[2] for url in calls[2:]] == [calls[2].rpartition("/")[2], "comments"]
    assert desk.errors == []


def test_a_press_by_key_or_screen_reader_acts_at_once_on_a_button_that_appears_under_the_pointer(
    whole: Whole, seat: Any
) -> None:
    """A row shows its button "Confirm" under the mouse.

    The button therefore acts only after the mouse has rested on the row.
    """
    page: Page = seat(Role.OPERATOR).open("/?lang=en")
    presses = {"icing": with_the_enter_key, "fog": by_script, "rockfall": without_a_movement, "hail": after_the_focus}
    alerts = {kind: acknowledged(whole, page, kind) for kind in presses}
    page.reload()
    for alert in alerts.values():
        expect(page.locator(f"#confirm-{alert}")).to_be_attached()
    page.evaluate(STOPPED)
    for kind, press in presses.items():
        press(page, page.locator(f"#confirm-{alerts[kind]}"))
        expect(page.locator("#toasts")).to_contain_text("Confirmed: ")
        page.evaluate("document.getElementById('toasts').replaceChildren()")


def acknowledged(whole: Whole, page: Page, kind: str) -> str:
    alert = raised(whole, page, kind)
    answer = page.request.put(f"{whole.url}/alerts/v1/alerts/{alert}/acknowledgement", data={}, headers=SAME_SITE)
    assert answer.ok, answer.text()
    return alert


def with_the_enter_key(_: Page, button: Locator) -> None:
    button.press("Enter")


def by_script(_: Page, button: Locator) -> None:
    button.evaluate("button => button.click()")


def without_a_movement(page: Page, button: Locator) -> None:
    button.scroll_into_view_if_needed()
    x, y = middle(button)
    devtools = page.context.new_cdp_session(page)
    for kind in ("mousePressed", "mouseReleased"):
        devtools.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1})
    devtools.detach()


def after_the_focus(_: Page, button: Locator) -> None:
    button.focus()
    button.click()


def middle(target: Locator) -> tuple[float, float]:
    box = target.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
