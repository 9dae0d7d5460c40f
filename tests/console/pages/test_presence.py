"""While an operator watches the board, the operator stays signed in and hears new alerts.

Before a session ends, a page shows a warning.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.auth.tokens import Role
from tests.browsers import launched, wait_for_script
from tests.console.conftest import PASSWORD
from tests.console.pages.conftest import Whole, newest_alert
from tests.console.pages.test_alert_page import raised

TONES = "AudioContext.prototype.tones ?? 0"
COUNTING = """{
    const own = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () {
        AudioContext.prototype.tones = (AudioContext.prototype.tones ?? 0) + 1;
        AudioContext.prototype.newest = this;
        return own.call(this);
    };
}"""
SLOW_DEVICE = """{
    const own = AudioContext.prototype.resume;
    AudioContext.prototype.resume = async function () {
        await new Promise((resolve) => setTimeout(resolve, 500));
        return own.call(this);
    };
}"""
BLOCKED = """{
    let allowed = false;
    addEventListener("keydown", () => { allowed = true; }, { capture: true });
    Object.defineProperty(AudioContext.prototype, "state", { get() { return allowed ? "running" : "suspended"; } });
}"""
MINUTE = 60_000
LASTS = 30  # minutes until a session ends


@pytest.fixture(scope="module")
def silent_browser(browser: Browser) -> Iterator[Browser]:
    """A browser that plays a page's sound only after a click on the page, as browsers usually do."""
    with launched(browser.browser_type) as started:
        yield started


def live(page: Page) -> None:
    expect(page.locator("#link")).to_have_attribute("data-state", "live")


def left_until(page: Page, shown: str) -> None:
    """Advances the clock by minutes until the page shows the element.

    The exact time of the change cannot be computed.
    """
    element = page.locator(shown)
    for _ in range(2 * LASTS):
        page.clock.fast_forward(MINUTE)
        if element.is_visible():
            return
    raise AssertionError(f"{shown} was not shown")


def left_until_warned(page: Page) -> None:
    left_until(page, "#session-warning")


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_an_open_connected_board_counts_as_presence(seat: Any, role: Role) -> None:
    """Nobody touches the board for 40 minutes. A session lasts only 30 minutes."""
    desk = seat(role)
    desk.page.clock.install()
    page = desk.open("/")
    live(page)
    for _ in range(8):
        with page.expect_response("**/v1/session") as renewed:
            page.clock.fast_forward(5 * MINUTE + 1000)
        assert renewed.value.status == 200
        live(page)
    expect(page.locator("#session-ended")).to_be_hidden()
    expect(page.locator("#session-warning")).to_be_hidden()


def test_the_end_of_a_session_is_announced_put_off_and_then_shown(seat: Any) -> None:
    """Two things renew a session: use of a page, and an open board.

    A person who sees the warning can stay signed in by a click.

    If the renewal of a session fails, the page repeats the renewal without a second click.
    """
    desk = seat(Role.OPERATOR)
    page, warning = desk.page, desk.page.locator("#session-warning")
    page.clock.install()
    desk.sign_in()
    with page.expect_response("**/v1/session"):
        page.goto(f"{desk.whole.url}/ledger")
    left_until_warned(page)
    expect(warning).to_contain_text("You will be signed out at")
    page.route("**/v1/session", lambda route: route.abort(), times=1)
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name="Stay signed in").click()
    with page.expect_response("**/v1/session"):
        page.clock.fast_forward("00:15")
    expect(warning).to_be_hidden()
    left_until_warned(page)
    page.get_by_role("button", name="Stay signed in").press("Enter")  # the button has just come under the pointer
    expect(warning).to_be_hidden()
    left_until(page, "#session-ended")
    expect(page.locator("#session-ended")).to_contain_text("Signed out at")
    size = page.locator("#session-ended").bounding_box() or {}
    assert (size["width"], size["height"]) == (1920, 1080)
    assert page.title().startswith("⚠ Signed out")


