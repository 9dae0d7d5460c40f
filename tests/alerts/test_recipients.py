"""A change of an alert goes to the receivers of the alert's present area, and to everybody who was notified before."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.alerts.acts.acts import Actor
from services.alerts.acts.answers import Answers
from services.alerts.receivers import subscriptions
from shared.events import HazardReported
from shared.events.vocabulary import Severity, Verdict
from shared.places import Places
from tests.alerts.factories import ALAI, BATKEN, KADAMJAI, LEILEK, NOBODY_REVOKED, NOW, hazard, mudflow, rules
from tests.alerts.post import Post, revised

pytestmark = pytest.mark.anyio

VILLAGE, OTHER_VILLAGE = "KG05258810010", "KG05258810020"  # two villages in Kadamjai


def moved(flood: HazardReported, revision: int, *pcodes: str, **changed: Any) -> HazardReported:
    update = {"msg_type": "Update", "area": {"pcodes": pcodes}, **changed}
    return mudflow(hazard_id=flood.hazard_id, revision=revision, **update)


async def test_a_growing_hazard_is_a_new_alert_for_newly_reached_receivers(post: Post) -> None:
    await post.receiver("leilek", areas=(LEILEK,))
    flood = mudflow(area={"pcodes": [KADAMJAI]})
    await post(flood)
    assert await post.deliveries() == [("duty", 1, "raised")]
    await post(moved(flood, 2, KADAMJAI, LEILEK))
    assert await post.deliveries() == [("duty", 1, "raised"), ("duty", 2, "widened"), ("leilek", 2, "raised")]


@pytest.mark.parametrize(
    ("before", "after", "causes"),
    [
        ([KADAMJAI], [LEILEK], ["raised", "widened"]),
        ([KADAMJAI, ALAI], [LEILEK], ["raised", "widened"]),
        ([KADAMJAI, ALAI], [KADAMJAI], ["raised"]),
        ([KADAMJAI], [BATKEN], ["raised", "widened"]),
        ([BATKEN], [KADAMJAI, LEILEK], ["raised"]),
        ([KADAMJAI], [KADAMJAI, VILLAGE], ["raised"]),
        ([VILLAGE, KADAMJAI], [OTHER_VILLAGE, KADAMJAI], ["raised"]),
    ],
    ids=["moved", "moved to fewer", "smaller", "whole oblast", "part of oblast", "village", "other village"],
)
async def test_receivers_who_have_the_alert_are_notified_if_it_covers_a_new_district(
    post: Post, before: list[str], after: list[str], causes: list[str]
) -> None:
    flood = mudflow(area={"pcodes": before})
    await post(flood)
    await post(moved(flood, 2, *after))
    assert [cause for _, _, cause in await post.deliveries()] == causes


async def test_a_closed_alert_that_grows_opens_again_for_newly_reached_receivers(post: Post) -> None:
    await post.receiver("leilek", areas=(LEILEK,))
    flood = mudflow(area={"pcodes": [KADAMJAI]})
    await post(flood)
    alert, head = await post.alert(), Actor(uuid4(), "Head of shift")
    await Answers(post.session, rules(), Places.load(), NOBODY_REVOKED, NOW).resolve(
        alert.alert_id, head, Verdict.CONFIRMED
    )
    await post(moved(flood, 2, KADAMJAI, LEILEK))
    alert = await post.alert()
    assert (alert.state, alert.escalates_at is None) == ("open", False)


async def test_an_alert_that_returns_less_severe_is_not_called_worse(post: Post) -> None:
    await post.receiver("kadamjai", areas=(KADAMJAI,))
    flood = mudflow(area={"pcodes": [KADAMJAI]})
    await post(flood)
    await post(moved(flood, 2, LEILEK))
    await post(moved(flood, 3, KADAMJAI, severity="Moderate"))
    assert [(step, cause) for who, step, cause in await post.deliveries() if who == "kadamjai"] == [
        (1, "raised"),
        (2, "widened"),
        (3, "widened"),
    ]


async def test_a_moved_alert_continues_with_the_next_step_if_its_level_notified_only_the_former_area(
    post: Post,
) -> None:
    await subscriptions.remove(post.session, "duty")
    await post.receiver("kadamjai", areas=(KADAMJAI,))
    await post.receiver("head", step=1)
    flood = mudflow(area={"pcodes": [KADAMJAI]})
    await post(flood)
    await post(moved(flood, 2, LEILEK))
    assert await post.deliveries() == [("kadamjai", 1, "raised"), ("head", 2, "raised"), ("kadamjai", 2, "widened")]


async def test_the_end_of_a_moved_alert_is_sent_to_all_notified_receivers(post: Post) -> None:
    await post.receiver("kadamjai", areas=(KADAMJAI,))
    await post.receiver("osh", areas=("KG06000000000",))
    flood = mudflow(area={"pcodes": [KADAMJAI]})
    await post(flood)
    await post(moved(flood, 2, LEILEK))
    await post(moved(flood, 3, LEILEK, msg_type="Cancel"))
    assert [(who, cause) for who, _, cause in await post.deliveries() if cause == "lapsed"] == [
        ("duty", "lapsed"),
        ("kadamjai", "lapsed"),
    ]


async def test_the_end_of_an_alert_is_sent_to_receivers_whose_floor_it_fell_below(post: Post) -> None:
    await post.receiver("minister", floor=Severity.EXTREME)
    quake = hazard(magnitude=6.7)
    await post(quake)
    await post(revised(quake, 2, magnitude=5.0))
    await post(revised(quake, 3, msg_type="Cancel"))
    assert [who for who, _, cause in await post.deliveries() if cause == "lapsed"] == ["duty", "minister"]


async def test_a_more_severe_alert_is_new_to_receivers_not_notified_before(post: Post) -> None:
    await post.receiver("minister", floor=Severity.EXTREME)
    quake = hazard()
    await post(quake)
    await post(revised(quake, 2, magnitude=6.7))
    assert sorted(await post.deliveries()) == [("duty", 1, "raised"), ("duty", 2, "updated"), ("minister", 2, "raised")]


async def test_the_age_of_a_formerly_too_old_alert_starts_when_it_is_raised(post: Post) -> None:
    old = hazard(onset=NOW - timedelta(days=2))
    post.now = NOW - timedelta(hours=9)
    await post(old)
    post.now = NOW
    await post(revised(old, 2, onset=NOW - timedelta(minutes=5)))
    alert = await post.alert()
    assert (alert.is_suppressed, alert.raised_at) == (False, NOW)
