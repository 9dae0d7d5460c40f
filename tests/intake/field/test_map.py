"""The author chooses a position on a map, by finger or by keyboard. The map works without a signal."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from shared.auth.tokens import Role
from tests.browsers import SLOW_MS, launched, wait_for_script
from tests.console.pages.test_accessibility import findings
from tests.installation import in_thread
from tests.intake.field.phones import (
    UNSEEN,
    Centre,
    enter_pin,
    kept_reports,
    new_phone,
    no_signal,
    opened,
    saved,
    signed_in,
)
from tests.intake.field.test_form import FOUND_LATE
from tests.intake.records import records

KADAMJAI = "KG05258000000"
MAP_CACHED = """caches.keys().then(async (names) => {
    const kept = await caches.open(names[0]);
    return Boolean(await kept.match("/static/noto-sans/noto-sans-latin-400-normal.woff2"));
})"""
RANGE = re.compile(r"(\d\d\.\d{5}), (\d\d\.\d{5})")


@pytest.fixture(scope="module")
def drawing_browser(browser: Browser) -> Iterator[Browser]:
    with launched(browser.browser_type, has_webgl=True) as drawing:
        yield drawing


@pytest.fixture
def drawing_phone(drawing_browser: Browser) -> Iterator[BrowserContext]:
    context = new_phone(drawing_browser, locale="ru")
    context.set_default_timeout(SLOW_MS)
    yield context
    context.close()


def with_map(page: Page) -> Locator:
    """Opens the map, and returns the element that shows the coordinates of its centre."""
    page.click("#choose-point")
    expect(page.locator("#map-hint")).to_contain_text("the cross")
    centre = page.locator("#map-centre")
    expect(centre).to_have_text(RANGE)
    expect(page.locator("#take-point")).to_be_disabled()
    return centre


def point(text: str) -> tuple[float, float]:
    found = RANGE.search(text)
    assert found, text
    return float(found[1]), float(found[2])


def dragged(page: Page) -> None:
    box = page.locator("#map").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 80, y - 60, steps=5)
    page.mouse.up()


def test_a_point_that_was_dragged_under_the_cross_is_in_the_report(
    drawing_phone: BrowserContext, centre: Centre
) -> None:
    page = opened(drawing_phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    page.check("input[value=hazard]", force=True)
    page.select_option("#seen-type", "rockfall")
    page.select_option("#origin-oblast", "KG05000000000")
    page.select_option("#origin-district", KADAMJAI)
    shown = with_map(page)
    start = shown.inner_text()
    assert 39.5 < point(start)[0] < 40.5
    assert 71 < point(start)[1] < 72.5
    assert findings(page) == []
    dragged(page)
    expect(shown).not_to_have_text(start)
    expect(page.locator("#take-point")).to_be_enabled()
    chosen = point(shown.inner_text())
    assert chosen[0] < point(start)[0]  # the map was dragged upwards, so its centre is further south
    assert chosen[1] > point(start)[1]
    page.click("#take-point")
    expect(page.locator("#located")).to_contain_text("Location from the map")
    chosen = point(page.locator("#located").inner_text())
    saved(page)
    page.reload()
    enter_pin(page)
    expect(page.locator("#located")).to_contain_text(f"{chosen[0]:.5f}, {chosen[1]:.5f}")
    page.click("#send")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    [kept] = kept_reports(page, centre)
    [event] = in_thread(records(centre.installation, "hazards-restricted", kept["clear"]["report_id"]))
    place = event.data.area.point
    assert (place.lat, place.lon, place.accuracy) == (*chosen, None)


def test_a_point_is_chosen_with_the_keyboard_and_removed(drawing_phone: BrowserContext, centre: Centre) -> None:
    page = opened(drawing_phone, centre, script=FOUND_LATE)
    page.click("#locate")
    page.evaluate("found({ coords: { latitude: 40.1, longitude: 71.2, accuracy: 8 } })")
    page.focus("#choose-point")
    page.keyboard.press("Enter")
    expect(page.locator("#map-centre")).to_have_text("40.10000, 71.20000")
    expect(page.locator("#map canvas")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#map-centre")).not_to_have_text("40.10000, 71.20000")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.locator("#take-point").evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    located = page.locator("#located")
    expect(located).to_contain_text("Location from the map: 40.1")
    assert point(located.inner_text())[1] > 71.2
    page.click("#locate")
    page.evaluate("found({ coords: { latitude: 40.1, longitude: 71.2, accuracy: 80 } })")
    expect(located).to_have_text("Location added, within 80 m")
    page.click("#remove-point")
    expect(located).to_be_hidden()
    expect(page.locator("#choose-point")).to_be_focused()


def test_after_one_visit_the_map_opens_without_a_signal(drawing_phone: BrowserContext, centre: Centre) -> None:
    page = opened(drawing_phone, centre)
    wait_for_script(page, MAP_CACHED)
    with no_signal(drawing_phone, centre):
        page.reload()
        expect(page.locator("#report, #pin-enter").filter(visible=True).first).to_be_visible()
        with_map(page)
        page.keyboard.press("Escape")
        expect(page.locator("#point-dialog")).to_be_hidden()


def test_without_its_files_the_dialog_says_how_to_go_on(drawing_phone: BrowserContext, centre: Centre) -> None:
    drawing_phone.route("**/maplibre-gl.mjs", lambda route: route.abort())
    page = opened(drawing_phone, centre)
    page.click("#choose-point")
    expect(page.locator("#map-hint")).to_contain_text("The map is not on this phone yet.")
    page.click("#cancel-point")
    expect(page.locator("#point-dialog")).to_be_hidden()


def test_a_browser_that_cannot_draw_the_map_says_how_to_go_on(fresh_phone: BrowserContext, centre: Centre) -> None:
    page = opened(fresh_phone, centre)
    page.click("#choose-point")
    expect(page.locator("#map-hint")).to_contain_text("This browser cannot draw the map. Choose the village")
    expect(page.locator("#take-point")).to_be_hidden()


def test_after_some_minutes_unseen_the_map_is_closed(fresh_phone: BrowserContext, centre: Centre) -> None:
    """The map shows the place of the author's household. After some minutes, somebody else may have the phone."""
    page = opened(fresh_phone, centre)
    page.click("#choose-point")
    expect(page.locator("#point-dialog")).to_be_visible()
    page.evaluate(UNSEEN)
    expect(page.locator("#point-dialog")).to_be_hidden()
