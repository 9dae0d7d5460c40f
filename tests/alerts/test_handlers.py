"""A hazard that raises an alert leads to published events, notified receivers and an outcome of the hazard."""

import json
from datetime import timedelta
from typing import Any

import pytest

from shared.events.vocabulary import Severity, Status
from tests.alerts.factories import ALAI, KADAMJAI, LEILEK, NOW, hazard, household, mudflow
from tests.alerts.post import Post, revised

pytestmark = pytest.mark.anyio


async def test_the_quake_of_sary_tash_raises_one_moderate_alert(post: Post) -> None:
    quake = hazard()
    assert await post(quake) == ["alerted quake_intensity"]
    alert = await post.alert()
    assert (alert.severity, alert.hazard_id, alert.pcodes) == (Severity.MODERATE, quake.hazard_id, (ALAI,))
    assert (alert.nature, alert.report_id, alert.is_suppressed) == ("machine", quake.report_id, False)
    assert await post.event_types() == ["raised"]
    assert await post.deliveries() == [("duty", 1, "raised")]


async def test_an_old_quake_is_recorded_and_notifies_nobody(post: Post) -> None:
    old = hazard(onset=NOW - timedelta(days=3650), magnitude=7.8)
    assert await post(old) == ["suppressed too_old"]
    assert (await post.alert()).reason == "too_old"
    assert await post.event_types() == ["suppressed"]
    assert await post.deliveries() == []
    again = hazard(hazard_id=old.hazard_id, revision=2, onset=old.onset, magnitude=7.9, msg_type="Update")
    assert await post(again) == ["suppressed too_old"]
    assert await post.event_types() == ["suppressed"]


async def test_a_more_severe_revision_updates_the_alert_and_notifies_again(post: Post) -> None:
    quake = hazard()
    await post(quake)
    assert await post(revised(quake, 2, magnitude=6.6)) == ["alerted quake_intensity"]
    alert = await post.alert()
    assert (alert.severity, alert.sequence, alert.figures["magnitude"]) == (Severity.EXTREME, 2, 6.6)
    assert await post.event_types() == ["raised", "updated"]
    assert await post.deliveries() == [("duty", 1, "raised"), ("duty", 2, "updated")]


async def test_a_higher_expected_number_of_casualties_notifies_again_at_the_same_severity(post: Post) -> None:
    deep = {"point": {"lat": 39.7, "lon": 72.9}, "pcodes": [ALAI]}
    quake = hazard(depth_km=200, severity="Extreme", area=deep, shaking={"mmi": 6.5, "impact": "green"})
    await post(quake)
    for revision, impact in enumerate(("red", "red", "orange"), 2):
        same = {"depth_km": 200, "severity": "Extreme", "area": deep}
        await post(revised(quake, revision, **same, shaking={"mmi": 6.5, "impact": impact}))
    assert (await post.alert()).severity is Severity.EXTREME
    assert await post.deliveries() == [("duty", 1, "raised"), ("duty", 2, "more_casualties")]


async def test_a_less_severe_revision_updates_the_alert_and_notifies_nobody(post: Post) -> None:
    quake = hazard(magnitude=5.6)
    await post(quake)
    await post(revised(quake, 2, magnitude=5.1))
    assert (await post.alert()).severity is Severity.MODERATE
    assert await post.deliveries() == [("duty", 1, "raised")]


async def test_an_older_or_equal_revision_changes_nothing(post: Post) -> None:
    quake = hazard(revision=5)
    await post(quake)
    for revision in (4, 5):
        assert await post(revised(quake, revision, magnitude=7.0)) == ["noted not_newer"]
    assert (await post.alert()).sequence == 1


async def test_a_cancelled_moderate_alert_is_closed_with_one_notification(post: Post) -> None:
    quake = hazard()
    await post(quake)
    assert await post(revised(quake, 2, msg_type="Cancel")) == ["alerted cancelled"]
    alert = await post.alert()
    assert (alert.work, alert.validity, alert.verdict, alert.closed_by) == (
        "closed",
        "cancelled",
        "cancelled",
        "source",
    )
    assert (alert.demand, alert.escalates_at) == (None, None)
    assert await post.deliveries() == [("duty", 1, "raised"), ("duty", 2, "lapsed")]
    assert await post(revised(quake, 3, msg_type="Cancel")) == ["alerted cancelled"]
    assert await post.event_types() == ["raised", "resolved"]


