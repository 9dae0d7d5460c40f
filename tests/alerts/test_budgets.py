"""Each source has an hourly limit of alerts.

Alerts beyond the limit are withheld, and one alert about the source replaces them.
"""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver
from shared.events import HazardReported, Place
from shared.events.vocabulary import DeliveryChannel
from tests.alerts.desk import Desk
from tests.alerts.factories import KADAMJAI, LEILEK, household, mudflow, received
from tests.alerts.test_alerted_reports import ALERTED
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

BUDGET = 60


def reported(**changed: Any) -> HazardReported:
    usual = {"channel": "api", "source": "kyrgyzhydromet", "severity": "Moderate", "onset": datetime.now(UTC)}
    return mudflow(**{**usual, **changed})


async def tell(desk: Desk, *hazards: HazardReported) -> Counter[str]:
    async with desk.sessions.begin() as session:
        outcomes = await desk.watch([received(each) for each in hazards], session)
    return Counter(f"{outcome.kind} {outcome.reason}" for outcome in outcomes)


async def notified(desk: Desk) -> int:
    async with desk.sessions.begin() as session:
        return int(await session.scalar(text("SELECT count(*) FROM deliveries")) or 0)


@pytest.fixture(autouse=True)
async def duty(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        await session.execute(text("TRUNCATE budget_lifts"))
        await receiver_queries.save_receiver(session, Receiver("duty", DeliveryChannel.WEBHOOK, "https://hook.example"))


async def test_eight_hundred_hazards_in_a_batch_raise_sixty_alerts_and_one_about_their_source(desk: Desk) -> None:
    outcomes = await tell(desk, *(reported() for _ in range(800)))
    assert outcomes == {"alerted source_severity": BUDGET, "suppressed over_budget": 800 - BUDGET}
    assert await notified(desk) == BUDGET + 1
    async with desk.caller() as caller:
        (about,) = (await caller.get("/v1/alerts", params={"limit": 1})).json()["alerts"]
        withheld = (await caller.get("/v1/sources/kyrgyzhydromet/withheld")).json()["alerts"]
    assert Counter(await desk.event_types()) == {"raised": BUDGET + 1, "suppressed": 800 - BUDGET}
    assert len(withheld) == 800 - BUDGET and about is not None


async def test_the_hourly_budget_spans_batches_and_is_separate_for_each_source(desk: Desk) -> None:
    await tell(desk, *(reported() for _ in range(BUDGET - 1)))
    assert await tell(desk, reported(), reported()) == {"alerted source_severity": 1, "suppressed over_budget": 1}
    assert await tell(desk, reported(source="water-agency")) == {"alerted source_severity": 1}


@pytest.mark.parametrize("changed", [{"severity": "Severe"}, {"severity": "Extreme"}])
async def test_severe_and_extreme_alerts_are_never_withheld(desk: Desk, changed: dict[str, Any]) -> None:
    await tell(desk, *(reported() for _ in range(BUDGET + 1)))
    assert await tell(desk, reported(**changed)) == {"alerted source_severity": 1}


@pytest.mark.parametrize("changed", [{"channel": "console", "source": "cmc"}, {"channel": "field"}, {"source": "cmc"}])
async def test_people_have_no_budget(desk: Desk, changed: dict[str, Any]) -> None:
    outcomes = await tell(desk, *(reported(**changed) for _ in range(BUDGET + 5)))
    assert outcomes == {"alerted source_severity": BUDGET + 5}


async def test_a_withheld_alert_that_becomes_more_severe_is_raised(desk: Desk) -> None:
    last = reported()
    await tell(desk, *(reported() for _ in range(BUDGET)), last)
    graver = reported(hazard_id=last.hazard_id, revision=2, msg_type="Update", severity="Severe")
    assert await tell(desk, graver) == {"alerted source_severity": 1}


async def test_lifting_the_limit_raises_withheld_alerts(desk: Desk) -> None:
    await tell(desk, *(reported() for _ in range(BUDGET + 5)))
    async with desk.caller() as caller:
        page = await source_page(desk, caller)
        lifted = (await caller.put("/v1/sources/kyrgyzhydromet/lift")).json()
        withheld = (await caller.get("/v1/sources/kyrgyzhydromet/withheld")).json()["alerts"]
    assert page.count("<li><a href=") == 5, "they open by a click"
    assert (len(lifted["released"]), withheld) == (5, [])
    assert await notified(desk) == BUDGET + 1 + 5
    async with desk.sessions() as session:
        alerted = await session.scalars(text(ALERTED))
        assert len(alerted.all()) == 5, "the authors of the withheld reports learn of the alerts"
    assert await tell(desk, reported()) == {"alerted source_severity": 1}


async def source_page(desk: Desk, caller: Any) -> str:
    async with desk.sessions.begin() as session:
        alert_id = await session.scalar(text("SELECT alert_id FROM alerts WHERE kind = 'source'"))
    return str((await caller.get(f"/{alert_id}", params={"lang": "en"})).text)


@pytest.mark.parametrize("changed", [{"status": "Exercise"}, {"channel": "console"}], ids=["exercise", "by hand"])
async def test_neither_exercises_nor_entries_by_people_use_the_budget(desk: Desk, changed: dict[str, Any]) -> None:
    await tell(desk, *(reported(**changed) for _ in range(BUDGET)))
    assert await tell(desk, reported()) == {"alerted source_severity": 1}


async def withheld(desk: Desk) -> list[str]:
    async with desk.caller() as caller:
        alerts = (await caller.get("/v1/sources/kyrgyzhydromet/withheld")).json()["alerts"]
    return [alert["hazard_id"] for alert in alerts]


async def test_withheld_alerts_are_listed_newest_first(desk: Desk) -> None:
    await tell(desk, *(reported() for _ in range(BUDGET)))
    hazards = [reported() for _ in range(3)]
    for hazard in hazards:
        await tell(desk, hazard)
    assert await withheld(desk) == [str(each.hazard_id) for each in reversed(hazards)]


async def test_a_cancelled_or_too_old_alert_is_no_longer_withheld(desk: Desk) -> None:
    cancelled, old = reported(), reported()
    await tell(desk, *(reported() for _ in range(BUDGET)), cancelled, old)
    await tell(desk, reported(hazard_id=cancelled.hazard_id, revision=2, msg_type="Cancel"))
    assert await withheld(desk) == [str(old.hazard_id)]
    async with desk.sessions.begin() as session:
        aged = """UPDATE hazards SET report = jsonb_set(report::jsonb, '{onset}', '"2020-01-01T00:00:00Z"')::text"""
        await session.execute(text(aged))
    async with desk.caller() as caller:
        assert (await caller.put("/v1/sources/kyrgyzhydromet/lift")).json()["released"] == []
    assert await withheld(desk) == []
    async with desk.sessions.begin() as session:
        reason = text("SELECT reason FROM alerts WHERE hazard_id = :id")
        assert await session.scalar(reason, {"id": old.hazard_id}) == "too_old"


@pytest.mark.parametrize(
    ("field", "value", "reason"), [("msg_type", "Cancel", "cancelled"), ("severity", "Minor", "below_threshold")]
)
async def test_lifting_the_limit_clears_entries_that_an_earlier_release_left(
    desk: Desk, field: str, value: str, reason: str
) -> None:
    """An earlier release of Dayar left alerts withheld after their hazard was cancelled or downgraded."""
    left = reported()
    await tell(desk, *(reported() for _ in range(BUDGET)), left)
    async with desk.sessions.begin() as session:
        revised = "UPDATE hazards SET report = jsonb_set(report::jsonb, :path, to_jsonb(CAST(:value AS text)))::text"
        await session.execute(
            text(f"{revised} WHERE hazard_id = :id"), {"path": [field], "value": value, "id": left.hazard_id}
        )
    assert await withheld(desk) == [str(left.hazard_id)]
    async with desk.caller() as caller:
        assert (await caller.put("/v1/sources/kyrgyzhydromet/lift")).json()["released"] == []
    assert await withheld(desk) == []
    assert await standing(desk, left) == {"hazard": (True, reason)}


async def test_a_withheld_alert_states_the_new_scope_of_its_hazard_before_and_after_the_lift(desk: Desk) -> None:
    hazard = reported(scope="Public")
    await tell(desk, *(reported() for _ in range(BUDGET)), hazard)
    update = reported(hazard_id=hazard.hazard_id, revision=2, msg_type="Update", scope="Restricted")
    async with desk.sessions.begin() as session:
        await desk.watch.hazards([received(update)], session)
    assert await event_scopes(desk, hazard) == ["Public", "Restricted"]
    async with desk.caller() as caller:
        assert len((await caller.put("/v1/sources/kyrgyzhydromet/lift")).json()["released"]) == 1
    assert await event_scopes(desk, hazard) == ["Public", "Restricted", "Restricted"]


async def event_scopes(desk: Desk, hazard: HazardReported) -> list[str]:
    events = "SELECT convert_from(value, 'utf8')::json AS event, id FROM outbox WHERE topic = 'alerts'"
    of_hazard = f"SELECT event ->> 'hazard_scope' FROM ({events}) AS own WHERE event ->> 'hazard_id' = :id ORDER BY id"
    async with desk.sessions.begin() as session:
        return list(await session.scalars(text(of_hazard), {"id": str(hazard.hazard_id)}))


async def by_status(desk: Desk, hazard: HazardReported) -> dict[tuple[str, str], tuple[bool, str]]:
    async with desk.sessions.begin() as session:
        alerts = await alert_queries.alerts_of_hazard(session, hazard.hazard_id)
    return {(alert.kind.value, alert.status.value): (alert.is_suppressed, alert.reason) for alert in alerts}


async def test_a_hazard_withheld_as_an_exercise_can_alert_once_it_is_actual(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        await desk.watch([received(household(destination=Place(pcode=KADAMJAI), reasons=["conflict"]))], session)
    exercise = reported(status="Exercise")
    await tell(desk, *(reported(status="Exercise", area={"pcodes": [LEILEK]}) for _ in range(BUDGET)), exercise)
    assert (await by_status(desk, exercise))["hazard", "Exercise"] == (True, "over_budget")
    await tell(desk, reported(hazard_id=exercise.hazard_id, revision=2, msg_type="Update"))
    standing = await by_status(desk, exercise)
    assert standing["hazard", "Actual"] == (False, "source_severity")
    assert standing["exposure", "Actual"] == (False, "displaced_in_hazard_area")
    assert standing["hazard", "Exercise"] == (True, "status_changed")
    assert await withheld(desk) == []


async def test_an_exercise_alert_ends_when_its_hazard_becomes_actual(desk: Desk) -> None:
    hazard = reported(status="Exercise", severity="Severe")
    await tell(desk, hazard)
    await tell(desk, reported(hazard_id=hazard.hazard_id, revision=2, msg_type="Update", severity="Severe"))
    async with desk.sessions.begin() as session:
        alerts = await alert_queries.alerts_of_hazard(session, hazard.hazard_id)
    assert {alert.status.value: (alert.is_lapsed, alert.reason) for alert in alerts} == {
        "Exercise": (True, "status_changed"),
        "Actual": (False, "source_severity"),
    }


async def withheld_over_displaced(desk: Desk, **changed: Any) -> HazardReported:
    async with desk.sessions.begin() as session:
        await desk.watch([received(household(destination=Place(pcode=KADAMJAI), reasons=["conflict"]))], session)
    elsewhere = {"area": {"pcodes": [LEILEK]}}
    await tell(desk, *(reported(**elsewhere) for _ in range(BUDGET)))
    hazard = reported(**changed)
    await tell(desk, hazard)
    return hazard


async def standing(desk: Desk, hazard: HazardReported) -> dict[str, tuple[bool, str]]:
    async with desk.sessions.begin() as session:
        alerts = await alert_queries.alerts_of_hazard(session, hazard.hazard_id)
    return {alert.kind.value: (alert.is_suppressed, alert.reason) for alert in alerts}


async def test_an_exposure_alert_of_a_withheld_hazard_is_withheld_and_raised_with_it(desk: Desk) -> None:
    hazard = await withheld_over_displaced(desk)
    assert await standing(desk, hazard) == {"hazard": (True, "over_budget"), "exposure": (True, "over_budget")}
    assert await notified(desk) == BUDGET + 1
    async with desk.caller() as caller:
        await caller.put("/v1/sources/kyrgyzhydromet/lift")
    async with desk.sessions.begin() as session:
        await desk.watch.expose(session)
    raised = {"hazard": (False, "source_severity"), "exposure": (False, "displaced_in_hazard_area")}
    assert await standing(desk, hazard) == raised


@pytest.mark.parametrize("severity", ["Severe", "Extreme"])
async def test_an_exposure_alert_of_a_severe_hazard_is_never_withheld(desk: Desk, severity: str) -> None:
    hazard = await withheld_over_displaced(desk, severity=severity)
    raised = {"hazard": (False, "source_severity"), "exposure": (False, "displaced_in_hazard_area")}
    assert await standing(desk, hazard) == raised


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"msg_type": "Update", "severity": "Minor"}, "below_threshold"), ({"msg_type": "Cancel"}, "cancelled")],
)
async def test_a_hazard_revised_below_every_rule_is_no_longer_withheld(
    desk: Desk, changed: dict[str, Any], reason: str
) -> None:
    hazard = await withheld_over_displaced(desk)
    await tell(desk, reported(hazard_id=hazard.hazard_id, revision=2, **changed))
    assert await withheld(desk) == []
    assert await standing(desk, hazard) == {"hazard": (True, reason), "exposure": (True, reason)}
    async with desk.caller() as caller:
        assert (await caller.put("/v1/sources/kyrgyzhydromet/lift")).json()["released"] == []
    assert await notified(desk) == BUDGET + 1, "nobody heard of it, so nobody hears that it is over"


