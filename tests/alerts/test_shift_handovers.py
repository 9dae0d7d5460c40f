"""The sheet of a shift handover shows what the next shift must know, and the handover is recorded."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from services.alerts.queries import receivers as receiver_queries
from services.alerts.queries import rosters as roster_queries
from services.alerts.queries import silences as silence_queries
from services.alerts.queries.shift_handovers import MOST_DELIVERIES
from services.alerts.receivers import trials
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.rosters.rosters import Roster
from services.alerts.silences.silences import Silence
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import ALAI, BATKEN, KADAMJAI, mudflow

pytestmark = pytest.mark.anyio

NOTES = "Мост закрыт. Позвонить в Халмион в 06:00."
HOOK = "https://hook.example"
# In an exercise, the outbox page shows messages that are never sent. The inserted messages are newer than the failed
# message.
SHOWN_ON_THE_OUTBOX_PAGE = """
INSERT INTO deliveries (delivery_id, alert_id, step, recipient, channel, cause, content, created_at, due_at, settled_at,
    is_delivered, reason)
SELECT gen_random_uuid(), alert_id, step + number, recipient, channel, cause, content, now() + interval '1 minute',
    now(), now(), false, 'outbox_page'
FROM deliveries, generate_series(1, :most) AS number WHERE alert_id = :flood
"""


async def person(desk: Desk, name: str) -> UUID:
    account = uuid4()
    receiver = Receiver(name, DeliveryChannel.WEBHOOK, HOOK, kind=ReceiverKind.PERSON, account_id=account)
    async with desk.sessions.begin() as session:
        await receiver_queries.save_receiver(session, receiver)
    return account


async def sheet(caller: httpx.AsyncClient, language: str = "ru") -> str:
    answer = await caller.get("/shift-handover", params={"lang": language})
    assert answer.status_code == 200
    return answer.text


async def test_the_sheet_has_what_the_next_shift_must_know(desk: Desk) -> None:
    await person(desk, "Бермет")
    now = datetime.now(UTC)
    layer = {"name": "days", "people": ["Бермет"], "start": "2026-01-01", "handover": "08:00", "shift_days": 1}
    silence = Silence(
        uuid4(), (BATKEN,), (), False, uuid4(), "Эркин", "проверка датчиков", now, now, now + timedelta(hours=2)
    )
    async with desk.sessions.begin() as session:
        await roster_queries.save(session, Roster.model_validate({"name": "Центр", "layers": [layer]}))
        await silence_queries.add(session, silence)
    quake, flood = await desk.alerts(fresh(), mudflow(onset=now, area={"pcodes": [KADAMJAI]}))
    async with desk.sessions.begin() as session:
        bermet = (await receiver_queries.receivers(session))[0]
        await trials.send(session, bermet, [], now)  # the failure of a test message does not count
        failed = "UPDATE deliveries SET settled_at = now(), is_delivered = false, reason = 'timed_out'"
        await session.execute(text(f"{failed} WHERE alert_id <> :flood"), {"flood": flood})
        await session.execute(text(SHOWN_ON_THE_OUTBOX_PAGE), {"flood": flood, "most": MOST_DELIVERIES})
    async with desk.caller(name="Айбек") as aibek:
        await aibek.put(f"/v1/alerts/{quake}/takeover")
        page = await sheet(aibek)
        closed = await aibek.put(f"/v1/alerts/{quake}/resolution", json={"verdict": "false_alarm"})
        after = await sheet(aibek)
    for words in (
        "дежурит: Бермет",
        "В работе: Айбек",
        "Не принято",
        "проверка датчиков",
        "Не доставлено за последние 24 часа: 1",
        "Дежурство сдал",
    ):
        assert words in page, words
    assert page.count(f"/alerts/{quake}") == page.count(f"/alerts/{flood}") == 1
    assert closed.status_code == 200 and f"/alerts/{quake}" not in after


async def test_a_handover_is_recorded_and_its_notes_are_encrypted(desk: Desk) -> None:
    bermet, aibek = await person(desk, "Бермет"), uuid4()
    async with desk.caller(name="Айбек", account=aibek) as caller:
        for wrong in ({"to": ""}, {"to": str(uuid4())}, {"to": str(bermet), "notes": "ы" * 2001}):
            assert (await caller.post("/shift-handover", data=wrong)).status_code == 422
        done = await caller.post("/shift-handover", data={"to": str(bermet), "notes": NOTES})
        assert (done.status_code, done.headers["location"]) == (303, "/alerts/shift-handover")
        page = await sheet(caller)
    assert "Айбек → Бермет" in page and NOTES in page
    async with desk.caller(name="Бермет", account=bermet, areas=[BATKEN]) as other:
        assert NOTES not in await sheet(other), "the notes are of a shift with other areas"
    async with desk.sessions.begin() as session:
        sealed = await session.scalar(text("SELECT sealed FROM shift_handovers"))
        audited = (
            await session.execute(text("SELECT account, objects FROM audit WHERE action = 'shift_handed_over'"))
        ).one()
    assert NOTES.encode() not in sealed
    assert audited.account == aibek and bermet in audited.objects


async def test_the_sheet_says_which_message_and_notes_cannot_be_read(desk: Desk) -> None:
    bermet = await person(desk, "Бермет")
    quake, flood = await desk.alerts(fresh(), mudflow(onset=datetime.now(UTC), area={"pcodes": [KADAMJAI]}))
    async with desk.sessions.begin() as session:
        failed = "UPDATE deliveries SET settled_at = now(), is_delivered = false, reason = 'timed_out'"
        await session.execute(text(failed))
        unreadable = text("UPDATE deliveries SET content = '{' WHERE alert_id = :alert")
        await session.execute(unreadable, {"alert": quake})
    async with desk.caller(name="Айбек") as aibek:
        await aibek.post("/shift-handover", data={"to": str(bermet), "notes": NOTES})
        async with desk.sessions.begin() as session:
            await session.execute(text("UPDATE shift_handovers SET sealed = '00000000-00000000'::bytea || sealed"))
        page = await sheet(aibek)
    assert page.count("это сообщение не читается") == 1 and "Не доставлено за последние 24 часа: 2" in page
    assert "Заметки смены не читаются" in page and NOTES not in page
    assert f"/alerts/{quake}" in page and f"/alerts/{flood}" in page


async def test_the_sheet_has_only_alerts_of_the_callers_areas_and_the_menu_leads_to_it(desk: Desk) -> None:
    here, elsewhere = await desk.alerts(
        mudflow(onset=datetime.now(UTC), area={"pcodes": [KADAMJAI]}),
        mudflow(onset=datetime.now(UTC), area={"pcodes": [ALAI]}),
    )
    async with desk.caller(areas=[BATKEN]) as caller:
        page = await sheet(caller)
        assert 'href="/alerts/shift-handover"' in page
    async with desk.caller(Role.VIEWER) as screen:
        assert (await screen.get("/shift-handover")).status_code == 403
    assert (f"/alerts/{here}" in page, f"/alerts/{elsewhere}" in page) == (True, False)
