"""A step of a policy may demand several acknowledgements.

The alert then escalates until enough people acknowledge it.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.alerts.acts.acts import Actor
from services.alerts.acts.answers import AnswerRefused, Answers
from services.alerts.acts.reply_results import Reply, ReplyResult, sentence
from services.alerts.alerts import Alert
from services.alerts.notifications.quorums import Quorum, quorum
from services.alerts.notifications.stages import Notification
from services.alerts.policies.policies import EscalationPolicy, PolicyStep
from services.alerts.queries import disabled_accounts
from services.alerts.queries import policies as policy_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from shared.auth.tokens import Role
from shared.events.vocabulary import Verdict
from shared.places import Places
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import KADAMJAI, LEILEK, NOBODY_REVOKED, NOW, mudflow, rules
from tests.alerts.night import OPERATOR, Night
from tests.alerts.test_notifications import alert, receiver

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
OFFICERS = ("officer 1", "officer 2", "officer 3")
ACCOUNTS = {label: uuid4() for label in (*OFFICERS, "head")}
TWO_OF_THREE = PolicyStep(10, OFFICERS, acknowledgements=2)
POLICY = EscalationPolicy("watch", (TWO_OF_THREE, PolicyStep(5, ("head",))))


async def watch(night: Night, policy: EscalationPolicy, *labels: str) -> None:
    await night.only()
    for label in labels:
        await night.receiver(label, 0, kind=ReceiverKind.PERSON, account_id=ACCOUNTS[label])
    async with night.sessions.begin() as session:
        await policy_queries.save(session, policy)


async def acknowledges(night: Night, person: str | Actor, act: str = "acknowledge") -> Alert:
    alert = await night.alert()
    actor = person if isinstance(person, Actor) else Actor(ACCOUNTS[person], person)
    async with night.sessions.begin() as session:
        answers = Answers(session, rules(), Places.load(), NOBODY_REVOKED, night.now)
        after: Alert = await getattr(answers, act)(alert.alert_id, actor)
        return after


async def test_two_of_three_must_acknowledge_within_ten_minutes_or_the_head_is_notified(night: Night) -> None:
    await watch(night, POLICY, *OFFICERS, "head")
    await night.report(mudflow())
    for person in ("officer 1", "officer 1", OPERATOR):
        after = await acknowledges(night, person)
        assert (after.work, after.demand) == ("unacknowledged", "acknowledgement")
        assert (after.acknowledgements, after.acknowledgements_needed) == (1, 2), "boards show 1 of 2"
    assert await night.passes(10 * MINUTE - timedelta(seconds=1)) == 0
    assert await night.passes(timedelta(seconds=1)) == 1
    assert (await night.notified())[-1] == (2, "head")
    assert (await night.alert()).acknowledgements_needed is None, "the count was for the step before"
    after = await acknowledges(night, "officer 1")
    assert after.acknowledged_name == "officer 1", "the head's step needs one acknowledgement"


async def test_the_second_acknowledgement_of_the_step_stops_the_escalation_and_can_be_undone(night: Night) -> None:
    await watch(night, POLICY, *OFFICERS, "head")
    await night.report(mudflow())
    await acknowledges(night, "officer 1")
    enough = await acknowledges(night, "officer 2")
    assert (enough.work, enough.acknowledgements_needed) == ("acknowledged", None)
    assert (await acknowledges(night, "officer 1")).work == "acknowledged", "it was one of the two"
    with pytest.raises(AnswerRefused, match="already-acknowledged"):
        await acknowledges(night, "officer 3")
    undone = await acknowledges(night, "officer 2", "take_back")
    assert (undone.work, undone.partly_acknowledged_by) == ("unacknowledged", (ACCOUNTS["officer 1"],))
    assert (undone.acknowledgements, undone.acknowledgements_needed) == (1, 2)
    assert (await acknowledges(night, "officer 1", "take_back")).partly_acknowledged_by == ()
    await acknowledges(night, "officer 3")
    assert (await acknowledges(night, "officer 1")).work == "acknowledged"
    assert await night.passes(10 * MINUTE) == 0


async def test_an_alert_waits_as_long_as_its_policy_says_after_an_undone_acknowledgement_and_after_reopening(
    night: Night,
) -> None:
    await watch(night, EscalationPolicy("watch", (PolicyStep(3, ("officer 1",)),)), "officer 1")
    await night.report(mudflow())
    await acknowledges(night, "officer 1")
    undone = await acknowledges(night, "officer 1", "take_back")
    assert undone.escalates_at == night.now + 3 * MINUTE
    async with night.sessions.begin() as session:
        answers, officer = (
            Answers(session, rules(), Places.load(), NOBODY_REVOKED, night.now),
            Actor(ACCOUNTS["officer 1"], "officer 1"),
        )
        await answers.resolve(undone.alert_id, officer, Verdict.FALSE_ALARM)
        reopened = await answers.reopen(undone.alert_id, officer, "it flows")
    assert reopened.escalates_at == night.now + 3 * MINUTE


@pytest.mark.parametrize("disabled", [[], ["officer 2"]])
async def test_people_who_have_left_neither_stop_the_escalation_nor_keep_it_running(
    night: Night, disabled: list[str]
) -> None:
    await watch(night, replace(POLICY, steps=(TWO_OF_THREE,)), "officer 1", *disabled)
    async with night.sessions.begin() as session:
        await disabled_accounts.replace(session, [ACCOUNTS[label] for label in disabled])
    await night.report(mudflow())
    assert (await acknowledges(night, "officer 1")).work == "unacknowledged"
    assert await night.passes(10 * MINUTE) == 1
    assert await night.notified() == [(step, label) for step in (1, 2) for label in ("officer 1", *disabled)]
    assert (await acknowledges(night, "officer 1")).work == "acknowledged", "nobody else can acknowledge"


async def test_a_more_severe_alert_must_be_acknowledged_again_by_all(night: Night) -> None:
    await watch(night, POLICY, *OFFICERS)
    flow = uuid4()
    await night.report(mudflow(hazard_id=flow))
    await acknowledges(night, "officer 1")
    await acknowledges(night, "officer 2")
    await night.report(mudflow(hazard_id=flow, revision=2, msg_type="Update", severity="Extreme"))
    assert (await acknowledges(night, "officer 3")).work == "reopened"
    assert (await acknowledges(night, "officer 1")).work == "acknowledged"


@pytest.mark.parametrize(
    "changes",
    [{"severity": "Extreme"}, {"area": {"pcodes": [KADAMJAI, LEILEK]}}, {"area": {"pcodes": [LEILEK]}}],
)
async def test_an_acknowledgement_of_a_milder_smaller_or_different_situation_does_not_count(
    night: Night, changes: dict[str, Any]
) -> None:
    await watch(night, POLICY, *OFFICERS)
    flow = uuid4()
    await night.report(mudflow(hazard_id=flow))
    await acknowledges(night, "officer 1")
    await night.report(mudflow(hazard_id=flow, revision=2, msg_type="Update", **changes))
    assert (await acknowledges(night, "officer 2")).work == "unacknowledged"
    assert (await acknowledges(night, "officer 1")).work == "acknowledged"


def person(label: str, account: UUID | None = None, **changed: object) -> Receiver:
    return receiver(label, kind=ReceiverKind.PERSON, account_id=account or uuid4(), **changed)


def quorum_of(step: PolicyStep, *receivers: Receiver, on_duty: str, called: tuple[str, ...] = ()) -> Quorum:
    notification = Notification(
        alert(KADAMJAI),
        receivers,
        Places.load(),
        NOW,
        called=called,
        on_duty={"centre": {on_duty}},
        policies=(EscalationPolicy("watch", (step,)),),
    )
    return quorum(notification, {"centre": {"Aida", "Bakyt", "Chynara"}})


def test_whoever_was_notified_while_on_duty_still_counts_after_the_handover() -> None:
    people = person("Aida", roster="centre"), person("Bakyt", roster="centre"), person("Chynara", roster="centre")
    post = receiver("desk", kind=ReceiverKind.POST, roster="centre")
    step = PolicyStep(10, ("desk",), acknowledgements=2)
    needed = quorum_of(step, post, *people, on_duty="Bakyt", called=("Aida",))
    assert [each.label for each in needed.people] == ["Aida", "Bakyt"]
    assert needed.is_reachable and needed.is_reached([each.account_id for each in people[:2] if each.account_id])


def test_one_account_counts_once_and_people_outside_the_area_cannot_complete_the_step() -> None:
    account = uuid4()
    people = person("Aida", account), person("Bakyt", account), person("Chynara", areas=(LEILEK,))
    needed = quorum_of(PolicyStep(10, ("Aida", "Bakyt", "Chynara"), acknowledgements=2), *people, on_duty="Aida")
    assert not needed.is_reached([account]) and not needed.is_reachable


def test_the_person_reads_that_more_must_acknowledge() -> None:
    reply = Reply(ReplyResult.PARTLY_ACKNOWLEDGED, alert(KADAMJAI))
    assert sentence(reply, "en") == "Your acknowledgement is recorded. More people must acknowledge this alert."


async def test_the_page_of_the_alert_names_who_acknowledged_and_who_counts(desk: Desk) -> None:
    account, other = uuid4(), uuid4()
    async with desk.sessions.begin() as session:
        for label, own in (("officer 1", account), ("officer 2", other)):
            officer = replace(person(label, own), is_internal=True)
            await receiver_queries.save_receiver(session, officer)
        await policy_queries.save(session, replace(POLICY, steps=(replace(TWO_OF_THREE, acknowledgements=3),)))
    (alert_id,) = await desk.alerts(fresh(**mudflow().model_dump(include={"type", "severity", "area", "source"})))
    async with desk.caller(Role.OPERATOR, account=account) as caller:
        answer = await caller.put(f"/v1/alerts/{alert_id}/acknowledgement")
        assert (answer.json()["work"], answer.json()["acknowledged_at"]) == ("unacknowledged", None)
        page = (await caller.get(f"/{alert_id}", params={"lang": "en"})).text
        async with desk.sessions.begin() as session:
            await disabled_accounts.replace(session, [account, other])
        later = (await caller.get(f"/{alert_id}", params={"lang": "en"})).text
    assert "1 of 3 that this step demands" in page
    assert "Counted are the acknowledgements of: officer 1, officer 2" in page
    assert "Too few of them get the alert" in page
    assert "1 of 3 that this step demands" in later, "the account was disabled after the acknowledgement"
    assert "Counted are the acknowledgements of: officer 1<" in later, "officer 2 cannot acknowledge any more"
