"""A hazard in an area where displaced households now live raises an exposure alert."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text

from services.alerts import counts
from services.alerts.queries import hazard_changes
from shared.events import Place
from shared.events.vocabulary import Severity
from shared.hazards import BEFORE_ONSET
from shared.places import Places
from shared.places.points import KnownPoints
from shared.postgres import database
from tests.alerts.factories import ALAI, BATKEN, KADAMJAI, LEILEK, NOW, TODAY, group, household, mudflow, received, site
from tests.alerts.post import Post

pytestmark = pytest.mark.anyio
FROM_ALAI = Place(pcode=ALAI)


async def test_a_hazard_over_displaced_households_raises_an_exposure_alert(post: Post) -> None:
    await post(household(), household())
    await post(mudflow(area={"pcodes": [LEILEK]}))
    exposure, own = await post.alerts()
    assert (exposure.kind, exposure.area, exposure.households) == ("exposure", LEILEK, 2)
    assert (own.kind, own.severity) == ("hazard", Severity.SEVERE)


async def test_exposed_are_the_displaced_and_evacuated_of_the_hazard_s_own_status(post: Post) -> None:
    others = [{"mobility": "migration"}, {"mobility": "unable_to_move"}, {"status": "Exercise"}]
    await post(household(), household(mobility="evacuation"), *(household(**other) for other in others))
    await post(mudflow(area={"pcodes": [LEILEK]}))
    exposure, _ = await post.alerts()
    assert (exposure.kind, exposure.status, exposure.households) == ("exposure", "Actual", 2)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"severity": "Minor"}, "below_threshold"),
        ({"area": {"pcodes": [ALAI]}}, "moved_away"),
        ({"msg_type": "Cancel"}, "cancelled"),
    ],
)
async def test_an_exposure_alert_ends_when_the_revised_hazard_no_longer_covers_the_displaced(
    post: Post, changed: dict[str, Any], reason: str
) -> None:
    flood = mudflow(area={"pcodes": [LEILEK, KADAMJAI]})
    guests = [household(origin=FROM_ALAI, destination=Place(pcode=pcode)) for pcode in (LEILEK, KADAMJAI)]
    await post(*guests, flood)
    assert [alert.kind for alert in await post.alerts()] == ["exposure", "exposure", "hazard"]
    again = {"hazard_id": flood.hazard_id, "revision": 2, "msg_type": "Update", "area": {"pcodes": [LEILEK, KADAMJAI]}}
    await post(mudflow(**{**again, **changed}))
    exposure = (await post.alerts())[:2]
    assert [(one.is_lapsed, one.reason, one.escalates_at) for one in exposure] == [(True, reason, None)] * 2


async def test_an_exposure_alert_ends_when_the_last_displaced_household_leaves_and_returns_with_the_next(
    post: Post,
) -> None:
    guest = household()
    await post(mudflow(area={"pcodes": [LEILEK]}), guest)
    await post(household(household_id=guest.household_id, sequence=2, destination=FROM_ALAI))
    exposure, own = await post.alerts()
    assert (exposure.is_lapsed, exposure.escalates_at, own.is_lapsed) == (True, None, False)
    await post(household())
    exposure, _ = await post.alerts()
    assert not exposure.is_lapsed and exposure.escalates_at
    assert [cause for _, _, cause in await post.deliveries()] == ["raised", "raised", "lapsed", "returned"]


async def test_households_that_arrive_in_the_area_of_a_hazard_are_exposed(post: Post) -> None:
    await post(mudflow(area={"pcodes": [BATKEN]}))
    await post(household(origin=FROM_ALAI))
    await post(household(origin=FROM_ALAI))
    exposure, _ = await post.alerts()
    assert (exposure.area, exposure.households) == (LEILEK, 2)


async def test_an_expired_hazard_exposes_nobody(post: Post) -> None:
    await post(mudflow(area={"pcodes": [LEILEK]}))
    post.now = NOW + timedelta(hours=7)
    await post()
    await post(household())
    assert [alert.kind for alert in await post.alerts()] == ["hazard"]


async def test_an_old_hazard_over_displaced_households_is_recorded_and_notifies_nobody(post: Post) -> None:
    await post(household(origin=FROM_ALAI), mudflow(area={"pcodes": [LEILEK]}, onset=NOW - timedelta(days=30)))
    assert [(alert.kind, alert.is_suppressed) for alert in await post.alerts()] == [
        ("exposure", True),
        ("hazard", True),
    ]
    assert await post.deliveries() == []


async def test_a_growing_figure_is_updated_at_its_interval(post: Post) -> None:
    post.handling.exposures.renewed_every = timedelta(seconds=10)
    await post(mudflow(area={"pcodes": [LEILEK]}), household())
    await post(household())
    exposure, _ = await post.alerts()
    assert exposure.households == 1
    post.now = NOW + timedelta(seconds=11)
    await post()
    exposure, _ = await post.alerts()
    assert exposure.households == 2


async def test_a_cancelled_hazard_that_is_not_recounted_yet_updates_no_exposure_alert(post: Post) -> None:
    """The worker has stored the cancellation but not yet recounted.

    The recount must end the exposure alert with the reason "cancelled".
    """
    flood, handling = mudflow(area={"pcodes": [LEILEK]}), post.handling
    await post(flood, household())
    cancelled = mudflow(hazard_id=flood.hazard_id, revision=2, msg_type="Cancel", area={"pcodes": [LEILEK]})
    await handling.hazards([received(cancelled)], post.session)
    await handling.households([received(household())], post.session)
    await handling.exposures.tell(post.session)
    exposure, _ = await post.alerts()
    for _ in range(2):
        exposure, _ = await post.alerts()
        assert (exposure.households, exposure.is_lapsed, exposure.reason) == (1, True, "cancelled")
        await post()
    assert [cause for _, _, cause in await post.deliveries()] == ["raised", "raised", "lapsed", "lapsed"]


@pytest.mark.parametrize("is_known", [True, False], ids=["counted", "forgotten"])
async def test_a_late_cancel_ends_an_open_exposure_alert(post: Post, is_known: bool) -> None:
    flood = mudflow(area={"pcodes": [LEILEK]})
    await post(household(), flood)
    post.now = NOW + timedelta(hours=7)
    await post()
    if not is_known:
        # an earlier release of Dayar deleted the rows of an ended hazard from `exposures`
        await post.session.execute(text("DELETE FROM exposures"))
    await post(mudflow(hazard_id=flood.hazard_id, revision=2, msg_type="Cancel", area={"pcodes": [LEILEK]}))
    assert [(alert.is_lapsed, alert.reason) for alert in await post.alerts()] == [(True, "cancelled")] * 2


async def test_a_district_is_counted_while_an_alert_is_open_and_no_longer(post: Post) -> None:
    flood, guest = mudflow(area={"pcodes": [LEILEK]}), household()
    await post(guest, flood)
    post.now = NOW + timedelta(hours=7)
    await post()
    await post(household(household_id=guest.household_id, sequence=2, destination=FROM_ALAI))
    exposure, _ = await post.alerts()
    assert (exposure.is_lapsed, exposure.reason) == (True, "below_threshold")
    await post()
    assert await post.fetch("SELECT * FROM exposures") == []


async def test_a_hazard_over_an_oblast_is_stored_for_the_oblast_and_each_of_its_districts(post: Post) -> None:
    await post(mudflow(area={"pcodes": [BATKEN]}))
    areas = {BATKEN, *Places.load().children(BATKEN)}
    rows = await post.fetch("SELECT area, origins, hazard_type, departed_from, gone FROM exposures")
    assert {row.area for row in rows} == areas >= {KADAMJAI, LEILEK}
    assert all(set(row.origins) == areas for row in rows)
    assert {(row.hazard_type, row.departed_from, row.gone) for row in rows} == {("mudflow", TODAY, None)}


async def test_a_revision_that_comes_after_a_hazard_was_taken_is_stored_and_taken_again(post: Post) -> None:
    flood, handling = mudflow(area={"pcodes": [LEILEK]}), post.handling
    await handling.hazards([received(flood)], post.session)
    assert await hazard_changes.take(post.session) == {flood.hazard_id: [LEILEK]}
    revision = {"hazard_id": flood.hazard_id, "revision": 2, "msg_type": "Update", "type": "landslide"}
    await handling.hazards([received(mudflow(**revision, area={"pcodes": [ALAI]}))], post.session)
    by_points = {flood.hazard_id: [LEILEK, ALAI]}  # these districts would follow if the first revision had a drawn area
    await counts.store_districts(post.session, [flood.hazard_id], by_points, [])
    assert await post.fetch("SELECT area, hazard_type, gone FROM exposures") == [(ALAI, "landslide", None)]
    assert await hazard_changes.take(post.session) == {flood.hazard_id: [ALAI, ALAI]}


async def test_a_cancelled_hazard_that_comes_into_force_again_is_counted_again(post: Post) -> None:
    flood, handling = mudflow(area={"pcodes": [LEILEK]}), post.handling
    await post(flood, household(hazard_id=flood.hazard_id))
    for revision, msg_type, expected in ((2, "Cancel", ("cancelled", 0)), (3, "Update", (None, 1))):
        again = mudflow(hazard_id=flood.hazard_id, revision=revision, msg_type=msg_type, area={"pcodes": [LEILEK]})
        await handling.hazards([received(again)], post.session)
        await handling.exposures.follow(post.session)
        assert await post.fetch("SELECT gone, displaced FROM exposures") == [expected]


async def test_without_boundaries_the_districts_of_a_feeds_polygon_are_found_by_points(
    post: Post, real_data: Path
) -> None:
    """The polygon is the outline of Leilek.

    The second hazard's area contains no listed point until a school there is listed.
    """
    outline = shapely.get_coordinates(real_shapes(real_data)[LEILEK]).tolist()
    await post(household(), household(destination=Place(pcode=BATKEN)))
    await post(mudflow(area={"polygons": [outline]}))
    exposure, own = await post.alerts()
    assert (exposure.kind, exposure.area, exposure.households) == ("exposure", LEILEK, 1)
    assert (own.kind, own.pcodes) == ("hazard", ()), "the hazard's own alert still goes to the receivers of all areas"

    valley = {"lat": 39.6, "lon": 73.3, "radius_km": 3}
    school = site(pcode=ALAI, lat=valley["lat"], lon=valley["lon"])
    await post(mudflow(area={"circles": [valley]}), group(site_id=school.site_id, destination=Place(pcode=ALAI)))
    assert [alert.area for alert in await post.alerts() if alert.kind == "exposure"] == [LEILEK]
    await post(school)
    [at_school] = [alert for alert in await post.alerts() if alert.kind == "exposure" and alert.area == ALAI]
    assert at_school.figures["sites"] == [str(school.site_id)]


def test_each_real_district_has_its_own_point_and_no_other(real_data: Path) -> None:
    shapes, points = real_shapes(real_data), KnownPoints()
    found = {pcode: points.units_in([shape]) for pcode, shape in shapes.items()}
    assert found == {pcode: (pcode,) for pcode in shapes}


def real_shapes(real_data: Path) -> dict[str, BaseGeometry]:
    file = real_data / "admin" / "kgz-adm2-simplified-derived.geojson"
    features = json.loads(file.read_text(encoding="utf-8"))["features"]
    return {feature["properties"]["ADM2_PCODE"]: shape(feature["geometry"]) for feature in features}


async def test_a_report_is_parsed_once_and_not_for_each_of_its_districts(post: Post) -> None:
    """A large report has 256 KB and names all districts.

    While the report is parsed, households wait for the locks. The report must therefore be parsed once, and not once
    per district.
    """
    connection = await database.driver(post.session)
    explained = f"EXPLAIN (VERBOSE, FORMAT JSON) {counts.STORE_DISTRICTS}"
    [plan] = await connection.fetchval(explained, [uuid4()], BEFORE_ONSET, [], [])
    reading = [node for node in nodes(plan["Plan"]) if any("report" in column for column in node.get("Output", ()))]
    assert reading
    assert not [below for node in reading for below in nodes(node) if below["Node Type"] == "Function Scan"]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)
