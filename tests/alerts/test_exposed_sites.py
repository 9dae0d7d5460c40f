"""A hazard exposes people at a site or in a group if their place lies in its area, whatever hazard they fled."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.alerts import projections
from services.alerts.rules.exposure import inside
from shared.events import Place
from shared.places import Places
from shared.places.gazetteer import Locality, LocalityKind
from shared.places.units import LANGUAGES
from tests.alerts.factories import ALAI, LEILEK, NOW, group, mudflow, site
from tests.alerts.post import Post

pytestmark = pytest.mark.anyio


POINT = {"lat": 40.10, "lon": 71.70}
NAMES = {"ky": "Дөбө", "ru": "Добо", "en": "Dobo"}
# about 6 km and 4 km north of the mudflow's centre, in degrees of latitude
FAR_AND_NEAR = ((1, 40.10 + 6 / 111.2), (2, 40.10 + 4 / 111.2))
FAN = {"pcodes": [LEILEK], "circles": [{**POINT, "radius_km": 2}]}


async def test_a_site_in_the_hazards_area_is_exposed_whatever_its_people_fled(post: Post) -> None:
    """The people at the school fled the first wave of the mudflow. The second wave threatens the school."""
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
    assert exposure.figures["group_persons"] == 40  # the alert takes over the new number, 30, when the alert is renewed
    await post(fled.model_copy(update={"sequence": 3, "persons": 0}))
    exposure, _ = await post.alerts()
    assert (exposure.is_lapsed, exposure.reason) == (True, "below_threshold")


SCHOOL_VILLAGE, OTHER_VILLAGE, VILLAGE_WITHOUT_POINT = (f"{LEILEK[:7]}8110{number}0" for number in (1, 2, 3))


@pytest.fixture
def villages(post: Post) -> None:
    points = {SCHOOL_VILLAGE: (40.10, 71.70), OTHER_VILLAGE: (40.2, 71.7), VILLAGE_WITHOUT_POINT: (None, None)}
    names = dict.fromkeys(LANGUAGES, "Tash")
    known = [Locality(code, LEILEK, LocalityKind.VILLAGE, names, *point) for code, point in points.items()]
    post.handling.exposures.places = Places(Places.load().units(), "1", localities=known)


@pytest.mark.usefixtures("villages")
async def test_a_group_in_a_known_settlement_is_exposed_if_the_settlement_lies_in_the_hazards_area(post: Post) -> None:
    """One group's village lies on the mudflow's fan. The second group's village lies outside the fan.

    The groups' schools are not in the list of sites, so only the villages have a point.
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
    assert sorted(persons) == [32, 57]  # the second hazard has no polygon, so the whole district is exposed


@pytest.mark.usefixtures("villages")
async def test_people_who_come_into_the_hazards_area_within_their_district_are_exposed_at_once(post: Post) -> None:
    off, on = (group(destination_locality_pcode=code) for code in (OTHER_VILLAGE, SCHOOL_VILLAGE))
    await post(off, mudflow(area=FAN))
    post.handling.exposures.renewed_every = timedelta(seconds=10)
    # one group leaves as another group of the same size comes, so the district's number stays the same
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
