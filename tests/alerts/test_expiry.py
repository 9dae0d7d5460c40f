"""An alert ends when its hazard is cancelled or expires.

If the hazard is in force again, the alert is active again.
"""

from datetime import timedelta
from typing import Any

import pytest

from shared.events.vocabulary import Verdict
from tests.alerts.factories import KADAMJAI, LEILEK, NOW, hazard, mudflow
from tests.alerts.night import Night

pytestmark = pytest.mark.anyio

MODERATE, EXTREME = timedelta(minutes=30), timedelta(minutes=5)


@pytest.mark.parametrize("act", ["confirm", "progress"])
async def test_a_cancel_asks_the_people_at_work_to_close_the_alert(night: Night, act: str) -> None:
    quake = hazard()
    await night.report(quake)
    await night.does(act, None)
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, msg_type="Cancel"))
    alert = await night.alert()
    assert (alert.validity, alert.demand, alert.resolved_at) == ("cancelled", "closure", None)
    await night.answer(Verdict.CANCELLED)
    assert ((await night.alert()).work, (await night.alert()).demand) == ("closed", None)


async def test_an_extreme_alert_that_nobody_acknowledged_is_kept_as_unseen(night: Night) -> None:
    quake = hazard(magnitude=6.8)
    await night.report(quake)
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, magnitude=6.8, msg_type="Cancel"))
    alert = await night.alert()
    assert (alert.is_unseen, alert.work, alert.validity, alert.demand) == (True, "unacknowledged", "cancelled", None)


async def test_a_moderate_alert_expires_with_its_hazard(night: Night) -> None:
    await night.report(mudflow(severity="Moderate", expires=NOW + timedelta(minutes=5)))
    assert await night.expires_after(timedelta(minutes=4)) == 0
    assert await night.expires_after(timedelta(minutes=1)) == 1
    alert = await night.alert()
    assert (alert.validity, alert.work, alert.is_unseen, alert.demand) == ("expired", "closed", False, None)
    assert await night.causes("duty") == ["raised", "lapsed"]
    assert await night.passes(timedelta(days=1)) == 0


async def test_a_severe_alert_whose_hazard_expires_escalates_until_somebody_acknowledges(night: Night) -> None:
    await night.report(mudflow(expires=NOW + timedelta(minutes=5)))
    assert await night.expires_after(timedelta(minutes=5)) == 1
    alert = await night.alert()
    assert (alert.validity, alert.is_unseen, alert.demand) == ("expired", True, "acknowledgement")
    assert await night.passes(timedelta(minutes=5)) == 1, "10 minutes after the alert was raised, as without the end"
    await night.does("acknowledge")
    await night.does("take_back")
    for _ in range(2):
        assert await night.passes(timedelta(minutes=10)) == 1
    assert (await night.causes("head"), await night.causes("minister")) == (
        ["escalated"],
        ["escalated", "escalated"],
    )
    await night.does("acknowledge")
    assert ((await night.alert()).demand, (await night.alert()).work) == (None, "acknowledged")
    assert await night.passes(timedelta(days=1)) == 0


async def test_a_confirmed_alert_that_has_become_graver_escalates_after_its_end_too(night: Night) -> None:
    flow = mudflow(expires=NOW + timedelta(minutes=4))
    await night.report(flow)
    await night.does("confirm", None)
    graver = {"revision": 2, "msg_type": "Update", "severity": "Extreme", "expires": flow.expires}
    await night.report(mudflow(hazard_id=flow.hazard_id, **graver))
    assert await night.expires_after(timedelta(minutes=4)) == 1
    alert = await night.alert()
    assert (alert.validity, alert.demand) == ("expired", "acknowledgement"), "people confirmed the milder alert"
    assert await night.passes(EXTREME) == 1
    assert await night.causes("head") == ["escalated"]
    await night.does("acknowledge")
    assert await night.passes(timedelta(days=1)) == 0


async def test_the_source_ends_the_escalation_of_an_expired_alert(night: Night) -> None:
    flow = mudflow(severity="Extreme", expires=NOW + timedelta(minutes=1))
    await night.report(flow)
    await night.expires_after(timedelta(minutes=1))
    await night.report(mudflow(hazard_id=flow.hazard_id, revision=2, msg_type="Cancel"))
    alert = await night.alert()
    assert (alert.validity, alert.is_unseen, alert.demand) == ("cancelled", True, None)
    assert await night.causes("duty") == ["raised", "lapsed", "lapsed"]
    assert await night.passes(timedelta(days=1)) == 0


