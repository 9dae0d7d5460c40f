"""Tests the tables beside the map. Without WebGL, the tables show the content and the sums of the map."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import dist
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, Route, expect

from deploy.local.process import wait_until
from shared import events
from shared.auth.tokens import Role
from tests.console.factories import KADAMJAI, KARA_SUU, LEILEK, NOW, alert, group, hazard, household
from tests.console.pages.conftest import Whole
from tests.console.pages.test_accessibility import findings
from tests.console.pages.test_search import reported
from tests.registry import factories as reports

EPICENTRE = {"pcodes": [KADAMJAI], "point": {"lat": 40.1, "lon": 71.7}}
# returns two times: this minute and the minute before, because the stream's last message came in one of them
MINUTES_OF_THE_LOSS = """async () => {
    const { clock } = await import("/static/time.js");
    return [60_000, 0].map(ms => clock(new Date(Date.now() - ms)));
}"""
# two callers of a file that is being loaded share one load
SAME_FILE = """async () => {
    const { addBackgroundReader } = await import("/static/map/page-files.js");
    return addBackgroundReader() === addBackgroundReader();
}"""
# returns the border of each country of the base map
BORDERS = """async () => {
    const { borderOf } = await import("/static/map/borders.js");
    const { features } = await (await fetch("/static/map/base/countries.geojson")).json();
    return features.map((country) => [country.properties.iso2, borderOf(country).geometry.coordinates]);
}"""
EDGES = (66, 83.5, 36.5, 46)  # the two longitudes and two latitudes at which the base map ends
# returns the district that opens after a click on a mark of several alerts
COMMON_DISTRICT = """async () => {
    const { commonDistrict } = await import("/static/map/features.js");
    const of = (...districts) => ({ properties: { districts } });
    return [commonDistrict([of("a", "b"), of("c", "b")]), commonDistrict([of("a"), of("b")]) ?? null];
}"""


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


def test_without_webgl_the_tables_remain(whole: Whole, seat: Any) -> None:
    whole.clear_hazards()
    whole.report_hazard(type="rockfall")
    whole.publish(group(70, to=KADAMJAI))
    page = seat(Role.OPERATOR).open("/map")
    expect(page.locator("#no-map")).to_be_visible()
    expect(page.locator("#no-map")).to_contain_text("no WebGL")
    row = page.locator("#hazards-rows tr", has_text="Rockfall")
    expect(row).to_be_visible()
    page.emulate_media(media="print")
    expect(row.get_by_role("button")).to_be_visible()  # names in the tables are buttons; print must show them
    page.emulate_media(media="screen")
    row.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#chosen-facts")).to_contain_text("Kadamjai rayon")
    assert findings(page) == []
    assert page.evaluate(SAME_FILE) is True
    assert page.evaluate(COMMON_DISTRICT) == ["b", None]
    page.locator("#displaced-rows tr", has_text="Kadamjai rayon").get_by_role("button").click()
    page.get_by_role("link", name="New event here").click()
    expect(page.locator("#place")).to_have_value("Kadamjai rayon, Batken oblast")
    expect(page.locator("#point")).to_have_value("")


def test_the_end_of_the_base_is_not_drawn_as_a_border(seat: Any) -> None:
    borders: dict[str, list[list[list[float]]]] = dict(seat(Role.OPERATOR).open("/ledger").evaluate(BORDERS))
    drawn = [pair for lines in borders.values() for line in lines for pair in pairwise(line)]
    assert len(drawn) > 1000
    # only the edges of the base map are longer than one degree
    assert [(one, other) for one, other in drawn if {*EDGES} & {*one} & {*other} or dist(one, other) > 1] == []
    assert all(line[0] == line[-1] for line in borders["KG"])  # the border of the country is whole


def test_hazards_reported_from_the_field_have_a_layer_with_their_age(whole: Whole, seat: Any) -> None:
    whole.clear_hazards()
    now = datetime.now(UTC)  # `NOW` may be long ago when the test begins
    whole.publish(
        hazard(type="avalanche", channel="field", received_at=now - timedelta(hours=2)),
        hazard(type="rockfall", channel="field", received_at=now - timedelta(hours=7)),
        hazard(type="landslide"),
        hazard(
            type="earthquake",
            magnitude=6.4,
            depth_km=12,
            area=EPICENTRE,
        ),
    )
    deep = hazard(type="earthquake", magnitude=7.2, depth_km=180, area=EPICENTRE)
    nowhere = hazard(type="earthquake", magnitude=6.1, depth_km=10, area={"description": "Тянь-Шань"})
    whole.publish(deep, hazard(type="earthquake", area=EPICENTRE), nowhere)
    desk = seat(Role.OPERATOR)
    desk.sign_in()
    page: Page = desk.page
    page.route("**/statistics/stock*", lambda route: route.fulfill(status=503))
    with page.expect_response("**/statistics/stock*"):
        page.goto(f"{whole.url}/map")
    for title in ("Avalanche", "Rockfall", "Landslide"):
        expect(page.locator("#hazards-rows tr", has_text=title)).to_have_count(1)
    row = page.locator("#reports-rows tr")
    expect(row).to_have_count(1)  # one report is older than six hours, and one did not come from the field
    expect(row).to_contain_text(re.compile(r"Avalanche.*2 h \d+ min"))
    expect(page.locator("#total-reports")).to_have_text("1")
    row.get_by_role("button").click()
    expect(page.locator("#chosen-facts")).to_contain_text("Received")
    shaken = page.locator("#intensities-rows tr", has_text="Kadamjai rayon")
    expect(shaken).to_contain_text("VII (7.0)M 6.4")
    expect(page.locator("#total-intensities")).to_have_text("VII; not computed: 3")
    expect(page.locator("#intensities-hidden")).to_have_text(
        "Not computed: 3 (deeper than 40 km, or no magnitude or place)."
    )
    shaken.get_by_role("button").click()
    expect(page.locator("#chosen-facts")).to_contain_text("Computed intensity (MSK-64)VII (7.0), M 6.4")
    expect(page.locator("#total-households")).to_contain_text("persons")
    # the registry does not answer, so nothing is stated about the people in location of return
    expect(page.locator("#chosen-facts")).not_to_contain_text("in counted groups")
    expect(page.locator("#total-returns")).to_have_text("")
    expect(page.locator("#returns-none")).to_be_hidden()


def test_the_map_has_the_same_sums_as_the_board(whole: Whole, seat: Any) -> None:
    whole.clear_groups()
    whole.publish(household(persons=5), household(persons=3, destination=KARA_SUU), group(70, to=KADAMJAI))
    whole.publish(group(37, to=LEILEK, destination_locality="Тобей мечити"))
    whole.report_hazard(type="landslide")
    family, other = reports.household(), reports.household(reasons=["economic"])
    reported(whole, family, reports.movement(family, "returned"))
    reported(whole, other, reports.movement(other, "returned"))
    desk, asked = seat(Role.OPERATOR), list[str]()

    def one_row_each(route: Route) -> None:
        """The second answer has another version, so the map begins again."""
        asked.append(route.request.url)
        found = route.fetch(url=asked[-1].replace("limit=2000", "limit=1")).json()
        route.fulfill(json={**found, "version": "other"} if len(asked) == 2 else found)

    desk.page.route("**/statistics/stock?sub_stock=in_return*", one_row_each)
    page = desk.open("/map")
    assert_a_past_hazard_is_read_alone(whole, page)
    returned = page.request.get(f"{whole.url}/registry/v1/statistics/stock?sub_stock=in_return").json()["rows"]
    registered, counted = (sum(row[name] for row in returned) for name in ("persons", "group_persons"))
    expect(page.locator("#total-returns")).to_have_text(f"registered: {registered}, in counted groups: {counted}")
    assert len(asked) >= len(returned) + 2 >= 4
    shown = page.locator("#returns-rows td:nth-of-type(1)").all_text_contents()
    assert sum(map(int, shown)) == registered >= 2
    for layer in ("counted", "localities"):
        expect(page.locator(f"#total-{layer}")).to_have_text("persons: 107")
    mosque = page.locator("#localities-rows tr", has_text="Тобей мечити")
    expect(mosque.locator("td").last).to_have_text("37")
    mosque.get_by_role("button").click()
    expect(page.locator("#chosen-facts")).to_contain_text("Leilek rayon")
    expect(page.locator("#chosen-facts dt", has_text="Last report")).to_be_visible()
    # the alerts arrive one after another, so both pages are read until they agree
    assert wait_until(lambda: on_map(page) == on_board(page), timeout=90, every=0.5), (on_map(page), on_board(page))


def assert_a_past_hazard_is_read_alone(whole: Whole, page: Page) -> None:
    """The small map of an alert about a past hazard reads only the past hazard.

    A hazard without a known place has no small map.
    """
    past: dict[str, Any] = {"onset": NOW - timedelta(days=9), "received_at": NOW - timedelta(days=9)}
    flood = hazard(type="river_flood", **past, expires=NOW - timedelta(days=8), area={"description": "Kurgan"})
    whole.publish(flood)
    own = f"{whole.url}/hazards/{flood.hazard_id}"
    assert wait_until(lambda: page.request.get(own).ok, timeout=60)
    assert 'id="small-map"' not in page.request.get(own).text()
    layer = page.request.get(f"{whole.url}/console/v1/map/hazards?hazard={flood.hazard_id}").json()
    assert [each["properties"]["id"] for each in layer["features"]] == [str(flood.hazard_id)]


def sums(page: Page, name: str) -> int:
    rows = page.locator("#displaced-rows tr", has_not_text="Abroad")
    column = {"households": 1, "persons": 2}[name]
    cells = rows.evaluate_all(f"rows => rows.map(row => row.cells[{column}].textContent)")
    return sum(int(cell.replace(",", "")) for cell in cells)


def on_map(page: Page) -> tuple[int, int, str | None, int]:
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
    # without answers that state the server's time, the page uses the browser's clock, which the test moves
    desk.page.route(re.compile("/v1/(ringing|session)$"), lambda route: route.abort())
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
    row.evaluate("row => { row.isFirst = true; }")
    expect(page.locator("#map-late")).to_be_hidden()
    # without a connection, the page states the time of the loss as the time of the map
    page.route("**/stream?*", lambda route: route.abort())
    lost = page.evaluate(MINUTES_OF_THE_LOSS)
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.locator("#link")).to_have_attribute("data-state", "lost")
    page.clock.fast_forward(20_000)
    expect(page.locator("#map-late")).to_have_text(re.compile(rf"It shows the state of ({'|'.join(lost)})\."))
    page.unroute("**/stream?*")
    page.clock.fast_forward(3_000)
    expect(page.locator("#map-late")).to_be_hidden()
    # after a loss, the page still states the time of the loss, and not the time of a later message
    page.route("**/console/v1/map/alerts*", lambda route: route.fulfill(status=503))
    lost = page.evaluate(MINUTES_OF_THE_LOSS)
    page.evaluate("dispatchEvent(new Event('offline'))")
    with page.expect_response("**/console/v1/map/alerts*"):
        page.clock.fast_forward(180_000)
    page.clock.fast_forward(20_000)
    expect(page.locator("#map-late")).to_have_text(re.compile(rf"It shows the state of ({'|'.join(lost)})\."))
    page.unroute("**/console/v1/map/alerts*")
    expect(row).to_have_count(1)
    expect(page.locator("#map-late")).to_be_hidden()
    assert row.evaluate("row => row.isFirst"), "the row has not changed, but was made again"
    acknowledged = {**raised.model_dump(), "sequence": 2, "acknowledged_at": NOW, "acknowledged_by": uuid4()}
    whole.publish(events.AlertAcknowledged.model_validate(acknowledged))
    expect(row).to_have_count(0)


def test_a_viewer_sees_districts_but_no_sites_and_no_villages(seat: Any, whole: Whole) -> None:
    whole.publish(group(12, to=LEILEK, destination_locality="чайкана"))
    page = seat(Role.VIEWER).open("/map")
    expect(page.locator("#total-households")).to_contain_text("persons")
    expect(page.locator("#sites-rows, #localities-rows, #returns-rows")).to_have_count(0)
    layer = f"{whole.url}/console/v1/map/localities"
    assert wait_until(lambda: LEILEK in page.request.get(layer).text(), timeout=60)
    assert "чайкана" not in page.request.get(layer).text()
    expect(page.locator("#new-events")).to_have_count(0)
    assert wait_until(lambda: page.locator("#displaced-rows tr").count() > 0, timeout=60)
