"""Tests the drawn map, on its own page and on the board."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.browsers import launched, wait_for_script
from tests.console.factories import KARA_SUU, LEILEK, hazard
from tests.console.pages.conftest import Seat, Whole
from tests.console.pages.test_accessibility import findings
from tests.intake.factories import household as fled

LANGUAGES = ("ky", "ru", "en")


@pytest.fixture(scope="module")
def drawing_browser(browser: Browser) -> Iterator[Browser]:
    with launched(browser.browser_type, has_webgl=True) as drawing_browser:
        yield drawing_browser


@pytest.fixture
def drawing(seat: Any, drawing_browser: Browser) -> Seat:
    desk: Seat = seat(Role.OPERATOR, browser=drawing_browser)
    draw_coarsely(desk.page)
    return desk


def draw_coarsely(page: Page, width: int = 1366, height: int = 768) -> None:
    """Gives the page a small window, and a quarter of the usual pixels in each direction. Fewer pixels save CPU time.

    If the window's size changes, this page has the usual pixels again. Pages that are opened later have coarse pixels.
    """
    page.add_init_script("Object.defineProperty(globalThis, 'devicePixelRatio', { get: () => 0.25 })")
    page.set_viewport_size({"width": width, "height": height})
    coarse = {"width": width, "height": height, "deviceScaleFactor": 0.25, "mobile": False}
    page.context.new_cdp_session(page).send("Emulation.setDeviceMetricsOverride", coarse)


def opened(desk: Seat, language: str = "en", **size: int) -> Page:
    desk.sign_in()
    if size:
        desk.page.set_viewport_size({"width": size["width"], "height": size["height"]})
    desk.page.goto(f"{desk.whole.url}/map?lang={language}")
    expect(desk.page.locator("#map[data-state=drawn]")).to_be_visible()
    expect(desk.page.locator("#map-loading")).to_be_hidden()
    return desk.page


def test_list_and_map_select_each_other(whole: Whole, drawing: Seat) -> None:
    whole.clear_hazards()
    whole.report_hazard(type="rockfall", area={"pcodes": [KARA_SUU], "point": {"lat": 40.75, "lon": 73.1}})
    page = opened(drawing)
    row = page.locator("#hazards-rows tr", has_text="Rockfall")
    expect(row).to_have_count(1)
    row.get_by_role("button").click()
    expect(page.locator("#chosen-title")).to_have_text("Rockfall")
    expect(row).to_have_class("is-selected")
    page.get_by_role("button", name="Clear the selection").click()
    expect(page.locator("tr.is-selected")).to_have_count(0)
    # the map moves to the hazard, and draws its mark a moment later
    assert wait_until(lambda: selected_in_the_middle(page) == "Rockfall", timeout=60, every=0.5)
    expect(row).to_have_class("is-selected")
    expect(page.locator("#map")).to_have_class(re.compile("is-aimed"))
    looked = hazard(type="avalanche", source="field", certainty="Unlikely", onset=datetime.now(UTC))
    whole.publish(looked)
    expect(page.locator("#hazards-rows tr", has_text="Avalanche: nothing found")).to_have_count(1)
    page.locator("#chosen-facts").get_by_role("link", name="Open the hazard").click()
    assert_a_small_map_is_drawn(page)
    alerts = page.get_by_role("region", name="Alerts about this event")
    alerts.get_by_role("link", name="Rockfall", exact=True).first.click()
    page.wait_for_url("**/alerts/**")
    assert_a_small_map_is_drawn(page)
    assert drawing.errors == []


def assert_a_small_map_is_drawn(page: Page) -> None:
    """The page of a hazard or an alert draws its map only after somebody scrolls to the map."""
    page.locator("#small-map").scroll_into_view_if_needed()
    expect(page.locator("#small-map #map[data-state=drawn]")).to_be_visible()


def test_on_a_wide_screen_the_board_and_its_map_select_each_other(whole: Whole, drawing: Seat) -> None:
    whole.clear_hazards()
    whole.report_hazard(type="rockfall", area={"pcodes": [KARA_SUU], "point": {"lat": 40.75, "lon": 73.1}})
    draw_coarsely(drawing.page, 1700, 900)
    drawing.page.route("**/static/map/base/lakes.geojson", lambda route: route.abort(), times=1)
    page = drawing.open("/")
    expect(page.locator("#map-missing")).to_be_visible()
    expect(page.locator("#map[data-state=drawn]")).to_be_visible()  # the page has loaded the map again
    expect(page.locator("#map-missing")).to_be_hidden()
    drawing.errors.clear()
    beside = page.locator("#beside")
    page.locator("#panel-hazards").get_by_role("link", name="Rockfall").click()
    expect(beside.locator(".hazard-page")).to_contain_text("Rockfall")
    page.keyboard.press("Escape")
    expect(beside).to_be_hidden()

    def is_opened_by_a_click() -> bool:
        click_in_the_middle(page)  # the hazard is in the middle of the map
        return beside.is_visible()

    assert wait_until(is_opened_by_a_click, timeout=60, every=0.5)
    # the mark in the middle stands for the hazard, its alert, or both; a click on both opens their district
    expect(beside.locator("h1")).to_have_text(re.compile("Rockfall|Kara-Suu"))
    assert_the_mark_moves(whole, page)
    page.locator("#map-switch").click()
    expect(page.locator("#board-map")).to_be_hidden()
    assert_the_wall_shows_no_typed_text(whole, page)
    assert drawing.errors == []


def assert_the_mark_moves(whole: Whole, page: Page) -> None:
    """The hazard beside the list gets an update with another point. The hazard's mark moves on the map."""
    snow = hazard(type="avalanche", area={"pcodes": [LEILEK], "point": {"lat": 39.8, "lon": 69.6}})
    slide = hazard(type="landslide", area={"pcodes": [KARA_SUU], "point": {"lat": 40.75, "lon": 73.1}})
    whole.publish(snow, slide)
    page.evaluate(
        """async () => {
            const { DrawnMap } = await import("/static/map/canvas.js"), { mark } = DrawnMap.prototype;
            DrawnMap.prototype.mark = function (feature) {
                window.drawn = this;
                window.marked = JSON.stringify(feature?.geometry ?? {});
                mark.call(this, feature);
            };
        }"""
    )
    page.locator("#panel-hazards").get_by_role("link", name="Avalanche").click()
    wait_for_script(page, "window.marked?.includes('69.6,39.8')")
    moved = {"pcodes": [LEILEK], "point": {"lat": 39.9, "lon": 69.7}}
    update: dict[str, Any] = {
        "hazard_id": snow.hazard_id,
        "source_id": snow.source_id,
        "revision": 2,
        "msg_type": "Update",
    }
    whole.publish(hazard(type="avalanche", area=moved, **update))
    wait_for_script(page, "window.marked.includes('69.7,39.9')")
    # the layer without features is hidden: MapLibre would otherwise make tiles of the empty layer
    shown = "['hazards', 'returns'].map(layer => window.drawn.map.getLayoutProperty(layer, 'visibility') !== 'none')"
    assert page.evaluate(shown) == [True, False]
    # MapLibre takes over the colours of another theme meanwhile, and must lose no change
    page.evaluate(
        """async () => {
            const { drawn } = window;
            drawn.restyle();
            drawn.turn("hazards", false);
            const properties = { larger: 1 }, geometry = { type: "Point", coordinates: [74, 41] };
            drawn.show("returns", [{ type: "Feature", geometry, properties }]);
            await drawn.map.once("style.load");
        }"""
    )
    assert page.evaluate(shown) == [False, True]
    page.evaluate("window.drawn.turn('hazards', true); window.drawn.show('returns', [])")
    assert page.evaluate(shown) == [True, False]
    # the two hazards share a mark but no district
    page.evaluate("ids => window.drawn.chosen('hazards', ids)", [str(snow.hazard_id), str(slide.hazard_id)])
    page.locator("#map-more").get_by_role("button", name="Landslide").click()
    expect(page.locator("#beside h1")).to_contain_text("Landslide")
    expect(page.locator("#map-more")).to_be_hidden()


