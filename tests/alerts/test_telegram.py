"""Alerts are sent to a real server that speaks the Bot API of Telegram."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, text

from services.alerts.channels import OUTBOX_PAGE, Job, Undelivered
from services.alerts.channels.telegram import DELIVERED
from services.alerts.delivery.deliveries import Deliveries, DeliveryAttempt
from services.alerts.delivery.jobs import job_of
from services.alerts.delivery.next_contacts import NextContacts
from services.alerts.delivery.notices import Content
from services.alerts.delivery.words import HazardWords
from services.alerts.queries.attempts import CLAIM
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Contact, Receiver
from services.alerts.telegram.button_data import Press, ShownAlert, data_of, read_data
from services.alerts.telegram.chat_messages import LONGEST, WITH_BUTTONS, ChatMessages, DigestItem, units
from services.alerts.telegram.chats import Chat
from services.alerts.telegram.limits import ChatLimits
from shared.events import HazardText
from shared.events.vocabulary import DeliveryChannel
from shared.places import Places
from shared.postgres import database
from tests.alerts.bot_server import DESK, GROUP, BotServer, Refused, texts_of
from tests.alerts.bureau import AIBEK, Bureau
from tests.alerts.factories import NOW
from tests.alerts.jobs import job_to
from tests.alerts.town import Town
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

OPEN = [
    "Взять в работу",
    "Отложить на 15 мин",
    "Завершить…",
]  # in a chat outside the centre, the message of an alert on which nobody works has these buttons

SUPERGROUP = -1009000
RECEIVER = Receiver("group", DeliveryChannel.TELEGRAM, f"telegram:{GROUP}", language="ru")


async def claimed(bureau: Bureau) -> Job:
    async with database.connected(bureau.town.engine) as connection:
        (row,) = await connection.fetch(CLAIM, timedelta(seconds=30), [], [], [], [], 8)
    job = job_of(row)
    assert job is not None
    return job


def receiver_of(job: Job) -> Receiver:
    assert job.receiver is not None
    return job.receiver


async def test_one_alert_is_one_thread_whose_first_message_shows_the_newest_state(bureau: Bureau) -> None:
    async with bureau.working():
        alert_id = await bureau.alert()
        first = await bureau.bot.message()
        assert "Сель" in first["text"] and first["entities"][0]["type"] == "bold"
        assert texts_of(first) == ["Принять", "От имени…", *OPEN, "Подробности"]
        assert first["reply_markup"]["inline_keyboard"][-1][0]["url"] == f"https://dayar.example/alerts/{alert_id}"
        await bureau.acknowledge(alert_id)
        second = await bureau.bot.message(2)
        assert second["reply_parameters"]["message_id"] == first["message_id"]
        assert second["disable_notification"] is True
        assert "Принято: aibek, " in second["text"].splitlines()[1]
        await wait_for(lambda: "Принято: aibek, " in bureau.bot.sent()[0]["text"])
        assert texts_of(bureau.bot.sent()[0]) == [*OPEN, "Подробности"]
        await bureau.close(alert_id)
        await bureau.bot.message(3)
        await wait_for(lambda: "Завершено: Ложная тревога, aibek, " in bureau.bot.sent()[0]["text"])
        await bureau.town.settled(3)


async def test_a_refused_token_loses_no_alert(bureau: Bureau) -> None:
    """While the token is refused, all deliveries are retried, and the next contact is notified.

    After a new token is written into the file, the deliveries succeed.
    """
    desk = Receiver("desk", DeliveryChannel.TELEGRAM, f"telegram:{DESK}", language="ru")
    async with bureau.town.sessions.begin() as session:
        mail = Contact(DeliveryChannel.EMAIL, "desk@centre.example")
        await subscriptions.put(session, desk, bureau.town.box, further=[mail])
    bureau.token.write_text("7001:revoked")
    async with bureau.working():
        await bureau.alert()
        await wait_for(lambda: is_followed_by_mail(bureau.town))
        bureau.token.write_text(bureau.bot.token)
        rows = await bureau.town.settled(2)
    assert [row["reason"] for row in rows] == [DELIVERED, DELIVERED]
    assert await reasons(bureau.town) >= {"bot_token_refused"}
    assert len(bureau.bot.sent(DESK)) == 1


async def test_a_fault_in_one_message_delays_no_other(bureau: Bureau) -> None:
    await bureau.receiver("desk", DESK)
    await bureau.alert()
    async with bureau.town.sessions.begin() as session:
        await session.execute(text("UPDATE deliveries SET content = '{}' WHERE recipient = 'group'"))
    async with bureau.working():
        await wait_for(lambda: reasons(bureau.town))
        await bureau.bot.message(chat=DESK)
        await bureau.town.settled(1)
    assert await reasons(bureau.town) == {"internal_error", DELIVERED}


async def is_followed_by_mail(town: Town) -> bool:
    await NextContacts(town.sessions, Places.load()).notify()
    return ("email", "failed") in {(row["channel"], row["follows"]) for row in await town.rows()}


async def reasons(town: Town) -> set[str]:
    async with town.sessions() as session:
        return set(await session.scalars(text("SELECT reason FROM attempts")))


async def test_alerts_of_moderate_or_below_share_a_message_with_a_button_for_each(bureau: Bureau) -> None:
    """The first alert is sent at once. The other alerts wait for two minutes, and are sent in one message."""
    async with bureau.working():
        ids = [await bureau.alert(severity="Moderate") for _ in range(14)]
        first = await bureau.bot.message()
        bureau.bot.can_send.clear()
        await bureau.hasten()
        await wait_for(lambda: len(bureau.bot.called("sendMessage")) == 2)
        async with bureau.answers() as answers:
            await answers.comment(ids[5], AIBEK, "мост цел")
        bureau.bot.can_send.set()
        await bureau.town.settled(14)
        assert [await bureau.edit(), await bureau.edit()] == [1, 0], "an alert has changed while the digest was sent"
        bureau.bot.calls.clear()
        [digest] = bureau.bot.sent()[1:]
        lines = digest["text"].splitlines()
        assert lines[0] == "Оповещений: 13"
        assert sum(str(id) in message["text"] for id in ids for message in (first, digest)) == 1 + WITH_BUTTONS
        assert [line.partition(".")[0] for line in lines[-4:]] == ["11", "12", "13", "https://dayar"]
        assert texts_of(digest) == [f"Принять {number}" for number in range(1, WITH_BUTTONS + 1)]
        await bureau.acknowledge(ids[-1])
        assert (await bureau.bot.message(3))["reply_parameters"]["message_id"] == digest["message_id"]
        await bureau.town.settled(15)
    assert bureau.bot.called("editMessageText") == []
    numbered = in_order(digest["text"])
    acknowledged = {ids[-1], *numbered[1:4]}
    async with bureau.answers() as answers:
        for id in numbered[1:4]:
            await answers.acknowledge(id, AIBEK)
    async with bureau.town.sessions.begin() as session:  # after this update, PostgreSQL reads the rows in another order
        await session.execute(text("UPDATE telegram_messages SET sent_at = sent_at WHERE position < 5"))
    assert [await bureau.edit(), await bureau.edit()] == [1, 0], "the digest is edited once"
    digest = bureau.bot.sent()[1]
    assert in_order(digest["text"]) == numbered, "each alert keeps its number"
    waiting = [number for number, id in enumerate(numbered, 1) if id not in acknowledged]
    assert texts_of(digest) == [f"Принять {number}" for number in waiting]
    assert digest["text"].count("Принято: aibek") == WITH_BUTTONS - len(waiting)


def in_order(digest: str) -> list[UUID]:
    return [UUID(link) for link in re.findall(r"^\d+\..*\n(?:.*\n)?.*/alerts/(\S+)$", digest, re.MULTILINE)]


async def test_a_final_refusal_does_not_fail_the_alerts_that_an_earlier_attempt_sent(bureau: Bureau) -> None:
    jobs = [replace(job_to(RECEIVER), is_foldable=True) for _ in range(12)]
    bureau.bot.refusals["sendMessage"] = [None, Refused(403, "Forbidden: bot was blocked by the user")]
    async with bureau.channel() as channel:
        sessions = list[object]()
        event.listen(bureau.town.engine.sync_engine, "checkout", lambda connection, *_: sessions.append(connection))
        await channel.send(replace(jobs[0], companions=tuple(jobs[1:10])), RECEIVER)
        assert len(sessions) == 2, "one session reads all threads, and another stores the message"
        with pytest.raises(Undelivered, match="chat_closed") as caught:
            await channel.send(replace(jobs[0], companions=tuple(jobs[1:])), RECEIVER)
    assert caught.value.is_final
    assert dict(caught.value.results) == {job.delivery_id: DELIVERED for job in jobs[:10]}
    loop = Deliveries(bureau.settings, bureau.town.engine, {}, asyncio.Event())
    attempt = DeliveryAttempt(NOW, NOW, "chat_closed", is_delivered=False, is_final=True, results=caught.value.results)
    assert [loop.of(job, attempt).is_delivered for job in jobs] == [True] * 10 + [False] * 2


@pytest.mark.parametrize(
    ("refused", "reason", "is_final"),
    [
        (Refused(400, "Bad Request: chat not found"), "chat_not_found", True),
        (Refused(403, "Forbidden: bot was blocked by the user"), "chat_closed", True),
        (Refused(400, "Bad Request: not enough rights to send text messages to the chat"), "chat_forbids", False),
        (Refused(401, "Unauthorized"), "bot_token_refused", False),
        (Refused(502, "Bad Gateway"), "telegram_502", False),
        (Refused(403, "<html>This site is blocked</html>"), "telegram_unreadable", False),
        (Refused(429, "Too Many Requests: retry after 7", retry_after=7), "telegram_429", False),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
async def test_the_refusal_decides_whether_to_retry(
    bureau: Bureau, refused: Refused, reason: str, is_final: bool
) -> None:
    await bureau.alert()
    job = await claimed(bureau)
    bureau.bot.refusals["sendMessage"] = [refused]
    async with bureau.channel() as channel:
        with pytest.raises(Undelivered) as caught:
            await channel.send(job, receiver_of(job))
    assert (caught.value.reason, caught.value.is_final) == (reason, is_final)
    assert caught.value.retry_after == (7 if reason == "telegram_429" else None)


async def test_a_retry_sends_no_second_message_unless_the_process_died_before_it_was_stored(bureau: Bureau) -> None:
    await bureau.alert()
    job = await claimed(bureau)
    async with bureau.channel() as channel:
        for _ in range(2):
            assert await channel.send(job, receiver_of(job)) == DELIVERED
        assert len(bureau.bot.sent()) == 1
        async with bureau.town.sessions.begin() as session:
            await session.execute(text("DELETE FROM telegram_messages"))
        assert await channel.send(job, receiver_of(job)) == DELIVERED
    data = [message["reply_markup"]["inline_keyboard"][0][0]["callback_data"] for message in bureau.bot.sent()]
    assert data == [data_of(Press.ACCEPT, ShownAlert(job.delivery_id, 1))] * 2


async def test_a_failed_edit_of_the_first_message_is_no_failed_delivery_and_is_repeated(bureau: Bureau) -> None:
    async with bureau.working():
        alert_id = await bureau.alert()
        await bureau.bot.message()
        bureau.bot.refusals["editMessageText"] = [Refused(429, "Too Many Requests: retry after 3", retry_after=3)]
        await bureau.acknowledge(alert_id)
        rows = await bureau.town.settled(2)
        assert [row["reason"] for row in rows] == [DELIVERED, DELIVERED]
    assert "Принято" not in bureau.bot.sent()[0]["text"]
    assert [await bureau.edit(), await bureau.edit()] == [1, 0]
    assert "Принято" in bureau.bot.sent()[0]["text"]


async def test_a_group_that_became_a_supergroup_keeps_its_alerts(bureau: Bureau) -> None:
    bureau.bot.messages[SUPERGROUP] = {}
    bureau.bot.refusals["sendMessage"] = [
        Refused(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=SUPERGROUP)
    ]
    async with bureau.working():
        await bureau.alert()
        await bureau.bot.message(chat=SUPERGROUP)
        await bureau.alert()
        await bureau.bot.message(2, chat=SUPERGROUP)
    assert bureau.bot.sent(GROUP) == []


async def test_a_message_without_its_topic_or_link_is_better_than_none(bureau: Bureau) -> None:
    await bureau.receiver("group", GROUP)
    async with bureau.town.sessions.begin() as session:
        await session.execute(text("UPDATE receivers SET address = :new"), {"new": f"telegram:{GROUP}/7"})
    await bureau.alert()
    job = await claimed(bureau)
    bureau.bot.refusals["sendMessage"] = [Refused(400, "Bad Request: message thread not found")]
    async with bureau.channel() as channel:
        assert await channel.send(job, receiver_of(job)) == DELIVERED
    with_topic, without = bureau.bot.called("sendMessage")
    assert (with_topic["message_thread_id"], "message_thread_id" in without) == (7, False)
    assert texts_of(without) == ["Принять", "От имени…", *OPEN]


async def test_an_exercise_sends_nothing_outside(town: Town, bot: BotServer, tmp_path: Path) -> None:
    outside = Bureau(town, bot, tmp_path, exercise=True, outbound_allow=())
    await outside.receiver()
    await outside.alert()
    job = await claimed(outside)
    async with outside.channel() as channel:
        assert await channel.send(job, receiver_of(job)) == OUTBOX_PAGE
    assert bot.calls == []


async def test_a_long_text_is_cut_before_its_link(bureau: Bureau) -> None:
    alert_id = await bureau.alert()
    content = Content.model_validate_json((await claimed(bureau)).content)
    long = HazardText(headline="сел " * 37, description="𐍈 " * 500, instruction="кетиңиз " * 125)
    words = HazardWords(scope="Public", texts={"ky": long}, type_text="т" * 1000, locality="л" * 1000, web="w" * 1000)
    note = ChatMessages(bureau.texts).of(content.data, "raised", "ky", uuid4(), words, is_internal=True)
    assert LONGEST - 10 < units(note.text) <= LONGEST
    assert f"https://dayar.example/alerts/{alert_id}" in note.text
    assert max(len((button.data or "").encode()) for button in note.buttons) <= 64


async def test_a_late_message_about_an_acknowledged_alert_does_not_say_that_it_is_not_acknowledged(
    bureau: Bureau,
) -> None:
    alert_id = await bureau.alert()
    alert = Content.model_validate_json((await claimed(bureau)).content).data
    later = alert.model_copy(update={"acknowledged_at": NOW})
    for state, is_denied in ((alert, True), (later, False)):
        note = ChatMessages(bureau.texts).of(state, "escalated", "en", alert_id, is_internal=True)
        digest = ChatMessages(bureau.texts).digest([DigestItem(state, "escalated", alert_id)], "en")
        assert ["Not acknowledged" in message.text for message in (note, digest)] == [is_denied] * 2


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "a",
        "z" + "A" * 22,
        "a" + "!" * 22,
        "a" + "A" * 23,
        "a" + "A" * 64,
        "a" + "A" * 21 + "B",
        "a" + "A" * 22 + ".",
        "a" + "A" * 22 + ".01",
    ],
)
def test_callback_data_that_is_not_ours_is_no_press(forged: str) -> None:
    assert read_data(forged) is None
    id = UUID("11111111-2222-4333-8444-555555555555")
    for shown in (ShownAlert(id), ShownAlert(id, 0), ShownAlert(id, 999_999_999)):
        assert read_data(data_of(Press.ON_BEHALF, shown)) == (Press.ON_BEHALF, shown)
    named = ShownAlert(id, 999_999_999, id)
    assert read_data(data_of(Press.ASSIGN_TO, named)) == (Press.ASSIGN_TO, named)
    assert len(data_of(Press.ASSIGN_TO, named)) <= 64
    for press, shown in ((Press.ACCEPT, named), (Press.ASSIGN_TO, ShownAlert(id, 1))):
        assert read_data(data_of(press, shown)) is None


def test_a_group_gets_a_message_a_second_and_twenty_a_minute() -> None:
    now = [0.0]
    limits, group, person = ChatLimits(lambda: now[0]), Chat(GROUP), Chat(DESK)
    assert [limits.reserve(group, 30) for _ in range(3)] == [(True, 0), (True, 1), (True, 2)]
    assert all(limits.reserve(group, 30)[0] for _ in range(17))
    assert limits.reserve(group, 30) == (False, 60)
    now[0] = 59
    assert limits.reserve(group, 30) == (True, 1)
    assert limits.reserve(person, 30) == (True, 0)
    limits.close(person, 40)
    assert limits.reserve(person, 30) == (False, 40)


@pytest.mark.parametrize(
    "address", ["telegram:", "telegram:x", "telegram:1/", "telegram:1/x", "telegram:--1", "telegram:1\n"]
)
def test_an_address_names_a_chat_and_perhaps_a_topic(address: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Chat.of(address)
    assert Chat.of("telegram:-100/7") == Chat(-100, 7)
    assert Chat.of("telegram:42").address == "telegram:42"