async def test_a_hazard_revised_back_above_the_threshold_is_withheld_again(desk: Desk) -> None:
    hazard = await withheld_over_displaced(desk)
    for revision, severity in ((2, "Minor"), (3, "Moderate")):
        await tell(desk, reported(hazard_id=hazard.hazard_id, revision=revision, msg_type="Update", severity=severity))
    assert await withheld(desk) == [str(hazard.hazard_id)]
    assert await standing(desk, hazard) == {"hazard": (True, "over_budget"), "exposure": (True, "over_budget")}


async def test_the_outcome_of_a_withheld_hazard_says_so(desk: Desk) -> None:
    hazard = await withheld_over_displaced(desk)
    async with desk.caller() as caller:
        followed = (await caller.get(f"/v1/hazards/{hazard.hazard_id}/outcome", params={"lang": "en"})).json()
    assert (followed["reason"], followed["text"]) == ("over_budget", "withheld, its source reports unusually much")


async def test_a_too_old_hazard_with_a_fresh_revision_beyond_the_budget_is_withheld(desk: Desk) -> None:
    old = reported(onset=datetime.now(UTC) - timedelta(days=400))
    assert await tell(desk, old) == {"suppressed too_old": 1}
    await tell(desk, *(reported() for _ in range(BUDGET)))
    fresh = reported(hazard_id=old.hazard_id, revision=2, msg_type="Update")
    assert await tell(desk, fresh) == {"suppressed over_budget": 1}
    assert await withheld(desk) == [str(old.hazard_id)]
    assert Counter(await desk.event_types())["suppressed"] == 2


async def test_two_workers_beyond_the_budget_raise_one_alert_about_the_source(desk: Desk) -> None:
    await tell(desk, *(reported() for _ in range(BUDGET)))
    async with asyncio.TaskGroup() as group, desk.sessions.begin() as session:
        await desk.watch.hazards([received(reported())], session)
        group.create_task(tell(desk, reported()))
        await wait_for(lambda: is_waited_for(desk))
    assert Counter(await desk.event_types()) == {"raised": BUDGET + 1, "suppressed": 2}


async def test_an_alert_withheld_during_the_lift_is_raised_too(desk: Desk) -> None:
    await tell(desk, *(reported() for _ in range(BUDGET)))
    async with desk.caller() as caller, asyncio.TaskGroup() as group, desk.sessions.begin() as session:
        await desk.watch.hazards([received(reported())], session)
        lifting = group.create_task(caller.put("/v1/sources/kyrgyzhydromet/lift"))
        await wait_for(lambda: is_waited_for(desk))
    assert len(lifting.result().json()["released"]) == 1
    assert await withheld(desk) == []


async def is_waited_for(desk: Desk) -> bool:
    waiting = """
        SELECT true FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """
    async with desk.sessions.begin() as session:
        return bool(await session.scalar(text(waiting)))