def assert_the_wall_shows_no_typed_text(whole: Whole, page: Page) -> None:
    """A person typed a text about a new hazard. The map of a wall screen draws the hazard without this text."""
    page.set_viewport_size({"width": 800, "height": 450})
    page.goto(f"{whole.url}/wall")
    expect(page.locator("#map[data-state=drawn]")).to_be_visible()
    page.evaluate(
        """async () => {
            const { DrawnMap } = await import("/static/map/canvas.js"), { show } = DrawnMap.prototype;
            window.shown = {};
            DrawnMap.prototype.show = function (name, features) {
                window.shown[name] = JSON.stringify(features);
                show.call(this, name, features);
            };
        }"""
    )
    told = hazard(type="other", type_text="Told by a caller", area={"pcodes": [LEILEK]})
    whole.publish(told)
    wait_for_script(page, "id => window.shown.hazards?.includes(id)", str(told.hazard_id))
    assert "Told by a caller" not in page.evaluate("window.shown.hazards")


# Returns the pixel of a place on the page while the map shows the whole country.
PIXEL_OF = """(map, [lon, lat]) => {
  const y = (lat) => Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) * (180 / Math.PI);
  const [west, south, east, north] = [69.2, y(39.1), 80.3, y(43.4)];
  const { left, top, width, height } = map.getBoundingClientRect();
  const scale = Math.min((width - 24) / (east - west), (height - 24) / (north - south));
  const [across, up] = [lon - (west + east) / 2, y(lat) - (south + north) / 2];
  return [left + width / 2 + across * scale, top + height / 2 - up * scale];
}"""


