"""An Extreme alert mutes milder alerts of the same type in its districts, such as aftershocks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.alerts import transitions
from services.alerts.acts.answers import Answers
from services.alerts.alerts import Alert
from services.alerts.changes import AlertChanges
from services.alerts.notifications import notifications
from services.alerts.notifications.inhibitions import LONGEST, Inhibitor, inhibitors
from services.alerts.notifications.mutes import Mute, Mutes
from services.alerts.notifications.notifications import INFORMED
from services.alerts.notifications.plans import NotificationPlan
from services.alerts.notifications.stages import Notification, Omission
from services.alerts.queries import receivers as receiver_queries
from services.alerts.rules.findings import QUAKE_UNJUDGED, RuleKind
from shared.auth.tokens import Role
from shared.events import HazardReported
from shared.events.vocabulary import HazardType, Severity, Status, Verdict
from shared.places import Places
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import ALAI, KADAMJAI, LEILEK, NOBODY_REVOKED, NOW, hazard, rules
from tests.alerts.night import OPERATOR, Night
from tests.alerts.test_notifications import alert, receiver
from tests.alerts.test_silences import SILENCE

pytestmark = pytest.mark.anyio

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
AFTERSHOCK = transitions.replaced(
    alert(KADAMJAI), severity=Severity.MODERATE, figures={"source": "usgs", "impact": "green"}
)
RED = Inhibitor(uuid4(), Status.ACTUAL, HazardType.MUDFLOW, frozenset({KADAMJAI, LEILEK}), NOW)


@pytest.mark.parametrize(
    ("changes", "later", "is_muted"),
    [
        ({}, LONGEST - SECOND, True),
        ({}, LONGEST, False),
        ({"severity": Severity.MINOR, "pcodes": (LEILEK, KADAMJAI)}, HOUR, True),
        ({"pcodes": (KADAMJAI, ALAI)}, HOUR, False),
        ({"pcodes": ()}, HOUR, False),
        ({"hazard_type": HazardType.GLOF}, HOUR, False),
        ({"status": Status.EXERCISE}, HOUR, False),
        ({"kind": RuleKind.EXPOSURE, "households": 4}, HOUR, False),
        *(({"severity": severity}, HOUR, False) for severity in (Severity.SEVERE, Severity.EXTREME, Severity.UNKNOWN)),
        ({"reason": QUAKE_UNJUDGED}, HOUR, False),
        ({"figures": {"source": "usgs", "impact": "yellow"}}, HOUR, False),
        ({"figures": {"source": "usgs", "displaced": 1}}, HOUR, False),
        ({"figures": {"source": "cmc"}}, HOUR, False),
    ],
)
def test_only_milder_alerts_of_the_same_type_and_districts_without_casualties_are_muted(
    changes: dict[str, Any], later: timedelta, is_muted: bool
) -> None:
    assert RED.mutes(transitions.replaced(AFTERSHOCK, **changes), NOW + later) is is_muted


def test_an_extreme_alert_mutes_only_while_it_is_in_force_and_never_itself() -> None:
    extreme = transitions.replaced(alert(KADAMJAI), severity=Severity.EXTREME)
    (red,) = inhibitors([extreme])
    assert not red.mutes(transitions.replaced(extreme, severity=Severity.MODERATE, figures={}), NOW)
    ended: list[dict[str, Any]] = [
        {"severity": Severity.SEVERE},
        {"is_lapsed": True},
        {"is_suppressed": True},
        {"resolved_at": NOW},
        {"kind": RuleKind.EXPOSURE},
    ]
    assert inhibitors([transitions.replaced(extreme, **changes) for changes in ended]) == []


def test_those_who_were_notified_before_are_informed_of_a_muted_alert() -> None:
    duty = receiver("duty")
    mute = Mutes(NOW, (), [RED]).mute_of(AFTERSHOCK, Places.load())
    muted = Notification(AFTERSHOCK, [duty], Places.load(), NOW, called=("duty",), mute=mute)
    assert notifications.notified(muted, INFORMED) == ([duty], {})
    assert notifications.notified(muted, notifications.RAISED) == ([], {"duty": Omission.INHIBITED})


def test_the_newest_state_of_an_extreme_alert_in_the_transaction_decides() -> None:
    milder = transitions.replaced(alert(KADAMJAI), alert_id=RED.alert_id, severity=Severity.SEVERE)
    assert Mutes(NOW, (), [RED], {milder.alert_id: milder}).mute_of(AFTERSHOCK, Places.load()) is None
    graver = transitions.replaced(milder, severity=Severity.EXTREME, raised_at=NOW)
    mute = Mutes(NOW, (), (), {graver.alert_id: graver}).mute_of(AFTERSHOCK, Places.load())
    assert mute == Mute(RED.alert_id, NOW + LONGEST, Omission.INHIBITED)


def test_if_a_silence_and_an_extreme_alert_mute_an_alert_the_silence_is_recorded() -> None:
    mute = Mutes(NOW, [SILENCE], [RED]).mute_of(AFTERSHOCK, Places.load())
    assert mute == Mute(SILENCE.silence_id, SILENCE.ends_at, Omission.SILENCED)
    assert mute.inhibited_by is None


@pytest.mark.parametrize(
    "changes",
    [
        *({"severity": severity} for severity in (Severity.SEVERE, Severity.EXTREME, Severity.UNKNOWN)),
        {"reason": QUAKE_UNJUDGED},
    ],
)
def test_only_a_silence_by_a_duty_head_mutes_a_grave_alert(changes: dict[str, Any]) -> None:
    grave = transitions.replaced(AFTERSHOCK, **changes)
    assert Mutes(NOW, [SILENCE], [RED]).mute_of(grave, Places.load()) is None
    by_duty_head = replace(SILENCE, silence_id=uuid4(), is_severe_too=True)
    mute = Mutes(NOW, [SILENCE, by_duty_head], [RED]).mute_of(grave, Places.load())
    assert mute == Mute(by_duty_head.silence_id, by_duty_head.ends_at, Omission.SILENCED)


def quake(severity: str, hazard_id: UUID | None = None, **changed: Any) -> HazardReported:
    """A quake from a feed that states its severity.

    At a depth of 90 km, the equation of the intensity does not apply.
    """
    return hazard(hazard_id=hazard_id or uuid4(), severity=severity, depth_km=90.0, **changed)


async def state(night: Night, hazard_id: UUID) -> Alert:
    async with night.sessions.begin() as session:
        row = await session.scalar(text("SELECT alert_id FROM alerts WHERE hazard_id = :id"), {"id": hazard_id})
    return await night.alert(row)


async def notified(night: Night, hazard_id: UUID) -> list[tuple[str, str]]:
    statement = "SELECT recipient, cause FROM deliveries JOIN alerts USING (alert_id) WHERE hazard_id = :id"
    async with night.sessions.begin() as session:
        rows = await session.execute(text(f"{statement} ORDER BY deliveries.step, recipient"), {"id": hazard_id})
        return [(recipient, cause) for recipient, cause in rows]


async def resolve(night: Night, hazard_id: UUID) -> None:
    red = await state(night, hazard_id)
    async with night.sessions.begin() as session:
        await Answers(session, rules(), Places.load(), NOBODY_REVOKED, night.now).resolve(
            red.alert_id, OPERATOR, Verdict.CONFIRMED
        )


async def revise(night: Night, hazard_id: UUID) -> None:
    await night.report(quake("Severe", hazard_id, revision=2, msg_type="Update"))


async def cancel(night: Night, hazard_id: UUID) -> None:
    await night.report(quake("Extreme", hazard_id, revision=2, msg_type="Cancel"))


async def retype(night: Night, hazard_id: UUID) -> None:
    await night.report(quake("Extreme", hazard_id, type="landslide", revision=2, msg_type="Update"))


@pytest.mark.parametrize("end", [resolve, revise, cancel, retype])
async def test_an_inhibition_ends_with_the_red_alert(night: Night, end: Callable[[Night, UUID], Any]) -> None:
    red, aftershock, severe = uuid4(), uuid4(), uuid4()
    await night.report(quake("Extreme", red), quake("Moderate", aftershock), quake("Severe", severe))
    assert await notified(night, aftershock) == []
    assert await notified(night, red) == await notified(night, severe) == [("duty", "raised")]
    muted = await state(night, aftershock)
    red_alert = await state(night, red)
    assert (muted.is_silenced, muted.inhibited_by, muted.escalates_at) == (True, red_alert.alert_id, NOW + LONGEST)
    async with night.sessions.begin() as session:
        (record,) = await session.execute(
            text("SELECT reasons, muted_by FROM notification_omissions WHERE alert_id = :id"), {"id": muted.alert_id}
        )
    assert tuple(record) == (dict.fromkeys(("duty", "head", "minister"), "inhibited"), red_alert.alert_id)
    assert await night.passes(SECOND) == 0
    await end(night, red)
    assert await night.passes(SECOND) == 1
    assert await notified(night, aftershock) == [("duty", "raised")]
    assert await night.passes(29 * 60 * SECOND) > 0, "the other alerts escalate"
    await night.passes(60 * SECOND)
    assert (await notified(night, aftershock))[1:] == [("head", "escalated")]


async def test_an_inhibition_lasts_six_hours_and_pauses_an_earlier_alert(night: Night) -> None:
    earlier, red = uuid4(), uuid4()
    await night.report(quake("Moderate", earlier))
    night.now += 20 * 60 * SECOND
    await night.report(quake("Extreme", red))
    await night.does("acknowledge", alert_id=(await state(night, red)).alert_id)
    await night.does("progress", None, alert_id=(await state(night, red)).alert_id)
    assert await night.passes(10 * 60 * SECOND) == 1, "the escalation waits"
    assert await night.passes(LONGEST - 10 * 60 * SECOND - SECOND) == 0
    assert await night.passes(SECOND) == 1
    assert await notified(night, earlier) == [("duty", "raised"), ("duty", "uninhibited")]


def test_a_muted_alert_is_sent_at_once_if_its_hazard_displaced_people() -> None:
    muted = transitions.silenced(AFTERSHOCK, RED.ends_at, RED.alert_id)
    assert muted.hazard_id is not None
    plan = NotificationPlan([receiver("duty")], inhibitors=[RED])
    alert_changes = AlertChanges([muted], plan, {}, places=Places.load(), rules=rules(), now=NOW + HOUR)
    alert_changes.count_displaced(muted.hazard_id, 0)
    assert alert_changes.deliveries == []
    alert_changes.count_displaced(muted.hazard_id, 3)
    assert [each.recipient for each in alert_changes.deliveries] == ["duty"]
    assert not alert_changes.changed[muted.alert_id].is_silenced


async def test_a_muted_alert_that_becomes_severe_is_sent_at_once(night: Night) -> None:
    red, aftershock = uuid4(), uuid4()
    await night.report(quake("Extreme", red), quake("Moderate", aftershock))
    await night.report(quake("Severe", aftershock, revision=2, msg_type="Update"))
    assert [label for label, _ in await notified(night, aftershock)] == ["duty"]


async def test_the_page_of_a_muted_alert_names_the_rule_and_leads_to_the_red_alert(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        await receiver_queries.save_receiver(session, receiver("duty-desk"))
    red = fresh(severity="Extreme", depth_km=90.0)
    (red_id,) = await desk.alerts(red)
    (alert_id,) = await desk.alerts(fresh(severity="Moderate", depth_km=90.0))
    async with desk.caller(Role.OPERATOR) as caller:
        page = (await caller.get(f"/{alert_id}", params={"lang": "en"})).text
    assert page.count(f'href="/alerts/{red_id}"') == 2
    assert "Muted until" in page and "this alert is milder, without casualties" in page
