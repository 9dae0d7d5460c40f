"""A household that fled a hazard raises no exposure alert, because the hazard's own alert counts the household."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.events import HazardReported, Place
from shared.events.vocabulary import HazardType
from tests.alerts.factories import ALAI, BATKEN, KADAMJAI, LEILEK, NOW, TODAY, household, mudflow
from tests.alerts.post import Post, revised

pytestmark = pytest.mark.anyio

YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def flood() -> HazardReported:
    return mudflow(area={"pcodes": [BATKEN]})


async def exposed_and_displaced(post: Post) -> tuple[int, int]:
    alerts = await post.alerts()
    (own,) = [alert for alert in alerts if alert.kind == "hazard"]
    standing = [alert for alert in alerts if alert.kind == "exposure" and not alert.is_lapsed]
    return sum(alert.households or 0 for alert in standing), own.figures.get("displaced", 0)


async def test_families_that_fled_the_hazard_are_counted_on_its_own_alert(post: Post, flood: HazardReported) -> None:
    await post(flood)
    await post(household(), household(), household(origin=Place(pcode=ALAI)))
    assert await exposed_and_displaced(post) == (1, 2)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, (0, 1)),
        ({"hazard_type": "mudflow"}, (0, 1)),
        ({"hazard_type": "earthquake"}, (1, 0)),
        ({"origin": Place(pcode=ALAI)}, (1, 0)),
        ({"origin": Place(country="TJ")}, (1, 0)),
        ({"occurred_on": YESTERDAY}, (1, 0)),
        ({"occurred_on": TODAY + timedelta(days=1)}, (0, 1)),
        ({"occurred_on_precision": "month"}, (1, 0)),
        ({"reasons": ["conflict"]}, (1, 0)),
        ({"reasons": ["not_reported"]}, (0, 1)),
        ({"hazard_id": uuid4()}, (1, 0)),
        ({"status": "Exercise"}, (0, 0)),
        ({"mobility": "migration"}, (0, 0)),
    ],
)
async def test_who_counts_as_displaced_by_the_hazard(
    post: Post, flood: HazardReported, changed: dict[str, Any], expected: tuple[int, int]
) -> None:
    before = household(**changed)
    await post(before)
    await post(flood)
    assert await exposed_and_displaced(post) == expected
    await post(household(**changed))
    assert await exposed_and_displaced(post) == (2 * expected[0], 2 * expected[1])


async def test_a_household_linked_to_the_hazard_is_displaced_by_it_wherever_and_whenever_it_left(
    post: Post, flood: HazardReported
) -> None:
    linked = {"hazard_id": flood.hazard_id, "origin": Place(pcode=ALAI), "occurred_on": YESTERDAY}
    await post(household(**linked), flood, household(**linked, hazard_type="earthquake"))
    assert await exposed_and_displaced(post) == (0, 2)


@pytest.mark.parametrize(
    ("onset", "first_day"),
    [
        (datetime(2026, 6, 14, 18, 30, tzinfo=UTC), date(2026, 6, 14)),  # 18:30 UTC is 00:30 on 15 June in Bishkek
        (datetime(2026, 6, 14, 19, 30, tzinfo=UTC), date(2026, 6, 15)),  # 19:30 UTC is 01:30 on 15 June in Bishkek
    ],
)
async def test_a_household_that_left_in_the_hour_before_the_onset_was_displaced_by_the_hazard(
    post: Post, onset: datetime, first_day: date
) -> None:
    await post(mudflow(area={"pcodes": [BATKEN]}, onset=onset, expires=NOW))
    await post(household(occurred_on=first_day), household(occurred_on=first_day - timedelta(days=1)))
    assert await exposed_and_displaced(post) == (1, 1)


async def test_a_family_trapped_where_it_fled_to_is_exposed(post: Post, flood: HazardReported) -> None:
    fled = household()
    await post(flood, fled)
    assert await exposed_and_displaced(post) == (0, 1)
    await post(household(household_id=fled.household_id, sequence=2, latest_mobility="unable_to_move"))
    assert await exposed_and_displaced(post) == (1, 0)


async def test_a_household_that_moved_on_or_was_corrected_is_no_longer_counted(
    post: Post, flood: HazardReported
) -> None:
    first, second = household(), household()
    await post(flood, first, second)
    await post(household(household_id=first.household_id, sequence=2, destination=Place(pcode=ALAI)))
    assert await exposed_and_displaced(post) == (0, 1)
    await post(household(household_id=second.household_id, sequence=2, hazard_type=HazardType.EARTHQUAKE))
    assert await exposed_and_displaced(post) == (1, 0)


async def test_a_revision_of_the_hazard_is_recounted_and_keeps_the_figure(post: Post, flood: HazardReported) -> None:
    await post(flood, household(), household(destination=Place(pcode=KADAMJAI)))
    assert await exposed_and_displaced(post) == (0, 2)
    again = {"magnitude": None, "type": "mudflow", "source": "cmc", "source_id": "m1"}
    await post(revised(flood, 2, **again, severity="Extreme", area={"pcodes": [BATKEN]}))
    assert await exposed_and_displaced(post) == (0, 2)
    await post(revised(flood, 3, **again, severity="Extreme", area={"pcodes": [KADAMJAI]}))
    assert await exposed_and_displaced(post) == (0, 1)
    await post(revised(flood, 4, **again, severity="Extreme", area={"pcodes": [LEILEK]}))
    assert await exposed_and_displaced(post) == (1, 0)


async def test_a_changed_figure_notifies_nobody(post: Post, flood: HazardReported) -> None:
    await post(flood)
    await post(household())
    assert await post.event_types() == ["raised", "updated"]
    assert await post.deliveries() == [("duty", 1, "raised")]