async def test_an_alert_lapses_below_the_threshold_and_returns_above_it(post: Post) -> None:
    quake = hazard()
    await post(quake)
    assert await post(revised(quake, 2, magnitude=4.2)) == ["alerted below_threshold"]
    assert (await post.alert()).is_lapsed
    assert await post(revised(quake, 3, magnitude=4.8)) == ["alerted quake_intensity"]
    alert = await post.alert()
    assert not alert.is_lapsed and alert.escalates_at is not None
    assert [cause for _, _, cause in await post.deliveries()] == ["raised", "lapsed", "returned"]


async def test_a_hazard_cancelled_before_it_was_known_is_noted(post: Post) -> None:
    assert await post(hazard(msg_type="Cancel")) == ["noted cancelled"]
    assert await post.alerts() == []


async def test_a_hazard_raised_and_cancelled_in_one_batch(post: Post) -> None:
    quake = hazard()
    assert await post(quake, revised(quake, 2, msg_type="Cancel")) == ["alerted quake_intensity", "alerted cancelled"]
    assert await post.event_types() == ["raised", "resolved"]


async def test_each_hazard_report_is_owed_one_outcome(post: Post) -> None:
    await post(hazard(), hazard(magnitude=3.0), hazard(onset=NOW - timedelta(days=9)), household())
    rows = await post.fetch(
        "SELECT convert_from(value, 'utf8')::json ->> 'outcome' FROM outbox WHERE topic = 'outcomes' ORDER BY id"
    )
    assert [row[0] for row in rows] == ["alerted", "noted", "suppressed"]


async def test_exercise_and_actual_hazards_have_separate_alerts(post: Post) -> None:
    await post.receiver("trainer", statuses=frozenset({Status.EXERCISE}))
    await post(*(household(status="Exercise") for _ in range(5)), *(household() for _ in range(5)))
    assert await post.alerts() == []
    await post(mudflow(status="Exercise", area={"pcodes": [LEILEK]}))
    assert {alert.status for alert in await post.alerts()} == {Status.EXERCISE}
    assert {recipient for recipient, _, _ in await post.deliveries()} == {"trainer"}


@pytest.mark.parametrize("status", ["System", "Draft"])
async def test_a_hazard_for_no_person_is_noted(post: Post, status: str) -> None:
    assert await post(hazard(status=status)) == ["noted status_not_alerted"]


@pytest.mark.parametrize(
    ("changed", "is_told"),
    [
        ({"areas": ("KG06000000000",)}, True),
        ({"areas": (KADAMJAI,)}, False),
        ({"areas": ("KG",)}, True),
        ({"floor": Severity.SEVERE}, False),
        ({"floor": Severity.MODERATE}, True),
        ({"step": 1}, False),
    ],
)
async def test_receivers_by_step_area_floor_and_status(post: Post, changed: dict[str, Any], is_told: bool) -> None:
    await post.receiver("other", **changed)
    await post(hazard())
    assert (("other", 1, "raised") in await post.deliveries()) is is_told


async def test_a_derived_severity_is_marked_and_is_never_the_hazards_own(post: Post) -> None:
    """Receivers outside the centre read the alert's severity, marked as derived.

    The hazard's own severity stays Unknown.
    """
    await post.receiver("ministry")
    flood = mudflow(severity="Unknown", scope="Public", text={"ru": {"headline": "Сель"}})
    await post(flood)
    [(content,)] = await post.fetch("SELECT content FROM deliveries WHERE recipient = 'ministry'")
    message = json.loads(content)
    assert (message["data"]["severity"], message["data"]["severity_is_derived"]) == ("Severe", True)
    assert content.count("Severe") == 1 and "severity" not in message["hazard"]
    [(report,)] = await post.fetch("SELECT report FROM hazards")
    assert json.loads(report)["severity"] == "Unknown"
    assert await post.fetch("SELECT DISTINCT topic FROM outbox WHERE topic LIKE 'hazards%'") == []
    await post(mudflow(hazard_id=flood.hazard_id, revision=2, msg_type="Update"))
    alert = await post.alert()
    assert (alert.severity, alert.severity_is_derived, alert.sequence) == (Severity.SEVERE, False, 2)