# Makes the alarm draw its notice again, as the alarm itself does every 2.5 seconds. Returns how many nodes and
# attributes changed. Without a new text, nothing may change: each change would make the browser compute all styles of
# the page.
CHANGES = """() => {
  const watching = new MutationObserver(() => {});
  watching.observe(document.querySelector(".foot"), { childList: true, subtree: true, attributeFilter: ["hidden"] });
  document.dispatchEvent(new CustomEvent("sound-allowed"));
  return watching.takeRecords().length;
}"""


def test_a_severe_alert_sounds_on_every_page_until_somebody_acknowledges(
    whole: Whole, seat: Any, silent_browser: Browser
) -> None:
    desk = seat(Role.OPERATOR, browser=silent_browser)
    desk.page.add_init_script(COUNTING + SLOW_DEVICE)
    page = desk.open("/ledger")
    expect(page.locator("#sound-blocked")).to_be_visible()
    page.mouse.click(2, 300)  # browsers play a page's sound only after a click or key press on the page
    expect(page.locator("#sound-blocked")).to_be_hidden()
    whole.report_hazard(type="tailings_release", severity="Severe")
    expect(page.locator("#ringing")).to_be_visible()
    wait_for_script(page, "() => /^\\(\\d+\\) /.test(document.title)")
    before = page.evaluate(TONES)
    # an alarm begins with four tones, so a fifth tone shows that the alarm goes on
    wait_for_script(page, f"() => ({TONES}) > {before + 4}")
    page.keyboard.press("m")
    expect(page.locator("#sound-mute")).to_contain_text("Muted until")
    assert page.evaluate(CHANGES) == 0
    wait_for_script(page, "AudioContext.prototype.newest.state === 'suspended'")  # the page's sound must be off
    board = seat(Role.OPERATOR).open("/")
    expect(newest_alert(board, "Tailings release")).to_be_visible()
    rows = board.locator(".alert[data-section=waiting]:is([data-severity=Severe], [data-severity=Extreme])")
    while keys := rows.evaluate_all("rows => rows.map((row) => row.dataset.key)"):
        key = keys[0]
        board.locator(f"#acknowledge-{key}").click()
        board.mouse.move(2, 2)
        expect(board.locator(f".alert[data-key='{key}'][data-section=waiting]")).to_have_count(0)
    expect(page.locator("#ringing")).to_be_hidden()


# A headless browser shows no notifications, and no window can cover its page. The script simulates notifications
# and a window that covers the page.
NOTIFYING = """{
    window.notified = [];
    window.withdrawn = [];
    window.opened = [];
    window.open = (path) => window.opened.push(path);
    window.Notification = class extends EventTarget {
        static permission = "PERMISSION";
        constructor(name, options) {
            super();
            this.tag = options.tag;
            window.notified.push([name, options.tag, options.requireInteraction, this]);
        }
        close() {
            window.withdrawn.push(this.tag);
            sessionStorage.setItem("withdrawn", `${sessionStorage.getItem("withdrawn")} ${this.tag}`);
        }
    };
    Object.defineProperty(document, "hidden", { get: () => true });
}"""


def test_a_page_in_the_background_shows_a_notification_until_somebody_acknowledges(whole: Whole, seat: Any) -> None:
    pages = {}
    for permission in ("granted", "default", "denied"):
        desk = seat(Role.OPERATOR)
        desk.page.add_init_script(NOTIFYING.replace("PERMISSION", permission))
        pages[permission] = desk.open("/ledger")
        # wait until the page has stored the earlier alerts
        wait_for_script(pages[permission], "() => localStorage.getItem('heard')")
    alert_id = raised(whole, pages["granted"], "avalanche")
    heard = "id => JSON.parse(localStorage.getItem('heard')).some(name => name.startsWith(id))"
    for permission, page in pages.items():
        wait_for_script(page, heard, alert_id)
        notified = page.evaluate("window.notified.map(each => each.slice(0, 3))")
        named = [(name.partition(",")[0], is_kept) for name, tag, is_kept in notified if tag == alert_id]
        assert named == [("Avalanche", True)] * (permission == "granted"), permission
    page = pages["granted"]
    page.evaluate("id => window.notified.find(([, tag]) => tag === id)[3].dispatchEvent(new Event('click'))", alert_id)
    assert page.evaluate("window.opened") == [f"/alerts/{alert_id}"]
    answer_with_a_part_of_the_list(page)
    assert alert_id not in page.evaluate("window.withdrawn")
    page.reload()
    # the page stored the alert's id before the reload
    assert alert_id in page.evaluate("sessionStorage.getItem('withdrawn')")
    wait_for_script(page, "id => window.notified.some(([, tag]) => tag === id)", alert_id)
    acknowledge = "id => fetch(`/alerts/v1/alerts/${id}/acknowledgement`, { method: 'PUT' }).then(({ ok }) => ok)"
    assert page.evaluate(acknowledge, alert_id)
    wait_for_script(page, "id => window.withdrawn.includes(id)", alert_id)


