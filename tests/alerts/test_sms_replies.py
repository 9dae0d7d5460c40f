"""A person acknowledges an alert by replying to its SMS. A real server plays the gateway."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.app import create_app
from services.alerts.config import AlertsSettings
from services.alerts.delivery.notices import Cause
from services.alerts.sms.combined_replies import MOST_TOGETHER
from shared.auth import revocation_snapshots
from shared.events import CredentialKind, CredentialRevoked
from shared.places import Places
from tests.alerts.conftest import CHANGED
from tests.alerts.desk import Desk, fresh
from tests.alerts.phones import MUDFLOW, SECRET, Phones
from tests.alerts.sms_gateways import serving
from tests.installation import Installation
from tests.tables import emptied
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

AIBEK, BERMET, STRANGER = "996700123456", "996555765432", "996777000111"
FIVE_DISTRICTS = [district.pcode for district in Places.load().units(2)][:5]


@pytest.fixture
async def phones(
    shared_installation: Installation, settings: AlertsSettings, engine: AsyncEngine, tmp_path: Path
) -> AsyncIterator[Phones]:
    await emptied(engine, CHANGED)
    revocation_snapshots.save(revocation_snapshots.file_of(settings), datetime.now(UTC), [])
    inbound_secret = tmp_path / "inbound-secret"
    inbound_secret.write_text(SECRET)
    async with serving(tmp_path) as gateways:
        profile = gateways.profile("json")
        usual, inbound = profile.read_text().split("#[inbound]")
        profile.write_text(usual + "[inbound]" + inbound.replace("\n#", "\n"))
        changed = {
            "alerts_sms_profile": profile,
            "alerts_sms_secret_file": str(gateways.secret_file),
            "alerts_sms_inbound_secret_file": str(inbound_secret),
            "outbound_allow": (f"127.0.0.1:{gateways.port}",),
        }
        settings = settings.model_copy(update=changed)
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            yield Phones(Desk(shared_installation, engine, httpx.ASGITransport(app)), gateways, settings)


async def test_the_first_reply_acknowledges_and_a_code_of_another_number_does_not(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    await phones.person("bermet", BERMET)
    alert, codes = await phones.raised()
    # the two numbers could have got the same code by chance
    async with phones.desk.sessions.begin() as session:
        await session.execute(text("UPDATE sms_codes SET code = '0999' WHERE number LIKE '%765432'"))
    codes[BERMET] = "0999"
    answer = await phones.reply(AIBEK, f"1 {codes[BERMET]}")
    assert answer is not None and answer.startswith("Wrong code. Reply 1 and the four digits")
    assert await phones.fetch("SELECT acknowledged_at FROM alerts") == [None]

    answer = await phones.reply(AIBEK, f" 1  {codes[AIBEK]}", id="once")
    assert answer is not None and answer.startswith("Acknowledged by you, ")
    assert await phones.fetch("SELECT acknowledged_by FROM alerts") == [phones.accounts["aibek"]]
    assert await phones.reply(AIBEK, f"1 {codes[AIBEK]}", id="once") is None, "the gateway repeated the message"
    answer = await phones.reply(BERMET, f"1-{codes[BERMET]}")
    assert answer is not None and answer.startswith("Already acknowledged by aibek, ")

    assert (await phones.desk.event_types())[-1] == "acknowledged"
    informed = "SELECT recipient FROM deliveries WHERE cause = 'acknowledged' ORDER BY recipient"
    assert await phones.fetch(informed) == ["aibek", "bermet"]
    async with phones.desk.caller() as operator:
        assert "by SMS" in (await operator.get(f"/{alert}", params={"lang": "en"})).text
        deliveries = (await operator.get(f"/v1/alerts/{alert}")).json()["deliveries"]
    raised = {each["recipient"]: each["state"] for each in deliveries if each["cause"] == "raised"}
    assert raised == {"aibek": "answered", "bermet": "queued"}, "only the first answer counts"
    answers = [await phones.reply(AIBEK, f"1 {codes[AIBEK]}") for _ in range(3)]
    assert all(answers), "a person always learns whether the reply counted"
    answers = [await phones.reply(AIBEK, f"1 {codes[BERMET]}") for _ in range(3)]
    assert [answer is not None for answer in answers] == [True, True, False], "three answers to wrong codes an hour"
    assert await phones.reply(AIBEK, f"1 {codes[AIBEK]}") is not None


async def test_a_person_takes_over_snoozes_and_comments_by_the_same_code(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    await phones.person("bermet", BERMET)
    _, codes = await phones.raised()
    answer = await phones.reply(AIBEK, f"1 {codes[AIBEK]}")
    assert answer is not None and f"With {codes[AIBEK]}: 2 take over" in answer
    answer = await phones.reply(BERMET, f"3 {codes[BERMET]}")
    assert answer is not None and f"like: 3 {codes[BERMET]}" in answer, "a reason is missing"
    await acts_at_the_second_reply(phones, BERMET, f"3 {codes[BERMET]} жду звонка", "aibek", "Snoozed by you until ")
    answer = await phones.reply(AIBEK, f"3 {codes[AIBEK]} еду")
    assert answer is not None and answer.startswith("Already snoozed by bermet until ")
    answer = await phones.reply(BERMET, f"беру {codes[BERMET]} еду")
    assert answer is not None and answer.startswith("Taken over by you, "), "nobody else has acted since the answer"
    answer = await phones.reply(AIBEK, f"4 {codes[AIBEK]} мост цел")
    assert answer is not None and answer.startswith("Your comment is recorded")
    deeds = await phones.fetch("SELECT concat_ws(' ', deed, name, text, channel) FROM acts ORDER BY act_id")
    assert deeds == [
        "acknowledged aibek sms",
        "snoozed bermet жду звонка sms",
        "taken_over bermet еду sms",
        "commented aibek мост цел sms",
    ]
    assert await phones.fetch("SELECT progressed_name FROM alerts") == ["bermet"]
    phones.gateways.answers = [web.Response(status=503)]
    answer = await phones.reply(AIBEK, f"2 {codes[AIBEK]}")
    assert answer is not None and answer.startswith("Not done: "), "this answer is not accepted, so nobody reads it"
    await acts_at_the_second_reply(phones, AIBEK, f"2 {codes[AIBEK]}", "In progress: bermet", "Taken over by you, ")


async def acts_at_the_second_reply(phones: Phones, number: str, typed: str, other: str, expected: str) -> None:
    """Another person has acted. The first SMS therefore changes nothing, and its answer names this person."""
    before = await phones.fetch("SELECT count(*) FROM acts")
    answer = await phones.reply(number, typed)
    assert answer is not None and answer.startswith("Not done: somebody has acted meanwhile. ")
    assert other in answer.partition(" Now: ")[2]
    assert await phones.fetch("SELECT count(*) FROM acts") == before
    answer = await phones.reply(number, typed)
    assert answer is not None and answer.startswith(expected)


async def test_a_person_acknowledges_on_behalf_of_another_starts_work_and_closes_by_sms(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    await phones.person("bermet", BERMET)
    _, codes = await phones.raised()
    answer = await phones.reply(AIBEK, f"7 {codes[AIBEK]} Касымов")
    assert answer is not None and answer.startswith("Acknowledged by you, ")
    (note,) = await phones.fetch("SELECT acknowledged_note FROM alerts")
    assert "Касымов" not in note, "who acts for another stores the name encrypted"
    await acts_at_the_second_reply(phones, BERMET, f"5 {codes[BERMET]}", "aibek", "In progress: you work on it, ")
    answer = await phones.reply(AIBEK, f"start {codes[AIBEK]}")
    assert answer is not None and answer.startswith("Not done: bermet works on it since ")
    answer = await phones.reply(BERMET, f"6 {codes[BERMET]} I think it is false")
    assert answer is not None and "1 Confirmed, 2 False alarm, 3 Duplicate" in answer
    answer = await phones.reply(BERMET, f"6 {codes[BERMET]} 2 учения")
    assert answer is not None and answer.endswith(": False alarm.")
    assert await phones.fetch("SELECT concat_ws(' ', verdict, resolved_note) FROM alerts") == ["false_alarm учения"]


async def test_a_person_assigns_by_a_name_in_the_reply(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    await phones.person("Бермет Асанова", BERMET)
    _, codes = await phones.raised()
    for typed in (f"8 {codes[AIBEK]}", f"8 {codes[AIBEK]} Кубат"):
        answer = await phones.reply(AIBEK, typed)
        assert answer is not None and answer.startswith(f"Not assigned. Write 8 {codes[AIBEK]} and one")
        assert answer.endswith("Бермет Асанова.")
    answer = await phones.reply(AIBEK, f"поручить {codes[AIBEK]} асанова")
    assert answer is not None and answer.startswith("Assigned by you to Бермет Асанова, ")
    assert await phones.fetch("SELECT assigned_to FROM alerts") == [phones.accounts["Бермет Асанова"]]
    assert await phones.fetch("SELECT concat_ws(' ', deed, text, channel) FROM acts") == ["assigned Бермет Асанова sms"]
    assert await phones.fetch("SELECT recipient FROM deliveries WHERE cause = 'assigned'") == ["Бермет Асанова"]


async def test_the_code_of_a_milder_state_neither_acknowledges_nor_closes_the_graver_alert(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    await phones.person("bermet", BERMET)
    milder = fresh(**MUDFLOW)
    (alert,) = await phones.desk.alerts(milder)
    old = (await phones.codes(alert, Cause.RAISED))[AIBEK]
    graver = {**MUDFLOW, "severity": "Extreme", "hazard_id": milder.hazard_id, "revision": 2, "msg_type": "Update"}
    await phones.desk.alerts(fresh(**graver))
    answer = await phones.reply(AIBEK, f"1 {old}")
    assert answer is not None and "Use the newest message or the board. Now: Extreme; " in answer, "no new SMS yet"
    new = (await phones.codes(alert, Cause.UPDATED))[AIBEK]
    for typed in (f"1 {old}", f"6 {old} 2", f"7 {old} Касымов", f"5 {old}", f"8 {old} bermet", f"1 {old}"):
        answer = await phones.reply(AIBEK, typed)
        assert answer is not None and f"reply with its code: {typed[0]} {new}. Now: Extreme; " in answer
    assert await phones.fetch("SELECT deed FROM acts") == []
    for typed, expected in (
        (f"4 {old} мост цел", "Your comment is recorded"),
        (f"1 {new}", "Acknowledged by you, "),
        (f"6 {old} 2", "Not done: the alert has changed. "),
        (f"6 {new} 2", "Closed by you, "),
    ):
        answer = await phones.reply(AIBEK, typed)
        assert answer is not None and answer.startswith(expected)


async def test_the_code_of_a_closed_alert_does_not_acknowledge_the_reopened_alert(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    alert, codes = await phones.raised()
    answer = await phones.reply(AIBEK, f"6 {codes[AIBEK]} 2")
    assert answer is not None and answer.startswith("Closed by you, ")
    async with phones.desk.caller() as operator:
        assert (await operator.put(f"/v1/alerts/{alert}/reopening", json={"note": "true"})).status_code == 200
    new = (await phones.codes(alert, Cause.REOPENED))[AIBEK]
    for typed in (f"1 {codes[AIBEK]}", f"6 {codes[AIBEK]} 2"):
        answer = await phones.reply(AIBEK, typed)
        assert answer is not None and f"reply with its code: {typed[0]} {new}. " in answer
    answer = await phones.reply(AIBEK, f"1 {new}")
    assert answer is not None and answer.startswith("Acknowledged by you, ")


async def test_the_code_of_a_combined_sms_acknowledges_the_alerts_that_are_as_it_said(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    hazards = [fresh(**MUDFLOW | {"severity": "Moderate", "area": {"pcodes": [pcode]}}) for pcode in FIVE_DISTRICTS]
    alerts = await phones.desk.alerts(*hazards)
    message, code = await phones.combined(alerts)
    assert message.startswith("Alerts: 5. ") and "To acknowledge all, reply: 1 " in message
    assert await phones.combined(alerts) == (message, code), "a retry has the same code"
    async with phones.desk.caller(name="Aida") as operator:
        assert (await operator.put(f"/v1/alerts/{alerts[0]}/acknowledgement")).status_code == 200
        closing = {"verdict": "duplicate"}
        assert (await operator.put(f"/v1/alerts/{alerts[1]}/resolution", json=closing)).status_code == 200
        assert (await operator.put(f"/v1/alerts/{alerts[3]}/acknowledgement")).status_code == 200
        assert (await operator.delete(f"/v1/alerts/{alerts[3]}/acknowledgement")).status_code == 200
    graver = {"severity": "Severe", "hazard_id": hazards[2].hazard_id, "revision": 2, "msg_type": "Update"}
    await phones.desk.alerts(fresh(**MUDFLOW | {"area": {"pcodes": [FIVE_DISTRICTS[2]]}} | graver))
    answer = await phones.reply(AIBEK, f"2 {code}")
    assert answer is not None and f"this code only acknowledges. To acknowledge, reply: 1 {code}. " in answer
    answer = await phones.reply(AIBEK, f"1 {code}")
    assert answer is not None and answer.startswith("Acknowledged by you: 1 of 5. Not acknowledged: ")
    assert ": already acknowledged by Aida, " in answer and ": closed" in answer and ": changed since" in answer
    acknowledged = f"SELECT alert_id FROM alerts WHERE acknowledged_by = '{phones.accounts['aibek']}'"
    assert await phones.fetch(acknowledged) == [alerts[4]]
    (alone,) = await phones.desk.alerts(fresh(**MUDFLOW | {"severity": "Moderate"}))
    _, other = await phones.combined([*alerts, alone])
    assert other != code, "the code of a message about other alerts"
    assert phones.ids_of_messages[0] == phones.ids_of_messages[1] != phones.ids_of_messages[2]
    answer = await phones.reply(AIBEK, f"1 {code}")
    assert answer is not None and answer.startswith("Acknowledged by you: 1 of 5. "), "the earlier message has arrived"
    answer = await phones.reply(AIBEK, f"1 {other}")
    assert answer is not None and answer.startswith("Acknowledged by you: 2 of 6. ")


async def test_a_reply_to_a_combined_sms_keeps_at_most_fifty_alerts_locked(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    alerts = await phones.desk.alerts(*(fresh(**MUDFLOW | {"severity": "Moderate"}) for _ in range(MOST_TOGETHER + 1)))
    _, code = await phones.combined(alerts)
    acknowledged = "SELECT count(*) FROM alerts WHERE acknowledged_at IS NOT NULL"

    async def has_acknowledged() -> bool:
        return await phones.fetch(acknowledged) == [MOST_TOGETHER]

    async with asyncio.TaskGroup() as group, phones.desk.sessions.begin() as session:
        # on a busy machine, fifty acknowledgements take longer than PostgreSQL lets a transaction be idle
        await session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        await session.execute(text(f"SELECT FROM alerts WHERE alert_id = '{max(alerts)}' FOR UPDATE"))
        reply = group.create_task(phones.reply(AIBEK, f"1 {code}", id="once"))
        await wait_for(has_acknowledged)
    answer = reply.result()
    assert answer is not None and answer.startswith(f"Acknowledged by you: {len(alerts)} of {len(alerts)}.")
    assert await phones.reply(AIBEK, f"1 {code}", id="once") is None, "the gateway repeated the message"


async def test_who_cannot_acknowledge_learns_what_to_do_and_a_stranger_learns_nothing(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    await phones.person("bermet", BERMET, is_bound=False)
    _, codes = await phones.raised()
    answer = await phones.reply(BERMET, f"1 {codes[BERMET]}")
    assert answer is not None and answer.endswith('Sign in and open the page "Telegram".')
    for path, expected in (("sms", "Acknowledged by you, "), ("end", "Not done: bind")):
        async with phones.desk.caller(account=phones.accounts["bermet"], name="bermet") as operator:
            assert (await operator.post(f"/telegram/{path}")).status_code == 303
            page = (await operator.get("/telegram", params={"lang": "en"})).text
        assert ("Replies by SMS count since" in page) is (path == "sms")
        answer = await phones.reply(BERMET, f"1 {codes[BERMET]}")
        assert answer is not None and answer.startswith(expected)
    assert await phones.reply(STRANGER, f"1 {codes[AIBEK]}") is None
    assert await phones.fetch(f"SELECT message_id FROM sms_replies WHERE number LIKE '%{STRANGER}'") == []

    async with phones.desk.sessions.begin() as session:
        await session.execute(text("UPDATE sms_codes SET drawn_at = drawn_at - interval '49 hours'"))
    answer = await phones.reply(AIBEK, f"1 {codes[AIBEK]}")
    assert answer is not None and answer.startswith("Wrong code.")


async def test_after_ten_wrong_codes_a_number_is_ignored_for_an_hour(phones: Phones) -> None:
    await phones.person("aibek", AIBEK)
    _, codes = await phones.raised()
    answers = [await phones.reply(AIBEK, "1 0000") for _ in range(10)]
    assert [answer is not None for answer in answers] == [True] * 3 + [False] * 7
    assert await phones.reply(AIBEK, f"1 {codes[AIBEK]}") is None
    assert await phones.fetch("SELECT acknowledged_at FROM alerts") == [None]
    assert await phones.fetch("SELECT reason FROM audit WHERE action = 'sms_ignored'") == ["too_many_wrong_codes"]
    async with phones.desk.sessions.begin() as session:
        await session.execute(text("UPDATE sms_replies SET received_at = received_at - interval '1 hour'"))
    answer = await phones.reply(AIBEK, f"1 {codes[AIBEK]}")
    assert answer is not None and answer.startswith("Acknowledged by you, ")


async def test_only_the_gateway_may_hand_over_messages(phones: Phones) -> None:
    message = {"from": AIBEK, "text": "1 4711", "id": "7"}
    assert (await phones.post(message, secret="another")).status_code == 403
    assert (await phones.post([])).status_code == 422
    assert (await phones.post(message | {"text": "x" * 70_000})).status_code == 413
    lacking = await phones.post({"from": AIBEK, "text": "1 4711"})
    assert lacking.status_code == 422 and "/from, /text and /id" in lacking.json()["title"]
    Path(str(phones.settings.alerts_sms_inbound_secret_file)).write_text("")
    assert (await phones.post(message)).status_code == 404


async def test_a_revoked_account_acknowledges_nothing(phones: Phones) -> None:
    """The app reads the stored snapshot of the revocations only at its start."""
    await phones.person("aibek", AIBEK)
    _, codes = await phones.raised()
    now = datetime.now(UTC)
    revoked = CredentialRevoked(
        credential_id=phones.accounts["aibek"],
        kind=CredentialKind.ACCOUNT,
        revoked_at=now,
        issued_before=now + timedelta(seconds=1),
    )
    revocation_snapshots.save(revocation_snapshots.file_of(phones.settings), now, [revoked])
    app = create_app(phones.settings)
    async with app.router.lifespan_context(app):
        phones.desk.transport = httpx.ASGITransport(app)
        answer = await phones.reply(AIBEK, f"1 {codes[AIBEK]}")
    assert answer is not None and answer.startswith("Not done: the rights or the password")