def test_a_circle_on_the_map_of_a_figure_says_how_many_people_are_there(whole: Whole, drawing: Seat) -> None:
    bearer = {"authorization": f"Bearer {whole.installation.token(roles=[Role.FIELD])}"}
    assert whole.client(headers=bearer).post("/intake/v1/displacements", json=fled()).status_code == 202
    drawing.sign_in()
    page, address = drawing.page, f"{whole.url}/registry/figures?lang=en&date=2026-06-30"
    button = page.get_by_role("button", name="Show the map")
    assert wait_until(lambda: bool(page.goto(address)) and button.is_visible(), timeout=60)
    places = json.loads(page.locator("#map").get_attribute("data-places") or "")
    persons = next(each["persons"] for each in places if each["pcode"] == LEILEK)
    units = page.evaluate("fetch('/console/v1/map/units').then(answer => answer.json())")["features"]
    [point] = [unit["geometry"]["coordinates"] for unit in units if unit["properties"]["id"] == LEILEK]
    button.click()
    expect(page.locator("#map[data-state=drawn]")).to_be_visible()
    page.locator("#map").scroll_into_view_if_needed()
    page.mouse.click(*page.locator("#map").evaluate(PIXEL_OF, point))
    expect(page.locator("#map-place")).to_have_text(
        re.compile(rf"^Leilek.*: registered {persons:,}, counted in groups")
    )
    assert drawing.errors == []


def test_a_switch_hides_a_layer_and_shows_it_again(whole: Whole, drawing: Seat) -> None:
    whole.clear_hazards()
    whole.report_hazard(type="rockfall", area={"pcodes": [KARA_SUU], "point": {"lat": 40.75, "lon": 73.1}})
    page = opened(drawing)
    page.locator("#hazards-rows button").click()
    page.get_by_role("checkbox", name="Hazards").uncheck()
    click_in_the_middle(page)
    expect(page.locator("#chosen-title")).to_have_text("Nothing selected")
    page.reload()  # the browser remembers that the layer is off
    expect(page.locator("#map[data-state=drawn]")).to_be_visible()
    page.locator("#hazards-rows button").click()
    click_in_the_middle(page)
    expect(page.locator("#chosen-title")).to_have_text("Nothing selected")
    page.get_by_role("checkbox", name="Hazards").check()
    # the click is repeated, because the marks are drawn a moment after the switch
    assert wait_until(lambda: selected_in_the_middle(page) == "Rockfall", timeout=60, every=0.5)


