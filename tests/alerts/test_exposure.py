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

from services.alerts import counts, projections
from services.alerts.queries import hazard_changes
from services.alerts.rules.exposure import inside
from shared.events import Place
from shared.events.vocabulary import Severity
from shared.hazards import BEFORE_ONSET
from shared.places import Places
from shared.places.gazetteer import Locality, LocalityKind
from shared.places.points import KnownPoints
from shared.places.units import LANGUAGES
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
    """The exposure alert must later end because the hazard was cancelled, not because no rule applies."""
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
        # an earlier release of Dayar deleted a hazard's rows from `exposures` at the end of the hazard
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
    by_points = {flood.hazard_id: [LEILEK, ALAI]}  # as if the first revision had drawn an area
    await counts.store_districts(post.session, [flood.hazard_id], by_points, [])
    assert await post.fetch("SELECT area, hazard_type, gone FROM exposures") == [(ALAI, "landslide", None)]
    # `take` also locks the hazard
    assert await hazard_changes.take(post.session) == {flood.hazard_id: [ALAI, ALAI]}


async def test_a_cancelled_hazard_that_comes_into_force_again_is_counted_again(post: Post) -> None:
    flood, handling = mudflow(area={"pcodes": [LEILEK]}), post.handling
    await post(flood, household(hazard_id=flood.hazard_id))
    for revision, msg_type, expected in ((2, "Cancel", ("cancelled", 0)), (3, "Update", (None, 1))):
        again = mudflow(hazard_id=flood.hazard_id, revision=revision, msg_type=msg_type, area={"pcodes": [LEILEK]})
        await handling.hazards([received(again)], post.session)
        await handling.exposures.follow(post.session)
        assert await post.fetch("SELECT gone, displaced FROM exposures") == [expected]


POINT = {"lat": 40.10, "lon": 71.70}
NAMES = {"ky": "Дөбө", "ru": "Добо", "en": "Dobo"}
# these degrees of latitude are 6 km and 4 km north of the centre of the mudflow's fan
FAR_AND_NEAR = ((1, 40.10 + 6 / 111.2), (2, 40.10 + 4 / 111.2))
FAN = {"pcodes": [LEILEK], "circles": [{**POINT, "radius_km": 2}]}


async def test_a_site_in_the_hazards_area_is_exposed_whatever_its_people_fled(post: Post) -> None:
    """The people at the school fled the first wave of this mudflow. The second wave threatens the school."""
    fan, school, elsewhere, empty = mudflow(area=FAN), site(**POINT), site(lat=40.2, lon=71.7), site(**POINT)
    counts = [group(site_id=known.site_id, hazard_id=fan.hazard_id) for known in (school, elsewhere)]
    await post(*counts, fan, school, elsewhere, empty)
    exposure, _ = await post.alerts()
    assert (exposure.kind, exposure.area, exposure.households) == ("exposure", LEILEK, 0)
    assert exposure.figures["sites"] == [str(school.site_id)]


async def test_a_site_without_a_point_and_a_hazard_without_a_shape_are_compared_by_district(post: Post) -> None:
    school, mosque = site(), site(**POINT)
    await post(school, mosque, group(site_id=school.site_id), group(site_id=mosque.site_id))
    await post(mudflow(area={**FAN, "circles": [{"lat": 39.9, "lon": 70.1, "radius_km": 2}]}))
    await post(mudflow(area={"pcodes": [LEILEK]}), mudflow(area={"pcodes": [ALAI]}))
    sites = [sorted(alert.figures["sites"]) for alert in await post.alerts() if alert.kind == "exposure"]
    assert sorted(sites) == sorted([[str(school.site_id)], sorted([str(school.site_id), str(mosque.site_id)])])


def test_a_site_without_a_point_may_lie_near_the_point_of_its_settlement() -> None:
    """In one case, the village's centre is 4 km from the edge of the mudflow's fan.

    In the other case, the village's centre is 2 km from the edge.
    """
    far, near = (
        Locality(f"KG0523680001{n}", LEILEK, LocalityKind.VILLAGE, NAMES, lat, 71.7) for n, lat in FAR_AND_NEAR
    )
    places = Places(Places.load().units(), "1", localities=[far, near])
    there, elsewhere, unknown = (site(locality="Добо", locality_pcode=code) for code in (near.pcode, far.pcode, None))
    sites = [projections.site(event, places) for event in (there, elsewhere, unknown)]
    assert inside(mudflow(area=FAN), sites, places) == (there.site_id, unknown.site_id)


async def test_groups_without_a_site_are_exposed_by_district_whatever_they_fled(post: Post) -> None:
    flood, counted = mudflow(area={"pcodes": [LEILEK]}), group(persons=40)
    fled = counted.model_copy(update={"hazard_id": flood.hazard_id})
    await post(fled, group(persons=5, destination=Place(pcode=ALAI)), flood)
    exposure, _ = await post.alerts()
    assert (exposure.area, exposure.figures["group_persons"], "sites" in exposure.figures) == (LEILEK, 40, False)
    post.handling.exposures.renewed_every = timedelta(seconds=10)
    await post(fled.model_copy(update={"sequence": 2, "persons": 30}))
    exposure, _ = await post.alerts()
    assert exposure.figures["group_persons"] == 40  # the new number, 30, is shown when the alert is renewed
    await post(fled.model_copy(update={"sequence": 3, "persons": 0}))
    exposure, _ = await post.alerts()
    assert (exposure.is_lapsed, exposure.reason) == (True, "below_threshold")


SCHOOL_VILLAGE, OTHER_VILLAGE, VILLAGE_WITHOUT_POINT = (f"{LEILEK[:7]}8110{number}0" for number in (1, 2, 3))


