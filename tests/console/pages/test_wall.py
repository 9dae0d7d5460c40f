"""The wall screen works for days without a mouse and a keyboard."""

import re
import time
from typing import Any
from uuid import UUID, uuid4

from playwright.sync_api import Page, expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from shared.events import AlertAcknowledged, AlertResolved
from tests.browsers import wait_for_script
from tests.console.factories import NOW, alert
from tests.console.pages.conftest import Whole
from tests.console.pages.test_accessibility import findings
from tests.console.pages.test_presence import COUNTING
from tests.console.pages.walls import ChangingWall

DAYS = 7
MORE_THAN_FIT = 12
ROUND = 10
WITHOUT_WEBGL = "HTMLCanvasElement.prototype.getContext = () => null"  # drawing the map takes too long
# shows a notice at the foot of the page, and returns whether the last row still fits into the list
FITS_BELOW_A_NOTICE = """() => {
  document.getElementById("sound-blocked").hidden = false;
  const rows = [...document.querySelectorAll("#wall-rows > li")].filter((row) => !row.hidden);
  const list = document.getElementById("wall-rows").getBoundingClientRect();
  return rows.at(-1).getBoundingClientRect().bottom <= list.bottom + 1;
}"""
# a request that waited for its answer fails with this error if the clock moves
MOVED = "signal timed out"
# While an alarm sounds, its last tone has a listener.
MUTED = "localStorage.setItem('muted-until', Date.now() + 120_000)"
UNMUTED = "localStorage.removeItem('muted-until')"
SILENT = "AudioContext.prototype.newest?.state !== 'running'"
# the drawn panel states the edition of another release, so the page loads itself again
UPDATED = "document.getElementById('room').dataset.edition = 'of an earlier release'"


def test_a_wall_screen_pages_counts_down_and_stays_signed_in(whole: Whole, seat: Any) -> None:
    """Plays one week of a wall screen. `python -m bench.wall` measures the page's memory over 10,000 updates."""
    desk = seat(Role.VIEWER)
    page: Page = desk.page
    page.emulate_media(color_scheme="dark")
    page.add_init_script(WITHOUT_WEBGL)
    page.add_init_script(COUNTING)
    page.clock.install()
    open_without_a_script(desk)
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    expect(page.locator("#no-map")).to_be_visible()
    for _ in range(MORE_THAN_FIT):
        whole.report_hazard(type="water_scarcity", type_text="Told by a caller")
    # an alert about displaced people has a longer name than the hazard's own alert
    name = page.locator("#wall-rows .wall-name", has_text=re.compile(r"^\s*Water scarcity\s*$"))
    expect(name).to_have_count(MORE_THAN_FIT)
    expect(page.locator("#panel-wall")).not_to_contain_text("Told by a caller")
    expect(page.locator("#behind")).to_have_text(re.compile(r"^\d+\.\d s behind$"))
    expect(page.locator("[data-escalation]", has_text="escalates").first).to_be_attached()
    inactive = without_action(whole)
    row = page.locator(f"#wall-rows > li[data-key='{inactive}']")
    expect(row).to_contain_text("Nothing was done since it was acknowledged")
    expect(page.locator("#wall-title")).to_have_text("Not acknowledged, or nothing done since")
    assert findings(page) == []
    whole.publish(alert(AlertResolved, alert_id=inactive, sequence=3, resolved_at=NOW, verdict="expired"))
    expect(row).to_have_count(0)
    expect(page.locator("#wall-title")).to_have_text("Not acknowledged")
    number = page.locator("#wall-page")
    expect(number).to_have_text(re.compile(r"^\d/[2-9]$"))
    expect_room_for_a_notice(page)
    first = number.inner_text()
    page.clock.fast_forward(13_000)
    expect(number).not_to_have_text(first)

    pass_the_week(page)
    whole.report_hazard(type="land_degradation")
    expect(page.locator("#wall-rows > li", has_text="land degradation").first).to_be_attached()
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    expect(page.locator("#session-ended")).to_be_hidden()
    (cookie,) = [cookie for cookie in desk.context.cookies() if cookie["name"] == "session"]
    assert cookie["expires"] > time.time() + (DAYS - 1) * 86_400

    wall = ChangingWall(page, whole.publish, alerts=ROUND)
    expect_the_same_memory(wall)
    wall.close()

    page.evaluate(UPDATED)
    with page.expect_event("load"):
        whole.report_hazard(type="land_degradation")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    wait_for_script(page, "document.getElementById('room').dataset.edition.length === 16")
    assert set(desk.errors) <= {MOVED}


def expect_the_same_memory(wall: ChangingWall) -> None:
    wall.change(ROUND, later_ms=0)
    before = memory_in_silence(wall)
    for _ in range(3):
        wall.change(ROUND, later_ms=60_000)
    # a waiting request has listeners and memory of its own, so the page may be measured again
    assert wait_until(lambda: has_not_grown(before, memory_in_silence(wall)), timeout=60, every=1), before


def has_not_grown(before: dict[str, float], after: dict[str, float]) -> bool:
    is_as_large = after["JSHeapUsedSize"] < 1.1 * before["JSHeapUsedSize"]
    return is_as_large and after["JSEventListeners"] <= before["JSEventListeners"]


def memory_in_silence(wall: ChangingWall) -> dict[str, float]:
    wall.page.evaluate(MUTED)
    wait_for_script(wall.page, SILENT)
    memory = wall.memory()
    wall.page.evaluate(UNMUTED)
    return memory


def expect_room_for_a_notice(page: Page) -> None:
    wait_for_script(page, FITS_BELOW_A_NOTICE)
    page.evaluate("document.getElementById('sound-blocked').hidden = true")


def pass_the_week(page: Page) -> None:
    with page.expect_response("**/v1/session?screen=wall") as renewed:
        page.clock.fast_forward(DAYS * 86_400_000)
    assert renewed.value.status == 200


def open_without_a_script(desk: Any) -> None:
    """The page loads without one script, and then the server does not answer.

    As soon as the server answers, the page loads itself again.
    """
    page: Page = desk.page
    page.route("**/static/wall/wall.js", lambda route: route.abort())
    desk.open("/wall")
    expect(page.locator("#script-missing")).to_be_visible()
    page.route("**/wall", lambda route: route.fulfill(status=503), times=1)
    with page.expect_response("**/wall") as refused:
        page.clock.fast_forward(10_000)
    assert refused.value.status == 503
    expect(page.locator("#script-missing")).to_be_visible()
    with page.expect_event("load"):
        page.clock.fast_forward(10_000)
    expect(page.locator("#script-missing")).to_be_visible()
    page.unroute("**/static/wall/wall.js")
    page.clock.fast_forward(10_000)
    expect(page.locator("#script-missing")).to_be_hidden()
    desk.errors.clear()


def without_action(whole: Whole) -> UUID:
    """Publishes an alert that rings: somebody acknowledged it, and nobody has acted since. Returns the alert's id."""
    acknowledged = {"acknowledged_at": NOW, "acknowledged_by": uuid4()}
    inactive = alert(AlertAcknowledged, sequence=2, demand="action", **acknowledged)
    whole.publish(inactive)
    return inactive.alert_id
