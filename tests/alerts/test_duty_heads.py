"""A policy decides whether the duty heads are notified every five minutes after the final step of an escalation."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts import measures, transitions
from services.alerts.changes import AlertChanges
from services.alerts.escalation import Escalation
from services.alerts.notifications.notifications import ESCALATED, GIVEN_BACK, GRAVER, RAISED
from services.alerts.notifications.plans import NotificationPlan
from services.alerts.notifications.stages import Omission
from services.alerts.policies.policies import EscalationPolicy, PolicyStep
from services.alerts.queries import policies as policy_queries
from services.alerts.receivers.receivers import ReceiverKind
from shared.events.vocabulary import HazardType, Severity, Status
from shared.places import Places
from shared.postgres import database
from tests.alerts.factories import ALAI, KADAMJAI, NOW, mudflow, rules
from tests.alerts.night import Night
from tests.alerts.test_notifications import alert, mild, notified, receiver

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
ELSEWHERE = {"areas": (ALAI,), "hazards": (HazardType.EARTHQUAKE,), "floor": Severity.EXTREME, "is_duty_head": True}
HEADS = receiver("head 1", **ELSEWHERE), receiver("head 2", hours=("Mon 03:00-03:01",), **ELSEWHERE)
TRAINEE = receiver("trainee", **ELSEWHERE, statuses=frozenset({Status.EXERCISE}))
ONCE = EscalationPolicy("once", (PolicyStep(10, ("duty",)),), ends=True)


def test_all_duty_heads_are_notified_after_the_last_step_of_a_severe_alert() -> None:
    duty = receiver("duty")
    everybody = duty, *HEADS, TRAINEE
    risen = [alert(KADAMJAI, level=level) for level in (1, 2)]
    reached = [notified(each, ESCALATED, *everybody, called=("duty",)) for each in risen]
    assert [labels for labels, _ in reached] == [["head 1", "head 2"], ["head 1", "head 2"]]
    assert reached[0][1] == dict.fromkeys(("duty", "trainee"), Omission.NO_DUTY_HEAD)
    moderate = transitions.replaced(mild(KADAMJAI), level=1)
    assert notified(moderate, ESCALATED, duty, *HEADS)[0] == ["duty"], "the last step is repeated"
    assert notified(alert(KADAMJAI), RAISED, *HEADS)[0] == ["head 1", "head 2"], "nobody else gets the alert"
    post, officer = replace(HEADS[0], roster="centre"), receiver("Aida", kind=ReceiverKind.PERSON, areas=(ALAI,))
    assert notified(alert(KADAMJAI), RAISED, post, officer, on_duty="Aida")[0] == ["head 1", "Aida"]


def test_duty_heads_are_notified_if_nobody_else_gets_an_alert_that_is_no_longer_muted_or_becomes_severe() -> None:
    muted = transitions.silenced(alert(KADAMJAI), NOW)
    alert_changes = AlertChanges([muted], NotificationPlan(HEADS), {}, places=Places.load(), rules=rules(), now=NOW)
    alert_changes.escalate(muted)
    assert [each.recipient for each in alert_changes.deliveries] == ["head 1", "head 2"]
    assert notified(alert(KADAMJAI), GRAVER, *HEADS)[0] == ["head 1", "head 2"]
    assert notified(alert(KADAMJAI), GRAVER, receiver("duty"), *HEADS)[0] == ["duty"]


def test_duty_heads_are_notified_at_once_with_people_whose_accounts_are_all_disabled() -> None:
    officer, left = receiver("officer"), ("officer",)
    for stages in (RAISED, GRAVER):
        labels, omissions = notified(alert(KADAMJAI), stages, officer, *HEADS, absent=left)
        assert labels == ["head 1", "head 2", "officer"] and omissions == {}
    assert notified(mild(KADAMJAI), RAISED, officer, *HEADS, absent=left)[0] == ["officer"]
    with_duty = notified(alert(KADAMJAI), RAISED, officer, receiver("duty"), *HEADS, absent=left)
    assert with_duty[0] == ["officer", "duty"]


def test_without_a_duty_head_everybody_who_can_act_is_notified_of_a_grave_alert_that_reaches_nobody_else() -> None:
    officer, elsewhere = receiver("officer"), receiver("osh", areas=(ALAI,), floor=Severity.EXTREME)
    siren = receiver("siren", areas=(ALAI,), kind=ReceiverKind.SYSTEM)
    desk = replace(siren, label="desk", is_internal=True)
    others = elsewhere, siren, desk, replace(TRAINEE, is_duty_head=False)
    for stages in (RAISED, ESCALATED, GRAVER, GIVEN_BACK):
        labels, omissions = notified(alert(KADAMJAI), stages, officer, *others, absent=("officer",))
        assert labels == ["osh", "desk", "officer"]
        assert omissions == {"siren": Omission.OTHER_AREA, "trainee": Omission.OTHER_STATUS}
    assert notified(alert(KADAMJAI), RAISED, *others)[0] == ["osh", "desk"], "the alert concerns nobody"
    near = replace(siren, label="near", areas=())
    for stages in (RAISED, ESCALATED, GRAVER, GIVEN_BACK):
        assert notified(alert(KADAMJAI), stages, near, *others)[0] == ["osh", "desk", "near"]
    assert notified(alert(KADAMJAI), RAISED, near, receiver("duty", step=1), *others)[0] == ["near"]
    assert notified(mild(KADAMJAI), RAISED, officer, *others, absent=("officer",))[0] == ["officer"]


def test_duty_heads_stay_on_call_if_the_alert_gets_further_steps() -> None:
    receivers = receiver("duty"), receiver("minister", step=1), *HEADS
    longer = replace(ONCE, steps=(*ONCE.steps, PolicyStep(240, ("minister",))), repeats=9)
    heads, waiting, called = ["head 1", "head 2"], alert(KADAMJAI), ["duty"]
    for policy, reached in ((ONCE, heads), (longer, [*heads, "minister"]), (longer, heads)):
        plan = NotificationPlan(receivers, policies=(policy,))
        known = {waiting.alert_id: called}
        alert_changes = AlertChanges([waiting], plan, known, places=Places.load(), rules=rules(), now=NOW)
        alert_changes.escalate(waiting)
        waiting = alert_changes.changed[waiting.alert_id]
        assert [each.recipient for each in alert_changes.deliveries] == reached
        assert waiting.escalates_at == NOW + 5 * MINUTE
        called += reached


async def test_duty_heads_are_notified_every_five_minutes_also_by_a_worker_that_starts_later(
    night: Night, engine: AsyncEngine
) -> None:
    await night.only(("duty", 0), ("minister", 1))
    for label in ("head 1", "head 2"):
        await night.receiver(label, 0, **ELSEWHERE)
    await night.report(mudflow())
    for _ in range(2):
        assert await night.passes(10 * MINUTE) == 1
    night.escalation = Escalation(database.sessions(engine), rules(), Places.load(), clock=night.clock)
    assert await night.passes(5 * MINUTE - timedelta(seconds=1)) == 0
    assert await night.passes(timedelta(seconds=1)) == 1
    await night.boards_are_closed()
    await night.touched(night.now - timedelta(hours=1))
    assert await night.passes(2.5 * MINUTE) == 1, "unattended boards halve this wait, too"
    heads = [(step, label) for step in (3, 4, 5) for label in ("head 1", "head 2")]
    assert await night.notified() == [(1, "duty"), (2, "minister"), *heads]
    await night.does("acknowledge")
    assert await night.passes(5 * MINUTE) == 0


async def unsent(night: Night) -> float:
    async with night.sessions.begin() as session:
        count, _ = await measures.unsent_alerts(session)
        return count.samples[0].value


async def test_a_severe_alert_without_a_receiver_or_duty_head_is_counted_until_somebody_gets_or_answers_it(
    night: Night,
) -> None:
    await night.only()
    await night.receiver("osh", 0, areas=(ALAI,), kind=ReceiverKind.SYSTEM)
    night.now = datetime.now(UTC)
    await night.report(mudflow(onset=night.now, severity="Moderate"))
    assert await unsent(night) == 0
    judged = [mudflow(onset=night.now, severity=severity) for severity in ("Severe", "Extreme")]
    await night.report(*judged, mudflow(onset=night.now, type="landslide", severity="Unknown"))
    assert await unsent(night) == 3, "an alert whose severity must be judged may be Severe"
    await night.receiver("head 1", 0, **ELSEWHERE)
    assert await night.passes(15 * MINUTE) >= 3
    assert await unsent(night) == 0
    async with night.sessions.begin() as session:
        await session.execute(text("UPDATE deliveries SET is_delivered = false, settled_at = now()"))
    assert await unsent(night) == 3, "the only messages were given up"
    async with night.sessions.begin() as session:
        extreme = await session.scalar(text("SELECT alert_id FROM alerts WHERE severity = 'Extreme'"))
    await night.does("acknowledge", alert_id=extreme)
    assert await unsent(night) == 2


async def test_a_policy_may_end_for_a_moderate_alert_until_the_alert_becomes_severe(night: Night) -> None:
    async with night.sessions.begin() as session:
        await policy_queries.save(session, ONCE)
    await night.receiver("head 1", 0, **ELSEWHERE)
    flow = uuid4()
    await night.report(mudflow(hazard_id=flow, severity="Moderate"))
    assert await night.passes(10 * MINUTE) == 1
    assert await night.passes(2 * 60 * MINUTE) == 0
    assert await night.notified() == [(1, "duty")]
    ended = await night.alert()
    assert (ended.demand, ended.escalates_at) == ("acknowledgement", None)
    async with night.sessions.begin() as session:
        reasons = await session.scalar(text("SELECT reasons FROM notification_omissions ORDER BY step DESC LIMIT 1"))
    assert reasons == dict.fromkeys(("duty", "head", "minister", "head 1"), "policy_ended")
    await night.report(mudflow(hazard_id=flow, revision=2, msg_type="Update"))
    assert await night.passes(10 * MINUTE) == 1
    assert (await night.notified())[1:] == [(3, "duty"), (4, "head 1")]


def test_a_policy_does_not_end_before_its_last_step_if_the_account_of_a_notified_person_is_disabled() -> None:
    officer, minister = receiver("officer", kind=ReceiverKind.PERSON, account_id=uuid4()), receiver("minister")
    policy = replace(ONCE, steps=(PolicyStep(10, ("officer",)), PolicyStep(5, ("minister",))))
    disabled = frozenset(filter(None, [officer.account_id]))
    plan = NotificationPlan((officer, minister), policies=(policy,), disabled_accounts=disabled)
    waiting = mild(KADAMJAI)
    called = {waiting.alert_id: ["officer"]}
    alert_changes = AlertChanges([waiting], plan, called, places=Places.load(), rules=rules(), now=NOW)
    for _ in range(2):
        alert_changes.escalate(alert_changes.changed.get(waiting.alert_id, waiting))
    assert [each.recipient for each in alert_changes.deliveries] == ["officer", "minister"]
    assert alert_changes.changed[waiting.alert_id].escalates_at is None, "the policy has ended"


async def test_an_ended_alert_escalates_within_ten_minutes_when_a_person_must_judge_its_severity(night: Night) -> None:
    async with night.sessions.begin() as session:
        await policy_queries.save(session, ONCE)
    await night.receiver("head 1", 0, **ELSEWHERE)
    slide = uuid4()
    await night.report(mudflow(hazard_id=slide, type="landslide", severity="Moderate"))
    assert await night.passes(10 * MINUTE) == 1
    await night.report(mudflow(hazard_id=slide, type="landslide", severity="Unknown", revision=2, msg_type="Update"))
    unjudged = await night.alert()
    assert (unjudged.is_unjudged, unjudged.severity) == (True, "Moderate")
    assert await night.passes(10 * MINUTE) == 1
    assert (await night.notified())[1:] == [(3, "head 1")]