def selected_in_the_middle(page: Page) -> str | None:
    click_in_the_middle(page)
    return page.locator("#chosen-title").text_content()


def click_in_the_middle(page: Page) -> None:
    drawn = page.locator("#map[data-state=drawn]")
    expect(drawn).to_be_visible()
    middle = drawn.bounding_box()
    assert middle is not None
    x, y = middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2
    page.mouse.move(x, y + 1)  # move first, because the click must move the pointer
    page.mouse.click(x, y)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_drawn_map_is_accessible_and_fits_every_screen(drawing: Seat, language: str) -> None:
    page = opened(drawing, language)
    assert language != "ky" or findings(page) == []
    for width in (1920, 1366, 390, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
    assert drawing.errors == []  # the content security policy blocked nothing


def test_an_event_is_entered_at_a_point_of_the_map_and_loses_it_by_a_correction(whole: Whole, drawing: Seat) -> None:
    whole.clear_hazards()
    page = opened(drawing)
    click_in_the_middle(page)
    point = page.locator("#event-here span").inner_text()
    page.get_by_role("link", name="New event here").click()
    expect(page.locator("#point")).to_have_value(point)
    page.fill("#hazard", "rockfall")
    page.fill("#place", "leilek")
    with page.expect_request("**/intake/v1/hazards") as sent:
        page.click("#send")
    lat, lon = (float(degrees) for degrees in point.split(", "))
    assert (sent.value.post_data_json or {})["area"]["point"] == {"lat": lat, "lon": lon}
    expect(page.locator("#answer-text")).to_contain_text("Accepted")
    page.goto(f"{whole.url}/")
    page.get_by_role("link", name="Correct or cancel").click()
    expect(page.locator("#point")).to_have_value(point)
    page.fill("#point", "74.5, 41.2")
    page.click("#send")
    expect(page.locator("#failure")).to_contain_text("Check this field: Point")
    page.get_by_role("button", name="Remove the point").click()
    with page.expect_request("**/intake/v1/hazards") as corrected:
        page.click("#send")
    assert "point" not in (corrected.value.post_data_json or {})["area"]
    assert drawing.errors == []


def test_the_form_takes_the_centre_of_the_map_that_it_opened(whole: Whole, drawing: Seat) -> None:
    form = drawing.open("/new-event")
    wait_for_script(form, "document.getElementById('onset').value")
    form.fill("#hazard", "rockfall")
    with form.expect_popup() as opening:
        form.get_by_role("link", name="Take the point from the map").press("Enter")
    page = opening.value
    draw_coarsely(page)
    expect(page.locator("#map[data-state=drawn]")).to_be_visible()
    before = page.locator("#event-at-centre span").inner_text()
    page.locator("#map canvas").press("ArrowRight")
    expect(page.locator("#event-at-centre span")).not_to_have_text(before)
    expect(page.locator("#map[data-state=drawn]")).to_be_visible()
    centre = page.locator("#event-at-centre span").inner_text()
    taking = page.get_by_role("link", name="Take the centre of the map")
    with page.expect_event("close"):
        taking.evaluate("link => setTimeout(() => link.click())")  # a press would fail, because its page closes
    expect(form.locator("#point")).to_have_value(centre)
    expect(form.locator("#hazard")).to_have_value("Rockfall")
    assert drawing.errors == []


def test_if_the_base_map_does_not_arrive_the_tables_remain(whole: Whole, drawing: Seat) -> None:
    whole.clear_hazards()
    whole.report_hazard(type="rockfall")
    drawing.page.route("**/static/map/base/*", lambda _: None)  # slow files
    page = drawing.open("/map")
    expect(page.locator("#map-loading")).to_be_visible()
    page.route("**/static/map/base/*", lambda route: route.abort())
    page.reload()
    expect(page.locator("#map-missing")).to_be_visible()
    expect(page.locator("#map-loading")).to_be_hidden()
    expect(page.locator("#no-map")).to_be_hidden()
    expect(page.locator("#hazards-rows tr", has_text="Rockfall")).to_be_visible()
