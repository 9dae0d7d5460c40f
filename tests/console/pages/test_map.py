"""Tests the page of the map in browsers with and without WebGL."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.browsers import launched, wait_for_script
from tests.console.factories import KADAMJAI, KARA_SUU, LEILEK, NOW, alert, group, hazard, household
from tests.console.pages.conftest import Seat, Whole
from tests.console.pages.test_accessibility import findings

LANGUAGES = ("ky", "ru", "en")
# the district that a click on a mark of several alerts opens
COMMON_DISTRICT = """async () => {
    const { commonDistrict } = await import("/static/map/features.js");
    const of = (...districts) => ({ properties: { districts } });
    return [commonDistrict([of("a", "b"), of("c", "b")]), commonDistrict([of("a"), of("b")]) ?? null];
}"""


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
    """Gives the page a small window and half the usual pixels in each direction, because each pixel takes time to draw.

    A later size of the window gives the page its usual pixels.
    """
    page.set_viewport_size({"width": width, "height": height})
    coarse = {"width": width, "height": height, "deviceScaleFactor": 0.5, "mobile": False}
    page.context.new_cdp_session(page).send("Emulation.setDeviceMetricsOverride", coarse)


def opened(desk: Seat, language: str = "en", **size: int) -> Page:
    desk.sign_in()
    if size:
        desk.page.set_viewport_size({"width": size["width"], "height": size["height"]})
    desk.page.goto(f"{desk.whole.url}/map?lang={language}")
    expect(desk.page.locator("#map[data-state=drawn]")).to_be_visible()
    return desk.page


def sums(page: Page, name: str) -> int:
    """The sum of a column of numbers in the table of displaced people, without people abroad."""
    rows = page.locator("#displaced-rows tr", has_not_text="Abroad")
    column = {"households": 1, "persons": 2}[name]
    cells = rows.evaluate_all(f"rows => rows.map(row => row.cells[{column}].textContent)")
    return sum(int(cell.replace(",", "")) for cell in cells)


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
    # the map moves to the hazard, whose mark is drawn a moment later
    assert wait_until(lambda: selected_in_the_middle(page) == "Rockfall", timeout=30, every=0.5)
    expect(row).to_have_class("is-selected")
    looked = hazard(type="avalanche", source="field", certainty="Unlikely", onset=datetime.now(UTC))
    whole.publish(looked)
    expect(page.locator("#hazards-rows tr", has_text="Avalanche: nothing found")).to_have_count(1)
    assert drawing.errors == []


def test_on_a_wide_screen_the_board_and_its_map_select_each_other(whole: Whole, drawing: Seat) -> None:
    whole.clear_hazards()
    whole.report_hazard(type="rockfall", area={"pcodes": [KARA_SUU], "point": {"lat": 40.75, "lon": 73.1}})
    draw_coarsely(drawing.page, 1700, 900)
    drawing.page.route("**/static/map/base/lakes.geojson", lambda route: route.abort(), times=1)
    page = drawing.open("/")
    expect(page.locator("#map-missing")).to_be_visible()
    expect(page.locator("#map[data-state=drawn]")).to_be_visible()  # the map was loaded again
    expect(page.locator("#map-missing")).to_be_hidden()
    drawing.errors.clear()
    beside = page.locator("#beside")
    page.locator("#panel-hazards").get_by_role("link", name="Rockfall").click()
    expect(beside.locator(".hazard-page")).to_contain_text("Rockfall")
    page.keyboard.press("Escape")
    expect(beside).to_be_hidden()

    def is_opened_by_a_click() -> bool:
        click_in_the_middle(page)  # the map has moved to the hazard
        return beside.is_visible()

    assert wait_until(is_opened_by_a_click, timeout=30, every=0.5)
    expect(page.locator("#beside-page")).to_have_attribute("href", re.compile("^/(hazards|alerts|areas)/"))
    assert_the_mark_moves(whole, page)
    page.locator("#map-switch").click()
    expect(page.locator("#board-map")).to_be_hidden()
    assert drawing.errors == []


def assert_the_mark_moves(whole: Whole, page: Page) -> None:
    """An update moves the hazard that is open beside the list. Its mark on the map moves, too."""
    snow = hazard(type="avalanche", area={"pcodes": [LEILEK], "point": {"lat": 39.8, "lon": 69.6}})
    whole.publish(snow)
    page.evaluate(
        """async () => {
            const { DrawnMap } = await import("/static/map/canvas.js"), { mark } = DrawnMap.prototype;
            DrawnMap.prototype.mark = function (feature) {
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


def test_a_switch_hides_a_layer_and_shows_it_again(whole: Whole, drawing: Seat) -> None:
    whole.clear_hazards()
    whole.report_hazard(type="rockfall", area={"pcodes": [KARA_SUU], "point": {"lat": 40.75, "lon": 73.1}})
    page = opened(drawing)
    page.locator("#hazards-rows button").click()
    page.get_by_role("checkbox", name="Hazards").uncheck()
    click_in_the_middle(page)
    expect(page.locator("#chosen-title")).to_have_text("Nothing selected")
    page.reload()  # the browser remembers the switch
    expect(page.locator("#map[data-state=drawn]")).to_be_visible()
    page.locator("#hazards-rows button").click()
    click_in_the_middle(page)
    expect(page.locator("#chosen-title")).to_have_text("Nothing selected")
    page.get_by_role("checkbox", name="Hazards").check()
    # the marks are drawn a moment after the switch, so the click is repeated
    assert wait_until(lambda: selected_in_the_middle(page) == "Rockfall", timeout=30, every=0.5)


def test_the_switches_of_each_account_are_remembered(seat: Any, whole: Whole) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/map")
    page.get_by_role("checkbox", name="Hazards").uncheck()
    sign_out(page)
    own, desk.name = desk.name, whole.account(Role.OPERATOR)
    expect(desk.open("/map").get_by_role("checkbox", name="Hazards")).to_be_checked()
    sign_out(page)
    desk.name = own
    expect(desk.open("/map").get_by_role("checkbox", name="Hazards")).not_to_be_checked()


def sign_out(page: Page) -> None:
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in*")


def selected_in_the_middle(page: Page) -> str | None:
    click_in_the_middle(page)
    return page.locator("#chosen-title").text_content()


def click_in_the_middle(page: Page) -> None:
    """Clicks in the middle of the map, which shows the feature that was selected last."""
    drawn = page.locator("#map[data-state=drawn]")
    expect(drawn).to_be_visible()
    middle = drawn.bounding_box()
    assert middle is not None
    page.mouse.click(middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_drawn_map_is_accessible_and_fits_every_screen(drawing: Seat, language: str) -> None:
    page = opened(drawing, language)
    assert language != "ky" or findings(page) == []
    for width in (1920, 1366, 390, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
    assert drawing.errors == []  # the content security policy has blocked nothing


def test_without_webgl_the_tables_remain(whole: Whole, seat: Any) -> None:
    whole.clear_hazards()
    whole.report_hazard(type="rockfall")
    whole.publish(group(70, to=KADAMJAI))
    page = seat(Role.OPERATOR).open("/map")
    expect(page.locator("#no-map")).to_be_visible()
    expect(page.locator("#no-map")).to_contain_text("no WebGL")
    row = page.locator("#hazards-rows tr", has_text="Rockfall")
    expect(row).to_be_visible()
    row.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#chosen-facts")).to_contain_text("Kadamjai rayon")
    assert findings(page) == []
    assert page.evaluate(COMMON_DISTRICT) == ["b", None]
    page.locator("#displaced-rows tr", has_text="Kadamjai rayon").get_by_role("button").click()
    page.get_by_role("link", name="New event here").click()
    expect(page.locator("#place")).to_have_value("Kadamjai rayon, Batken oblast")
    expect(page.locator("#point")).to_have_value("")


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


def test_hazards_reported_from_the_field_have_a_layer_with_their_age(whole: Whole, seat: Any) -> None:
    whole.clear_hazards()
    whole.publish(
        hazard(type="avalanche", channel="field", received_at=NOW - timedelta(hours=2)),
        hazard(type="rockfall", channel="field", received_at=NOW - timedelta(hours=7)),
        hazard(type="landslide"),
    )
    page = seat(Role.OPERATOR).open("/map")
    for title in ("Avalanche", "Rockfall", "Landslide"):
        expect(page.locator("#hazards-rows tr", has_text=title)).to_have_count(1)
    row = page.locator("#reports-rows tr")
    expect(row).to_have_count(1)  # one report is older than six hours, and one did not come from the field
    expect(row).to_contain_text(re.compile(r"Avalanche.*2 h \d+ min"))
    expect(page.locator("#total-reports")).to_have_text("1")
    row.get_by_role("button").click()
    expect(page.locator("#chosen-facts")).to_contain_text("Received")


def test_if_the_base_map_does_not_arrive_the_tables_remain(whole: Whole, drawing: Seat) -> None:
    whole.clear_hazards()
    whole.report_hazard(type="rockfall")
    drawing.page.route("**/static/map/base/*", lambda route: route.abort())
    page = drawing.open("/map")
    expect(page.locator("#map-missing")).to_be_visible()
    expect(page.locator("#no-map")).to_be_hidden()
    expect(page.locator("#hazards-rows tr", has_text="Rockfall")).to_be_visible()


def test_the_map_has_the_same_sums_as_the_board(whole: Whole, seat: Any) -> None:
    whole.clear_groups()
    whole.publish(household(persons=5), household(persons=3, destination=KARA_SUU), group(70, to=KADAMJAI))
    whole.publish(group(37, to=LEILEK, destination_locality="Тобей мечити"))
    whole.report_hazard(type="landslide")
    page = seat(Role.OPERATOR).open("/map")
    for layer in ("counted", "localities"):
        expect(page.locator(f"#total-{layer}")).to_have_text("persons: 107")
    mosque = page.locator("#localities-rows tr", has_text="Тобей мечити")
    expect(mosque.locator("td").last).to_have_text("37")
    mosque.get_by_role("button").click()
    expect(page.locator("#chosen-facts")).to_contain_text("Leilek rayon")
    # the alerts of these events arrive one after another, so both pages are read until they agree
    assert wait_until(lambda: on_map(page) == on_board(page), timeout=90, every=0.5), (on_map(page), on_board(page))


def on_map(page: Page) -> tuple[int, int, str | None, int]:
    """The households, persons, hazards and unacknowledged alerts on the map."""
    page.goto(f"{origin(page)}/map")
    for table in ("displaced", "hazards", "alerts"):
        expect(page.locator(f"#{table}-rows tr").first).to_be_visible()
    households, persons = sums(page, "households"), sums(page, "persons")
    return households, persons, page.locator("#total-hazards").text_content(), page.locator("#alerts-rows tr").count()


def on_board(page: Page) -> tuple[int, int, str | None, int]:
    page.goto(f"{origin(page)}/")
    table = page.locator("#panel-households table", has_text="Displaced from here")
    rows = table.locator("tbody tr[data-key]", has_not_text="Abroad")
    cells = rows.evaluate_all("rows => rows.map(row => [1, 3].map(cell => row.cells[cell].textContent))")
    households, persons = (sum(int(cell.replace(",", "")) for cell in column) for column in zip(*cells, strict=True))
    alerts = page.locator(".alert:is([data-section=waiting], [data-section=unseen])").count()
    return households, persons, page.locator("#panel-hazards .count").text_content(), alerts


def origin(page: Page) -> str:
    address: str = page.evaluate("location.origin")
    return address


def test_a_new_alert_appears_on_the_open_map_and_leaves_it_when_acknowledged(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    desk.page.clock.install()
    page = desk.open("/map")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    raised = alert()
    row = page.locator(f"#alerts-rows tr[data-id='{raised.alert_id}']")
    page.route("**/console/v1/map/alerts*", lambda route: route.fulfill(status=503))
    with page.expect_response("**/console/v1/map/alerts*"):
        whole.publish(raised)
    page.clock.fast_forward(20_000)
    expect(page.locator("#map-late")).to_have_text(
        re.compile(r"^The map is behind\. It shows the state of \d\d:\d\d\.$")
    )
    page.unroute("**/console/v1/map/alerts*")
    expect(row).to_have_count(1)
    expect(page.locator("#map-late")).to_be_hidden()
    acknowledged = {**raised.model_dump(), "sequence": 2, "acknowledged_at": NOW, "acknowledged_by": uuid4()}
    whole.publish(events.AlertAcknowledged.model_validate(acknowledged))
    expect(row).to_have_count(0)


def test_a_viewer_sees_districts_but_no_sites_and_no_villages(seat: Any, whole: Whole) -> None:
    whole.publish(group(12, to=LEILEK, destination_locality="чайкана"))
    page = seat(Role.VIEWER).open("/map")
    expect(page.locator("#total-households")).to_contain_text("persons")
    expect(page.locator("#sites-rows, #localities-rows")).to_have_count(0)
    layer = f"{whole.url}/console/v1/map/localities"
    assert wait_until(lambda: LEILEK in page.request.get(layer).text(), timeout=20)
    assert "чайкана" not in page.request.get(layer).text()
    expect(page.locator("#new-events")).to_have_count(0)
    assert wait_until(lambda: page.locator("#displaced-rows tr").count() > 0, timeout=20)
