"""The board misses no change when its connection to the centre is lost, is quiet, or is cut without a close."""

import re
from contextlib import ExitStack
from typing import Any

from playwright.sync_api import expect

from shared.auth.tokens import Role
from tests.browsers import SLOW_MS
from tests.console.pages.conftest import Whole


def test_a_lost_connection_is_shown_and_missed_changes_arrive_afterwards(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    desk.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('offline'))")
    whole.report_hazard(type="epizootic")
    desk.context.set_offline(False)
    expect(page.locator("#panel-hazards")).to_contain_text("Animal disease", timeout=SLOW_MS)


BEAT = """new Promise((heard, missed) => {
    new EventSource("/stream?topics=hazards").addEventListener("beat", heard);
    setTimeout(missed, 20_000);
})"""


def test_a_quiet_night_is_not_a_lost_connection(whole: Whole, seat: Any) -> None:
    desk = seat(Role.VIEWER)
    desk.page.clock.install()
    page = desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    begun: list[str] = []
    page.on("request", lambda request: begun.append(request.url) if "/stream" in request.url else None)
    page.clock.fast_forward(20_000)
    page.evaluate(BEAT)
    page.clock.fast_forward(24_000)
    assert len(begun) == 1  # the script BEAT opened one stream, and the page opened no other
    expect(page.locator("#link")).to_have_attribute("data-state", "live")


def test_ages_are_redrawn_even_without_events(whole: Whole, seat: Any) -> None:
    desk = seat(Role.VIEWER)
    desk.page.clock.install()
    page = desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    with ExitStack() as drawn:
        for panel in ("alerts", "hazards", "households", "reports"):
            drawn.enter_context(page.expect_request(re.compile(f"/board/{panel}"), timeout=SLOW_MS))
        page.clock.fast_forward(61_000)


def test_a_silently_cut_connection_is_opened_again(whole: Whole, seat: Any) -> None:
    desk = seat(Role.VIEWER)
    desk.page.clock.install()
    page = desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    with page.expect_request(re.compile(r"/stream\?")):
        page.clock.fast_forward(46_000)
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    whole.report_hazard(type="permafrost_loss")
    page.clock.resume()
    expect(page.locator("#panel-hazards")).to_contain_text("Permafrost", timeout=SLOW_MS)


def test_a_failed_panel_is_requested_again(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    page.route("**/board/hazards*", lambda route: route.abort(), times=2)
    whole.report_hazard(type="salinization")
    expect(page.locator("#panel-hazards")).to_contain_text("Soil salinization", timeout=SLOW_MS)
