"""Tests that an alert can be assigned to a person, and that this person is notified.

The alert escalates until the assigned person acts.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.alerts.acts import acting_accounts
from services.alerts.acts.acts import Actor
from services.alerts.acts.answers import AnswerRefused, Answers
from services.alerts.alerts import Alert
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from shared.events.vocabulary import DeliveryChannel
from shared.places import Places
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import KADAMJAI, NOBODY_REVOKED, NOW, mudflow, rules
from tests.alerts.night import OPERATOR, Night

pytestmark = pytest.mark.anyio

BERMET, DASTAN = Actor(uuid4(), "bermet"), Actor(uuid4(), "dastan")


async def staffed(night: Night) -> None:
    await night.only(("duty", 0))
    for person in (BERMET, DASTAN):
        await night.receiver(person.name, 9, kind=ReceiverKind.PERSON, account_id=person.account)


async def act(night: Night, name: str, person: Actor, *arguments: object) -> Alert:
    alert = await night.alert()
    async with night.sessions.begin() as session:
        answers = Answers(session, rules(), Places.load(), NOBODY_REVOKED, night.now)
        after: Alert = await getattr(answers, name)(alert.alert_id, person, *arguments)
        return after


async def test_an_assigned_alert_escalates_as_before_and_only_the_assignee_is_notified(night: Night) -> None:
    await staffed(night)
    await night.report(mudflow())
    due = (await night.alert()).escalates_at
    after = await act(night, "assign", OPERATOR, BERMET.account, "you know the valley")
    assert (after.assigned_to, after.assigned_by, after.assigned_name) == (BERMET.account, OPERATOR.account, "bermet")
    assert (after.work, after.demand, after.escalates_at) == ("unacknowledged", "acknowledgement", due)
    assert (await act(night, "assign", OPERATOR, BERMET.account)).sequence == after.sequence, "assigned only once"
    assert (await night.causes("bermet"), await night.causes("duty")) == (["assigned"], ["raised"])
    assert due is not None
    assert await night.passes(due - night.now) == 1, "nobody acted"
    assert await night.causes("dastan") == ["escalated"]
    worked = await act(night, "progress", BERMET, None)
    assert (worked.work, worked.assigned_to, worked.escalates_at) == ("in_progress", None, None)


async def test_work_that_is_given_to_another_person_is_nobodys_until_this_person_acts(night: Night) -> None:
    await staffed(night)
    await night.report(mudflow())
    await act(night, "progress", BERMET, None)
    given = await act(night, "assign", OPERATOR, DASTAN.account)
    assert (given.work, given.progressed_by, given.assigned_name) == ("acknowledged", None, "dastan")
    assert (await night.causes("bermet"), await night.causes("dastan")) == (["taken_over"], ["assigned"])
    due = given.escalates_at
    assert due is not None and due > night.now
    night.now += timedelta(minutes=5)
    commented = await act(night, "comment", OPERATOR, "no news")
    assert commented.escalates_at == due, "only the assignee's action counts"
    assert await night.passes(due - night.now) == 1
    assert (await night.alert()).demand == "action"
    assert (await act(night, "comment", OPERATOR, "still no news")).demand == "action"
    assert (await act(night, "comment", DASTAN, "I am there")).demand is None


async def test_work_on_a_lapsed_alert_that_is_given_away_rings_until_somebody_acts(night: Night) -> None:
    await staffed(night)
    await night.report(mudflow(expires=NOW + timedelta(minutes=5)))
    await act(night, "progress", BERMET, None)
    assert await night.expires_after(timedelta(minutes=5)) == 1
    await act(night, "take_over", DASTAN)
    given = await act(night, "assign", OPERATOR, BERMET.account)
    assert (given.work, given.progressed_by, given.assigned_name) == ("acknowledged", None, "bermet")
    assert (given.demand, given.escalates_at) == ("closure", None)
    assert (await act(night, "take_over", BERMET)).demand is None


async def test_whoever_loses_the_work_or_the_assignment_is_informed(night: Night) -> None:
    await staffed(night)
    await night.report(mudflow())
    await act(night, "acknowledge", OPERATOR)
    await act(night, "assign", OPERATOR, BERMET.account)
    await act(night, "assign", OPERATOR, DASTAN.account)
    await act(night, "take_over", BERMET)
    await act(night, "take_over", OPERATOR)
    assert await night.causes("bermet") == ["assigned", "taken_over", "taken_over"]
    assert await night.causes("dastan") == ["assigned", "taken_over"]
    assert await night.causes("duty") == ["raised", "acknowledged"]
    with pytest.raises(AnswerRefused, match="assignee-not-found"):
        await act(night, "assign", OPERATOR, uuid4())


async def test_a_person_still_learns_of_an_assignment_if_the_alert_becomes_severe_before_the_mail_is_sent(
    night: Night,
) -> None:
    await night.only(("duty", 0))
    mail = Receiver("bermet", DeliveryChannel.EMAIL, "bermet@centre.example", account_id=BERMET.account)
    async with night.sessions.begin() as session:
        await receiver_queries.save_receiver(session, replace(mail, kind=ReceiverKind.PERSON))
        await acting_accounts.note(session, BERMET.account, night.now)
    flood = mudflow(severity="Moderate")
    await night.report(flood)
    await act(night, "assign", OPERATOR, BERMET.account)
    await night.report(mudflow(hazard_id=flood.hazard_id, msg_type="Update", revision=2, severity="Severe"))
    assert await night.causes("bermet") == ["assigned", "updated"], "the mail that the alert was raised is replaced"
    async with night.sessions.begin() as session:
        waiting = text("SELECT count(*) FROM deliveries WHERE recipient = 'bermet' AND due_at > now()")
        assert await session.scalar(waiting) == 0, "the mail about the Severe alert waits for the mail before it"


async def test_an_alert_is_offered_and_assigned_only_to_people_who_get_such_alerts_and_may_act(desk: Desk) -> None:
    """A person who opens a board thereby tells the alerts service that the person may act."""
    bermet = Receiver("Бермет", DeliveryChannel.WEBHOOK, "https://hook.example", kind=ReceiverKind.PERSON)
    people = [
        replace(bermet, account_id=BERMET.account, post="head of shift"),
        replace(bermet, label="Дастан", account_id=DASTAN.account, areas=(KADAMJAI,)),
        replace(bermet, label="Эркин"),
        replace(bermet, label="desk", account_id=uuid4(), kind=ReceiverKind.POST),
    ]
    async with desk.sessions.begin() as session:
        for receiver in people:
            await receiver_queries.save_receiver(session, receiver)
    alert_id, of_kadamjai = await desk.alerts(fresh(), mudflow(onset=datetime.now(UTC)))
    path = f"/v1/alerts/{alert_id}"
    presence = {"board_id": str(uuid4()), "last_input_at": datetime.now(UTC).isoformat()}
    async with desk.caller(name="Айбек") as aibek:
        before = (await aibek.get(f"{path}/assignees")).json()["assignees"]
        empty = (await aibek.get(f"/{alert_id}", params={"lang": "en"})).text
        unknown = await aibek.put(f"{path}/assignment", json={"account_id": str(BERMET.account)})
        async with desk.caller(name="Бермет", account=BERMET.account) as board:
            assert (await board.put("/v1/presence", json=presence)).status_code == 200
        offered = (await aibek.get(f"{path}/assignees")).json()["assignees"]
        choice = (await aibek.get(f"/{alert_id}", params={"lang": "en"})).text
        done = (await aibek.put(f"{path}/assignment", json={"account_id": str(BERMET.account)})).json()
        gone = await aibek.put(f"{path}/assignment", json={"account_id": str(uuid4())})
        page = (await aibek.get(f"/{alert_id}", params={"lang": "en"})).text
        async with desk.caller(name="Дастан", account=DASTAN.account) as board:
            assert (await board.put("/v1/presence", json=presence | {"board_id": str(uuid4())})).status_code == 200
        both = {"alert_ids": [str(alert_id), str(of_kadamjai)]}
        nothing = await aibek.post("/v1/alerts:assignees", json={"alert_ids": [str(uuid4())]})
        of_some = await aibek.post("/v1/alerts:assignees", json={"alert_ids": [str(uuid4()), *both["alert_ids"]]})
        of_one = await aibek.post("/v1/alerts:assignees", json={"alert_ids": [str(of_kadamjai)]})
        of_both = await aibek.post("/v1/alerts:assignees", json=both)
        together = await aibek.post("/v1/alerts:assign", json=both | {"account_id": str(DASTAN.account)})
    assert [person["name"] for person in of_one.json()["assignees"]] == ["Бермет", "Дастан"]
    assert [person["name"] for person in of_both.json()["assignees"]] == ["Бермет"]
    assert (nothing.status_code, of_some.json()) == (404, of_both.json()), "an alert that is gone is left out"
    assert [alert["alert_id"] for alert in together.json()["assigned"]] == [str(of_kadamjai)]
    assert [refused["reason"] for refused in together.json()["refused"]] == ["assignee-not-found"]
    assert before == []
    assert "No other person with an account gets alerts like this one and has opened the board." in empty
    assert 'min="1" max="480" value="15"' in choice
    assert [(person["name"], person["post"]) for person in offered] == [("Бермет", "head of shift")]
    assert f'<option value="{BERMET.account}">Бермет, head of shift</option>' in choice
    assert (done["assigned_to"], done["work"]) == (str(BERMET.account), "unacknowledged")
    assert (unknown.status_code, unknown.json()["type"].rpartition(":")[2]) == (409, "assignee-not-permitted")
    assert (gone.status_code, gone.json()["type"].rpartition(":")[2]) == (409, "assignee-not-found")
    assert "<dt>Assigned to</dt><dd>Бермет" in page
    assert "Айбек, on the board" in page, "the timeline names the channel"