@pytest.fixture
def villages(post: Post) -> None:
    """A gazetteer with three villages: one on the fan, one elsewhere in the district, and one without a point."""
    points = {SCHOOL_VILLAGE: (40.10, 71.70), OTHER_VILLAGE: (40.2, 71.7), VILLAGE_WITHOUT_POINT: (None, None)}
    names = dict.fromkeys(LANGUAGES, "Tash")
    known = [Locality(code, LEILEK, LocalityKind.VILLAGE, names, *point) for code, point in points.items()]
    post.handling.exposures.places = Places(Places.load().units(), "1", localities=known)


@pytest.mark.usefixtures("villages")
async def test_a_group_in_a_known_settlement_is_exposed_if_the_settlement_lies_in_the_hazards_area(post: Post) -> None:
    """One group's village lies on the mudflow's fan; the other group's village lies elsewhere in the district.

    The groups' schools are not listed, so they have no point of their own.
    """
    school, other = (
        group(persons=persons, destination_locality="Мектеп", destination_locality_pcode=code, site_id=uuid4())
        for persons, code in ((20, SCHOOL_VILLAGE), (25, OTHER_VILLAGE))
    )
    await post(other, mudflow(area=FAN))
    assert [alert.kind for alert in await post.alerts()] == ["hazard"]
    await post(school)
    exposure, _ = await post.alerts()
    assert (exposure.area, exposure.figures["group_persons"]) == (LEILEK, 20)
    unknown = (group(persons=7, destination_locality_pcode=VILLAGE_WITHOUT_POINT), group(persons=5))
    await post(*unknown, mudflow(area={"pcodes": [LEILEK]}))
    persons = [alert.figures["group_persons"] for alert in await post.alerts() if alert.kind == "exposure"]
    assert sorted(persons) == [32, 57]  # the second hazard has no polygon, so its district decides


@pytest.mark.usefixtures("villages")
async def test_people_who_come_into_the_hazards_area_within_their_district_are_exposed_at_once(post: Post) -> None:
    off, on = (group(destination_locality_pcode=code) for code in (OTHER_VILLAGE, SCHOOL_VILLAGE))
    await post(off, mudflow(area=FAN))
    post.handling.exposures.renewed_every = timedelta(seconds=10)
    # the number of people in the district does not change
    await post(off.model_copy(update={"sequence": 2, "persons": 0}), on)
    exposure, _ = await post.alerts()
    assert exposure.figures["group_persons"] == 20


async def test_people_at_a_site_that_is_not_in_the_list_are_not_added_to_a_later_count_of_everybody_there(
    post: Post,
) -> None:
    there = {"site_id": uuid4()}
    everybody = group(persons=20, covers_site=True, counted_at=NOW + timedelta(hours=1), **there)
    await post(group(persons=15, **there), everybody, mudflow(area={"pcodes": [LEILEK]}))
    exposure, _ = await post.alerts()
    assert exposure.figures["group_persons"] == 20


async def test_an_exposure_alert_names_the_sites_where_people_are_now(post: Post) -> None:
    school, mosque = site(), site()
    await post(school, mosque, mudflow(area={"pcodes": [LEILEK]}), group(site_id=school.site_id))
    post.handling.exposures.renewed_every = timedelta(seconds=10)
    gone = {"persons": 0, "covers_site": True, "counted_at": NOW + timedelta(hours=1)}
    await post(group(site_id=school.site_id, **gone), group(site_id=mosque.site_id))
    exposure, _ = await post.alerts()
    assert exposure.figures["sites"] == [str(mosque.site_id)]


async def test_a_corrected_point_of_a_site_changes_the_exposure(post: Post) -> None:
    school = site(lat=41.0, lon=71.0)
    await post(school, group(site_id=school.site_id), mudflow(area=FAN))
    assert [alert.kind for alert in await post.alerts()] == ["hazard"]
    post.handling.exposures.renewed_every = timedelta(seconds=10)
    await post(site(site_id=school.site_id, version=2, **POINT))
    exposure, _ = await post.alerts()
    assert exposure.figures["sites"] == [str(school.site_id)]


async def test_an_exposure_alert_ends_when_nobody_is_left_at_the_site(post: Post) -> None:
    school, counted = site(), group()
    here = {"site_id": school.site_id}
    await post(school, mudflow(area={"pcodes": [LEILEK]}))
    await post(counted.model_copy(update=here))
    exposure, _ = await post.alerts()
    assert exposure.figures["sites"] == [str(school.site_id)] and not exposure.is_lapsed
    nobody = group(persons=0, covers_site=True, counted_at=counted.counted_at + timedelta(hours=1), **here)
    post.now = NOW + timedelta(seconds=11)
    await post(nobody)
    exposure, _ = await post.alerts()
    assert (exposure.is_lapsed, exposure.reason) == (True, "below_threshold")


async def test_without_boundaries_the_districts_of_a_feeds_polygon_are_found_by_points(
    post: Post, real_data: Path
) -> None:
    """The polygon is the real area of Leilek. The second hazard's area has no point until a school there is listed."""
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
    """A report may have 256 KB and name all districts. While such a report is parsed, households wait for the locks."""
    connection = await database.driver(post.session)
    explained = f"EXPLAIN (VERBOSE, FORMAT JSON) {counts.STORE_DISTRICTS}"
    [plan] = await connection.fetchval(explained, [uuid4()], BEFORE_ONSET, [], [])
    reading = [node for node in nodes(plan["Plan"]) if any("report" in column for column in node.get("Output", ()))]
    assert reading
    assert not [below for node in reading for below in nodes(node) if below["Node Type"] == "Function Scan"]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The node of a query plan and all nodes below it."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)
