"""The board misses no change if its connection is lost, stays quiet, or is cut without being closed."""

import re
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, Request, expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.browsers import SLOW_MS, wait_for_script
from tests.console.pages.conftest import Whole

BEAT = """new Promise((heard, missed) => {
    new EventSource("/stream?topics=hazards").addEventListener("beat", heard);
    setTimeout(missed, 60_000);
})"""
# returns how many retries wait at the same time while several renderings fail in sequence
MOST_RETRIES = """async () => {
    const { draw } = await import("/static/board/panels.js"), later = setTimeout;
    let [waiting, most] = [0, 0];
    window.setTimeout = (act, ms) => {
        if (ms !== 1500) return later(act, ms);
        most = Math.max(most, ++waiting);
        return later(() => { waiting -= 1; act(); }, ms);
    };
    for (let round = 0; round < 4; round += 1) {
        draw("alerts");
        await new Promise(done => later(done, 300));
    }
    window.setTimeout = later;
    return most;
}"""


def test_a_quiet_night_is_not_a_lost_connection_but_a_silent_stream_is_opened_again(whole: Whole, seat: Any) -> None:
    """Ages are redrawn each minute without events."""
    desk = seat(Role.VIEWER)
    desk.page.clock.install()
    page = desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    begun: list[str] = []
    page.on("request", lambda request: begun.append(request.url) if "/stream" in request.url else None)
    page.clock.fast_forward(20_000)
    page.evaluate(BEAT)
    page.clock.fast_forward(24_000)
    assert len(begun) == 1  # the script BEAT opened this stream; the page opened none
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    begun.clear()

    def is_opened_again() -> bool:
        page.clock.fast_forward(46_000)
        return bool(begun)

    with ExitStack() as drawn:
        for panel in ("alerts", "hazards", "households", "reports"):
            drawn.enter_context(page.expect_request(re.compile(f"/board/{panel}")))
        # an event `beat` that arrives while the clock advances makes the page wait longer; then the clock advances
        # again
        assert wait_until(is_opened_again, timeout=60, every=1)
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    expect(page.locator("#updated")).to_be_hidden()
    page.locator("#board").evaluate("board => { board.dataset.edition = 'earlier'; }")
    whole.report_hazard(type="permafrost_loss")
    page.clock.resume()
    expect(page.locator("#panel-hazards")).to_contain_text("Permafrost")
    expect(page.locator("#updated")).to_contain_text("The program was updated.")
    expect(page.locator("#updated")).to_be_visible()


# Keeps the data of each event of the stream, so that a test can wait for an event.
HEARD = """
const listen = EventSource.prototype.addEventListener;
window.heard = [];
EventSource.prototype.addEventListener = function (name, heard) {
  listen.call(this, name, (event) => { heard(event); window.heard.push(event.data); });
};
"""


def test_a_new_hazard_is_shown_within_two_seconds_of_the_pages_time(whole: Whole, seat: Any) -> None:
    """The page's clock stands still until the page has received the event and the centre has stored the hazard.

    Then the clock advances by two seconds. The clock stands still while a request of the page waits for its answer. The
    test therefore measures the waits of the page itself, and not the load of the machine.
    """
    desk, words = seat(Role.OPERATOR), f"Water over the road {uuid4()}"
    desk.page.add_init_script(HEARD)
    desk.page.clock.install()
    page = desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=20))
    unanswered: set[Request] = set()

    def answered(request: Request) -> None:
        unanswered.discard(request)

    page.on("request", lambda request: unanswered.add(request) if "/board/" in request.url else None)
    page.on("requestfinished", answered)
    page.on("requestfailed", answered)
    whole.report_hazard(text={"en": {"headline": words}})
    panel = f"{whole.url}/board/hazards"
    assert wait_until(lambda: words in desk.context.request.get(panel).text(), timeout=SLOW_MS / 1000)
    wait_for_script(page, "words => window.heard.some(data => data?.includes(words))", words)
    for _ in range(20):
        assert wait_until(lambda: bool(page.evaluate("true")) and not unanswered, timeout=SLOW_MS / 1000)
        page.clock.run_for(100)
    expect(page.locator("#panel-hazards .row", has_text=words)).to_be_visible()
    is_drawn_five_times_a_second_at_most(page)


MANY_STEPS = 2000  # on a busy machine, many steps pass until the page has read the answer


def is_drawn_five_times_a_second_at_most(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/board/reports" in request.url else None)
    with page.expect_response("**/board/reports*"):
        page.evaluate("import('/static/board/panels.js').then(({ draw }) => { draw('reports'); draw('reports'); })")
    steps = 0
    while len(asked) < 2 and steps < MANY_STEPS:
        page.clock.run_for(50)
        steps += 1
    assert 4 <= steps < MANY_STEPS


def test_a_failed_panel_is_requested_again(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    desk.page.clock.install()
    page = desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    whole.close_alerts()
    is_called_late(page)
    page.route("**/board/hazards*", lambda route: route.abort(), times=2)
    whole.report_hazard(type="salinization")
    expect(page.locator("#panel-hazards")).to_contain_text("Soil salinization")


def is_called_late(page: Page) -> None:
    """A list that cannot be rendered for 15 seconds states its age, and stops saying "all acknowledged"."""
    expect(page.locator("#all-acknowledged")).to_be_visible()
    page.route("**/board/alerts*", lambda route: route.fulfill(status=503))
    with page.expect_response("**/board/alerts*"):
        page.clock.fast_forward(61_000)  # each panel is drawn once a minute
    page.clock.fast_forward(16_000)
    late = page.locator("#panel-alerts .late")
    expect(late).to_have_text(re.compile(r"^The list is behind. It shows the state of \d\d:\d\d.$"))
    expect(page.locator("#all-acknowledged")).to_be_hidden()
    assert page.evaluate(MOST_RETRIES) < 3
    page.unroute("**/board/alerts*")
    expect(page.locator("#all-acknowledged")).to_be_visible()
    expect(late).to_have_count(0)
