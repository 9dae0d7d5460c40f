"""A hazard over an area where displaced households now live."""

from datetime import timedelta
from typing import Any

import pytest

from shared.events import Place
from shared.events.vocabulary import Severity
from tests.alerts.factories import ALAI, BATKEN, KADAMJAI, LEILEK, NOW, household, mudflow
from tests.alerts.post import Post

pytestmark = pytest.mark.anyio


async def test_a_hazard_over_where_displaced_households_live(post: Post) -> None:
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
async def test_revised_so_that_it_threatens_the_displaced_no_more_it_is_taken_back(
    post: Post, changed: dict[str, Any], reason: str
) -> None:
    flood = mudflow(area={"pcodes": [LEILEK, KADAMJAI]})
    await post(household(), household(destination=Place(pcode=KADAMJAI)), flood)
    assert [alert.kind for alert in await post.alerts()] == ["exposure", "exposure", "hazard"]
    again = {"hazard_id": flood.hazard_id, "revision": 2, "msg_type": "Update", "area": {"pcodes": [LEILEK, KADAMJAI]}}
    await post(mudflow(**{**again, **changed}))
    exposure = (await post.alerts())[:2]
    assert [(one.is_lapsed, one.reason, one.escalates_at) for one in exposure] == [(True, reason, None)] * 2


async def test_where_nobody_displaced_lives_any_more_it_is_taken_back_and_where_one_comes_it_is_back(
    post: Post,
) -> None:
    guest = household()
    await post(mudflow(area={"pcodes": [LEILEK]}), guest)
    await post(household(household_id=guest.household_id, sequence=2, destination=Place(pcode=ALAI)))
    exposure, own = await post.alerts()
    assert (exposure.is_lapsed, exposure.escalates_at, own.is_lapsed) == (True, None, False)
    assert await post(household()) == ["alerted displaced_in_hazard_area"]
    exposure, _ = await post.alerts()
    assert not exposure.is_lapsed and exposure.escalates_at
    assert [cause for _, _, cause in await post.deliveries()] == ["raised", "raised", "lapsed", "returned"]


async def test_households_that_arrive_under_a_hazard(post: Post) -> None:
    await post(mudflow(area={"pcodes": [BATKEN]}))
    assert await post(household()) == ["alerted displaced_in_hazard_area"]
    assert await post(household()) == ["alerted displaced_in_hazard_area"]
    exposure, _ = await post.alerts()
    assert (exposure.area, exposure.households) == (LEILEK, 2)


async def test_whoever_the_hazard_drove_out_is_not_counted_as_exposed_to_it(post: Post) -> None:
    flood = mudflow(area={"pcodes": [LEILEK]})
    await post(flood)
    assert await post(household(hazard_id=flood.hazard_id)) == ["noted below_threshold"]


async def test_a_hazard_that_is_over_exposes_nobody(post: Post) -> None:
    await post(mudflow(area={"pcodes": [LEILEK]}))
    post.now = NOW + timedelta(hours=7)
    assert await post(household()) == ["noted below_threshold"]
