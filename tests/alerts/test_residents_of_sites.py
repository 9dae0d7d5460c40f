"""A site with registered people is exposed even if nobody has counted its people. The alert names the site."""

from datetime import timedelta

import pytest

from shared.events import SiteResidentsChanged
from tests.alerts.factories import LEILEK, NOW, group, household, mudflow, residents, site
from tests.alerts.post import Post
from tests.alerts.test_exposed_sites import FAN, POINT

pytestmark = pytest.mark.anyio


async def test_a_site_with_registered_people_only_is_exposed_whatever_they_fled(post: Post) -> None:
    """The households at the school fled the first wave of the mudflow. The second wave threatens the school."""
    fan, school, elsewhere, empty = mudflow(area=FAN), site(**POINT), site(lat=40.2, lon=71.7), site(**POINT)
    await post(*(household(hazard_id=fan.hazard_id) for _ in range(5)), fan, school, elsewhere, empty)
    assert [alert.kind for alert in await post.alerts()] == ["hazard"]
    await post(residents(school, 25), residents(elsewhere, 25), residents(empty, 0))
    exposure, _ = await post.alerts()
    assert (exposure.kind, exposure.area, exposure.households) == ("exposure", LEILEK, 0)
    assert exposure.figures["sites"] == [str(school.site_id)]


async def test_a_site_with_counted_and_registered_people_is_named_once(post: Post) -> None:
    school = site()
    await post(school, group(site_id=school.site_id), residents(school, 25), mudflow(area={"pcodes": [LEILEK]}))
    exposure, _ = await post.alerts()
    assert exposure.figures["sites"] == [str(school.site_id)]


async def test_an_exposure_alert_ends_when_the_registered_people_have_left_the_site(post: Post) -> None:
    school = site()
    await post(residents(school, 25), school, mudflow(area={"pcodes": [LEILEK]}))
    exposure, _ = await post.alerts()
    assert not exposure.is_lapsed
    post.now = NOW + timedelta(seconds=11)
    await post(residents(school, 0, sequence=3))
    exposure, _ = await post.alerts()
    assert (exposure.is_lapsed, exposure.reason) == (True, "below_threshold")
    await post(residents(school, 25, sequence=2))
    assert (await post.alerts())[0].is_lapsed, "an older sum that arrives late changes nothing"


async def test_the_registered_people_of_an_exercise_are_not_exposed_to_an_actual_hazard(post: Post) -> None:
    school = site()
    await post(school, residents(school, 25, status="Exercise"), mudflow(area={"pcodes": [LEILEK]}))
    assert [alert.kind for alert in await post.alerts()] == ["hazard"]


async def test_several_sums_of_one_site_in_a_batch_are_stored_in_order(post: Post) -> None:
    school = site()
    sums: list[SiteResidentsChanged] = [residents(school, persons, sequence=n) for n, persons in ((2, 50), (1, 25))]
    await post(*sums)
    assert await post.fetch("SELECT sequence, persons FROM site_residents") == [(2, 50)]