@pytest.mark.parametrize(
    ("changed", "causes"),
    [
        ({"severity": "Extreme"}, ["raised", "lapsed", "returned"]),
        ({"area": {"pcodes": [KADAMJAI, LEILEK]}}, ["raised", "lapsed", "returned"]),
        ({"severity": "Moderate"}, ["raised", "lapsed"]),
    ],
    ids=["graver", "wider", "milder"],
)
async def test_an_expired_alert_revised_with_the_same_end_stays_expired(
    night: Night, changed: dict[str, Any], causes: list[str]
) -> None:
    expires = NOW + timedelta(minutes=5)
    flood = mudflow(area={"pcodes": [KADAMJAI]}, expires=expires)
    await night.report(flood)
    await night.expires_after(timedelta(minutes=6))
    revision = {"hazard_id": flood.hazard_id, "revision": 2, "msg_type": "Update", "expires": expires}
    await night.report(mudflow(**{**revision, "area": flood.area, **changed}))
    assert await night.causes("duty") == causes
    assert await night.expires_after(timedelta(minutes=1)) == 0
    is_back = "returned" in causes
    alert = await night.alert()
    assert (alert.validity, alert.demand) == ("in_force" if is_back else "expired", "acknowledgement")


async def test_an_alert_raised_after_its_hazards_end_still_asks_for_acknowledgement(night: Night) -> None:
    await night.report(mudflow(onset=NOW - timedelta(hours=2), expires=NOW - timedelta(hours=1)))
    assert await night.expires_after(timedelta(minutes=1)) == 0
    assert (await night.alert()).demand == "acknowledgement"


async def test_a_cancelled_alert_stops_ringing_and_notified_receivers_are_notified(night: Night) -> None:
    quake = hazard()
    await night.report(quake)
    await night.passes(MODERATE)
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, msg_type="Cancel"))
    assert await night.passes(timedelta(days=1)) == 0
    assert await night.notified() == [(1, "duty"), (2, "head"), (3, "duty"), (3, "head")]


@pytest.mark.parametrize(
    "revisions", [[{"magnitude": 6.9}], [{"msg_type": "Cancel"}, {}]], ids=["graver", "spoken of again"]
)
async def test_a_resolved_alert_that_comes_into_force_again_must_be_acknowledged_again(
    night: Night, revisions: list[dict[str, Any]]
) -> None:
    quake = hazard()
    await night.report(quake)
    await night.answer()
    await night.answer(Verdict.CONFIRMED)
    for number, changed in enumerate(revisions, start=2):
        await night.report(hazard(hazard_id=quake.hazard_id, revision=number, **{"msg_type": "Update", **changed}))
    alert = await night.alert()
    assert (alert.state, alert.nature, alert.verdict, alert.acknowledged_name) == ("open", "machine", None, None)
    assert await night.passes(MODERATE) == 1
    assert await night.causes("head") == ["escalated"]
    await night.answer(Verdict.CONFIRMED)
    assert (await night.alert()).state == "resolved"


@pytest.mark.parametrize(
    ("changed", "work", "demand"),
    [
        ({}, "in_progress", None),
        ({"severity": "Extreme"}, "reopened", "acknowledgement"),
        ({"area": {"pcodes": [KADAMJAI, LEILEK]}}, "reopened", "acknowledgement"),
    ],
    ids=["unchanged", "graver", "wider"],
)
async def test_work_on_an_alert_that_comes_into_force_again_goes_on_unless_it_is_graver_or_wider(
    night: Night, changed: dict[str, Any], work: str, demand: str | None
) -> None:
    flood = mudflow(area={"pcodes": [KADAMJAI]})
    await night.report(flood)
    await night.does("progress", None)
    of_flood = {"hazard_id": flood.hazard_id, "area": flood.area}
    await night.report(mudflow(**of_flood, revision=2, msg_type="Cancel"))
    assert (await night.alert()).demand == "closure"
    await night.report(mudflow(**{**of_flood, "revision": 3, "msg_type": "Update", **changed}))
    alert = await night.alert()
    assert (alert.validity, alert.work, alert.demand) == ("in_force", work, demand)


@pytest.mark.parametrize(("act", "due"), [("confirm", 1), ("progress", 0)])
async def test_an_acknowledged_alert_cancelled_and_in_force_again_rings_unless_people_work_on_it(
    night: Night, act: str, due: int
) -> None:
    quake = hazard()
    await night.report(quake)
    await night.does(act, None)
    for number, msg_type in enumerate(("Cancel", "Update"), start=2):
        await night.report(hazard(hazard_id=quake.hazard_id, revision=number, msg_type=msg_type))
    assert (await night.alert()).validity == "in_force"
    assert await night.passes(timedelta(minutes=15) - timedelta(seconds=1)) == 0
    assert await night.passes(timedelta(seconds=1)) == due
