"""People act on an alert over HTTP. If a second person takes the same action, the answer names the first person."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import mudflow

pytestmark = pytest.mark.anyio


def at(alert_id: UUID, act: str) -> str:
    return f"/v1/alerts/{alert_id}/{act}"


async def causes(desk: Desk) -> list[str]:
    async with desk.sessions.begin() as session:
        return list(await session.scalars(text("SELECT cause FROM deliveries ORDER BY step")))


async def received_by(desk: Desk, label: str) -> None:
    async with desk.sessions.begin() as session:
        await receiver_queries.save_receiver(session, Receiver(label, DeliveryChannel.WEBHOOK, "https://hook.example"))


async def test_from_unacknowledged_to_closed_and_open_again(desk: Desk) -> None:
    (alert_id,) = await desk.alerts(fresh())
    steps: list[tuple[str, dict[str, Any] | None]] = [
        ("acknowledgement", None),
        ("confirmation", None),
        ("progress", {"note": "a team is on its way"}),
        ("resolution", {"verdict": "confirmed", "note": "over"}),
        ("reopening", {"note": "water rises again"}),
    ]
    seen = []
    async with desk.caller(name="Айбек") as caller:
        seen.append((await caller.get(f"/v1/alerts/{alert_id}")).json())
        for act, body in steps:
            answer = await caller.put(at(alert_id, act), json=body)
            assert answer.status_code == 200, answer.text
            seen.append(answer.json())
    assert [(alert["verification"], alert["work"], alert["demand"]) for alert in seen] == [
        ("unverified", "unacknowledged", "acknowledgement"),
        ("unverified", "acknowledged", None),
        ("confirmed", "acknowledged", None),
        ("confirmed", "in_progress", None),
        ("confirmed", "closed", None),
        ("confirmed", "reopened", "acknowledgement"),
    ]
    assert (seen[4]["closed_by"], seen[4]["verdict"], seen[4]["resolved_note"]) == ("person", "confirmed", "over")
    assert (seen[5]["closed_by"], seen[5]["verdict"], seen[5]["reopened_name"]) == (None, None, "Айбек")
    assert await desk.event_types() == ["raised", "acknowledged", "confirmed", "progressed", "resolved", "reopened"]


@pytest.mark.parametrize(
    ("act", "kind", "recorded", "body"),
    [
        ("acknowledgement", "already-acknowledged", "acknowledged", None),
        ("confirmation", "already-confirmed", "confirmed", None),
        ("progress", "already-in-progress", "progressed", None),
        ("snooze", "already-snoozed", "snoozed", {"minutes": 10, "reason": "waiting"}),
        ("resolution", "already-resolved", "resolved", {"verdict": "duplicate"}),
    ],
)
async def test_the_first_act_counts_and_the_second_person_gets_a_conflict_with_who_and_when(
    desk: Desk, act: str, kind: str, recorded: str, body: dict[str, Any] | None
) -> None:
    (alert_id,) = await desk.alerts(fresh())
    async with desk.caller(name="Айбек") as aibek, desk.caller(name="Нургүл") as nurgul:
        first = await aibek.put(at(alert_id, act), json=body)
        again = await aibek.put(at(alert_id, act), json=body)
        second = await nurgul.put(at(alert_id, act), json=body)
    assert (first.status_code, again.status_code, second.status_code) == (200, 200, 409)
    assert second.json()["type"] == f"urn:dayar:problem:{kind}"
    assert second.json()[f"{recorded}_name"] == "Айбек"
    when = "snoozed_until" if recorded == "snoozed" else f"{recorded}_at"
    assert datetime.fromisoformat(second.json()[when]) == datetime.fromisoformat(again.json()[when])


async def test_of_many_concurrent_confirmations_one_is_first(desk: Desk) -> None:
    (alert_id,) = await desk.alerts(fresh())
    callers = [desk.caller(name=f"operator {number}") for number in range(5)]
    answers = await asyncio.gather(*(one.put(at(alert_id, "confirmation")) for one in callers))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert (await desk.event_types()).count("confirmed") == 1


async def test_an_acknowledgement_undone_within_ten_seconds_notifies_nobody(desk: Desk) -> None:
    await received_by(desk, "duty")
    (alert_id,) = await desk.alerts(fresh())
    async with desk.caller() as caller, desk.caller() as other:
        await caller.put(at(alert_id, "acknowledgement"))
        assert await causes(desk) == ["raised", "acknowledged"]
        assert (await other.delete(at(alert_id, "acknowledgement"))).status_code == 409
        undone = await caller.delete(at(alert_id, "acknowledgement"))
        again = await caller.delete(at(alert_id, "acknowledgement"))
    assert (undone.status_code, undone.json()["work"], undone.json()["demand"]) == (
        200,
        "unacknowledged",
        "acknowledgement",
    )
    assert undone.json()["escalates_at"] is not None and again.json() == undone.json()
    assert await causes(desk) == ["raised"]
    assert await desk.event_types() == ["raised", "acknowledged", "reopened"]


async def test_after_ten_seconds_an_acknowledgement_stays(desk: Desk) -> None:
    (alert_id,) = await desk.alerts(fresh())
    async with desk.caller() as caller:
        await caller.put(at(alert_id, "acknowledgement"))
        async with desk.sessions.begin() as session:
            await session.execute(text("UPDATE alerts SET acknowledged_at = acknowledged_at - interval '11 s'"))
        late = await caller.delete(at(alert_id, "acknowledgement"))
    assert (late.status_code, late.json()["type"]) == (409, "urn:dayar:problem:too-late")
    assert "acknowledged_name" not in late.json(), "the page would say that somebody else was first"


async def test_notified_receivers_are_notified_of_acknowledgement_closure_and_reopening(desk: Desk) -> None:
    await received_by(desk, "duty")
    (alert_id,) = await desk.alerts(fresh())
    async with desk.caller() as caller:
        await caller.put(at(alert_id, "acknowledgement"))
        await caller.put(at(alert_id, "resolution"), json={"verdict": "false_alarm"})
        await caller.put(at(alert_id, "reopening"))
    assert await causes(desk) == ["raised", "acknowledged", "resolved", "reopened"]


async def test_several_alerts_are_acknowledged_together_but_no_extreme_one(desk: Desk) -> None:
    now = datetime.now(UTC)
    raised, taken, extreme = await desk.alerts(fresh(), mudflow(onset=now), mudflow(onset=now, severity="Extreme"))
    unknown = uuid4()
    async with desk.caller(name="Айбек") as aibek, desk.caller(name="Нургүл") as nurgul:
        await nurgul.put(at(taken, "acknowledgement"))
        body = {"alert_ids": [str(id) for id in (raised, taken, extreme, unknown)]}
        answer = (await aibek.post("/v1/alerts:acknowledge", json=body)).json()
        undone = (await aibek.post("/v1/alerts:take-back", json=body | {"alert_ids": body["alert_ids"][:2]})).json()
    assert [alert["alert_id"] for alert in answer["acknowledged"]] == [str(raised)]
    assert {refused["alert_id"]: (refused["reason"], refused["name"]) for refused in answer["refused"]} == {
        str(taken): ("already-acknowledged", "Нургүл"),
        str(extreme): ("one-by-one", None),
        str(unknown): ("not-found", None),
    }
    assert [(alert["alert_id"], alert["work"]) for alert in undone["taken_back"]] == [(str(raised), "unacknowledged")]
    assert [(refused["reason"], refused["name"]) for refused in undone["refused"]] == [
        ("already-acknowledged", "Нургүл")
    ]
    assert (await desk.event_types()).count("acknowledged") == 2


async def test_several_alerts_are_snoozed_or_taken_over_together_but_no_extreme_one(desk: Desk) -> None:
    now = datetime.now(UTC)
    raised, taken, extreme = await desk.alerts(fresh(), mudflow(onset=now), mudflow(onset=now, severity="Extreme"))
    snooze = {"minutes": 15, "reason": "the team is on its way"}
    ids = [str(id) for id in (raised, taken, extreme)]
    async with desk.caller(name="Айбек") as aibek, desk.caller(name="Нургүл") as nurgul:
        await nurgul.put(at(taken, "snooze"), json=snooze)
        await nurgul.put(at(taken, "progress"))
        snoozed = (await aibek.post("/v1/alerts:snooze", json=snooze | {"alert_ids": ids})).json()
        lacking = await aibek.post("/v1/alerts:snooze", json={"alert_ids": ids, "minutes": 15})
        over = (await aibek.post("/v1/alerts:takeover", json={"alert_ids": ids})).json()
        again = (await aibek.put(at(taken, "takeover"))).json()
    assert [alert["snoozed_name"] for alert in snoozed["snoozed"]] == ["Айбек"] * 2, "work ended the snooze of another"
    assert [(refused["alert_id"], refused["reason"]) for refused in snoozed["refused"]] == [
        (str(extreme), "one-by-one")
    ]
    assert lacking.status_code == 422
    assert {alert["alert_id"]: alert["progressed_name"] for alert in over["taken_over"]} == {
        str(raised): "Айбек",
        str(taken): "Айбек",
    }
    assert (again["acknowledged_name"], again["sequence"]) == ("Нургүл", max(a["sequence"] for a in over["taken_over"]))


async def test_several_alerts_are_closed_together_but_no_extreme_one_and_none_that_changed_since(desk: Desk) -> None:
    now = datetime.now(UTC)
    raised, changed, extreme = await desk.alerts(fresh(), mudflow(onset=now), mudflow(onset=now, severity="Extreme"))
    ids = [str(id) for id in (raised, changed, extreme)]
    seen = {"seen": dict.fromkeys(ids, 1)}
    closing = {"alert_ids": ids, "verdict": "false_alarm", "note": "a test of the siren"}
    async with desk.caller(name="Айбек") as aibek, desk.caller(name="Нургүл") as nurgul:
        await nurgul.put(at(changed, "progress"))
        closed = (await aibek.post("/v1/alerts:resolve", json=closing | seen)).json()
        known = (await aibek.post("/v1/alerts:resolve", json=closing)).json()
        late = (await aibek.post("/v1/alerts:assign", json={"alert_ids": ids, "account_id": str(uuid4())})).json()
    assert [(alert["alert_id"], alert["resolved_note"]) for alert in closed["resolved"]] == [
        (str(raised), "a test of the siren")
    ]
    alone = (str(extreme), "one-by-one")
    assert reasons(closed) == {(str(changed), "changed-meanwhile"), alone}
    assert ({alert["alert_id"] for alert in known["resolved"]}, reasons(known)) == (set(ids[:2]), {alone})
    assert reasons(late) == {(str(raised), "already-resolved"), (str(changed), "already-resolved"), alone}


def reasons(answer: dict[str, Any]) -> set[tuple[str, str]]:
    return {(refused["alert_id"], refused["reason"]) for refused in answer["refused"]}


async def test_every_act_acknowledges_an_unacknowledged_alert(desk: Desk) -> None:
    await received_by(desk, "duty")
    (alert_id,) = await desk.alerts(fresh())
    async with desk.caller(name="Айбек") as caller:
        answer = (await caller.put(at(alert_id, "progress"))).json()
        await caller.put(at(alert_id, "confirmation"))
    assert (answer["work"], answer["acknowledged_name"], answer["progressed_name"]) == ("in_progress", "Айбек", "Айбек")
    assert await causes(desk) == ["raised", "acknowledged"], "everybody who was notified is informed once"


@pytest.mark.parametrize(
    ("method", "act", "body"),
    [
        ("PUT", "snooze", {"minutes": 481, "reason": "lunch"}),
        ("PUT", "snooze", {"minutes": 0, "reason": "lunch"}),
        ("PUT", "snooze", {"minutes": 10}),
        ("PUT", "snooze", {"minutes": 10, "reason": " "}),
        ("POST", "comments", {"text": ""}),
        ("POST", "comments", {"text": "a" * 1001}),
        ("PUT", "progress", {"who": "me"}),
    ],
)
async def test_invalid_acts_are_refused(desk: Desk, method: str, act: str, body: dict[str, Any]) -> None:
    (alert_id,) = await desk.alerts(fresh())
    async with desk.caller() as caller:
        assert (await caller.request(method, at(alert_id, act), json=body)).status_code == 422


async def test_a_grave_alert_is_snoozed_for_a_shorter_time_and_by_a_duty_head_for_longer(desk: Desk) -> None:
    now = datetime.now(UTC)
    known = {"type": "epizootic", "hazard_id": uuid4(), "onset": now}
    mild, grave, extreme = await desk.alerts(
        mudflow(severity="Moderate", **known), *(mudflow(onset=now, severity=level) for level in ("Severe", "Extreme"))
    )

    async def snoozed(caller: httpx.AsyncClient, alert_id: UUID, minutes: int) -> tuple[int, str]:
        answer = await caller.put(at(alert_id, "snooze"), json={"minutes": minutes, "reason": "waiting"})
        return answer.status_code, answer.json().get("type", "").rpartition(":")[2]

    async with desk.caller() as operator, desk.caller(Role.DUTY_HEAD) as head:
        assert await snoozed(operator, grave, 61) == (409, "snooze-too-long")
        assert await snoozed(operator, extreme, 31) == (409, "snooze-too-long")
        assert await snoozed(operator, mild, 480) == (200, "")
        assert await snoozed(head, grave, 240) == (200, "")
        assert await snoozed(head, extreme, 61) == (409, "snooze-too-long")
        assert await snoozed(head, extreme, 60) == (200, "")
        # at severity Unknown, a person must first judge the severity
        await desk.alerts(mudflow(severity="Unknown", revision=2, msg_type="Update", **known))
        woken = (await operator.get(f"/v1/alerts/{mild}")).json()["snoozed_until"]
        assert datetime.fromisoformat(woken) - now < timedelta(minutes=62)


async def test_more_than_two_hundred_at_once_are_too_many(desk: Desk) -> None:
    async with desk.caller() as caller:
        body = {"alert_ids": [str(uuid4()) for _ in range(201)]}
        assert (await caller.post("/v1/alerts:acknowledge", json=body)).status_code == 422


async def test_a_board_reports_its_last_input(desk: Desk) -> None:
    async def is_unattended(caller: httpx.AsyncClient, ago: timedelta) -> bool:
        body = {"board_id": str(board), "last_input_at": (datetime.now(UTC) - ago).isoformat()}
        answer = await caller.put("/v1/presence", json=body)
        return bool(answer.json()["is_unattended"])

    board = uuid4()
    async with desk.caller() as caller:
        assert await is_unattended(caller, timedelta(minutes=31)) is True
        assert await is_unattended(caller, timedelta(minutes=1)) is False
        assert await is_unattended(caller, -timedelta(days=1)) is False, "a clock that is ahead"