def answer_with_a_part_of_the_list(page: Page) -> None:
    """The server lists the 50 gravest alerts only. Here the list is empty, as if 50 other alerts were graver."""
    page.route("**/v1/ringing", lambda route: route.fulfill(json={"count": 1000, "counts": {}, "alerts": []}))
    page.evaluate("document.dispatchEvent(new Event('alerts-changed'))")
    wait_for_script(page, "document.title.startsWith('(1000) ')")
    page.unroute("**/v1/ringing")


def test_a_sign_out_elsewhere_is_shown_at_once(seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    live(page)
    other = desk.context.new_page()
    other.goto(f"{desk.whole.url}/ledger")
    other.locator(".menu summary").click()
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url("**/sign-in**")
    expect(page.locator("#session-ended")).to_contain_text("Signed out")
    page.emulate_media(media="print")  # printed pages state their age too
    expect(page.locator("#link")).to_be_visible()
    expect(page.locator(".session-ended-text")).to_be_visible()
    page.emulate_media(media="screen")


def test_the_choice_of_sound_is_remembered(seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    expect(page.locator("#sound-blocked")).to_be_hidden()
    expect(page.locator("#sound")).to_have_attribute("aria-pressed", "true")
    page.click("#sound")
    expect(page.locator("#sound")).to_have_attribute("aria-pressed", "false")
    page.goto(f"{desk.whole.url}/ledger")
    expect(page.locator("#sound")).to_have_attribute("aria-pressed", "false")


def test_the_click_that_signs_in_allows_the_sound_of_the_next_pages(
    whole: Whole, seat: Any, silent_browser: Browser
) -> None:
    desk = seat(Role.OPERATOR, browser=silent_browser)
    page = desk.page
    page.goto(f"{whole.url}/sign-in?next=/")
    page.fill("#name", desk.name)
    page.fill("#password", PASSWORD)
    page.click("button.is-primary")
    page.wait_for_url(f"{whole.url}/")
    wait_for_script(page, "() => localStorage.getItem('heard')")  # the page has tried to play its sound
    expect(page.locator("#sound-blocked")).to_be_hidden()


def test_a_blocked_sound_is_shown_and_one_key_turns_it_on(seat: Any, silent_browser: Browser) -> None:
    page = seat(Role.OPERATOR, browser=silent_browser).open("/")
    expect(page.locator("#sound-blocked")).to_be_visible()
    expect(page.locator("#sound-blocked")).to_contain_text("The browser blocks the sound")
    page.keyboard.press("s")
    expect(page.locator("#sound-blocked")).to_be_hidden()


def test_an_untouched_board_says_that_it_is_unattended(seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    desk.page.clock.install()
    page = desk.open("/")
    live(page)
    with page.expect_request("**/alerts/v1/presence") as request_info:
        page.clock.fast_forward(31 * MINUTE)
    assert request_info.value.post_data_json is not None
    expect(page.locator("#unattended")).to_contain_text("nobody has touched this board for 3")
    page.mouse.move(300, 300)
    expect(page.locator("#unattended")).to_be_hidden()
