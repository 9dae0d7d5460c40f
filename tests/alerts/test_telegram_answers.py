"""People bind their accounts by a code, and then acknowledge alerts in Telegram by a button or a written answer."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.alerts.handlers import utcnow
from services.alerts.queries import telegram_polls as poll_queries
from services.alerts.receivers.receivers import ReceiverKind
from services.alerts.telegram.bot_answers import BotAnswers
from services.alerts.telegram.bot_api import BotApi
from services.alerts.telegram.bot_calls import BotCall
from services.alerts.telegram.button_data import Press, ShownAlert, data_of
from services.alerts.telegram.limits import ChatLimits
from shared.events import CredentialKind, CredentialRevoked
from shared.events.vocabulary import Severity
from shared.outbound import Outbound
from tests.alerts.bot_server import DESK, GROUP, Refused, texts_of
from tests.alerts.shift import AIBEK, STRANGER, USER, Shift, data_of_button
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


async def test_a_person_binds_the_account_and_acknowledges_by_a_button(shift: Shift) -> None:
    async with shift.working(), shift.polling():
        await shift.alert()
        message = await shift.bot.message()
        refused = await shift.presses(message, 0)
        assert "Сначала привяжите" in refused["text"] or "сначала привяжите" in refused["text"]
        assert refused["show_alert"] is True
        code = await shift.code()
        assert "личном чате" in (await shift.writes(f"/start {code}", chat=GROUP))["text"]
        assert "неверный" in (await shift.writes(f"/start {code}"))["text"], "the group has read the code"
        code = await shift.code()
        assert "aibek" in (await shift.writes(f"/start {code}"))["text"]
        assert "Принято вами" in (await shift.presses(message, 0))["text"]
        alert = await shift.alerted()
        assert (alert.acknowledged_by, alert.acknowledged_name) == (AIBEK.account, "aibek")
        async with shift.town.sessions() as session:
            assert list(await session.scalars(text("SELECT channel FROM acts"))) == ["telegram"]
        await wait_for(lambda: "Принято: aibek" in shift.bot.messages[GROUP][message["message_id"]]["text"])
        assert "Уже принято: aibek" in (await shift.presses(message, 1))["text"]


async def test_an_acknowledgement_on_behalf_of_the_person_whose_name_answers_the_question(shift: Shift) -> None:
    await shift.bind()
    async with shift.working(), shift.polling():
        await shift.alert()
        message = await shift.bot.message()
        shift.bot.presses(message, 1)
        question = await shift.bot.message(2)
        assert question["reply_markup"]["force_reply"] is True
        await wait_for(lambda: is_asked(shift))
        assert "Не принято" in (await shift.writes("Принял", chat=GROUP, answers=message))["text"], "not a question"
        asked: dict[str, Any] = {"chat": GROUP, "answers": question}
        await shift.ages(timedelta(minutes=61))
        assert "в течение часа" in (await shift.writes("Касымов", **asked))["text"]
        await shift.ages(-timedelta(minutes=61))
        assert "150" in (await shift.writes("Касымов\nбатальон", **asked))["text"]
        assert "привяжите" in (await shift.writes("Касымов", user=STRANGER, **asked))["text"]
        assert "Принято вами" in (await shift.writes("Касымов", **asked))["text"]
    alert = await shift.alerted()
    assert alert.acknowledged_note is not None and "Касымов" not in alert.acknowledged_note


async def test_a_person_snoozes_with_a_reason_starts_work_comments_and_closes(shift: Shift) -> None:
    await shift.bind()
    async with shift.working(), shift.polling():
        await shift.alert()
        message = await shift.bot.message()
        assert "привяжите" in (await shift.presses(message, "Отложить на 15 мин", user=STRANGER))["text"]
        shift.bot.sends_data(data_of_button(message, "Отложить на 15 мин"), message)
        question = await shift.bot.message(2)
        assert "15 минут" in question["text"]
        assert "Отложено вами до" in (await shift.presses(question, "Жду звонка"))["text"]
        await wait_for(lambda: "Жду звонка" in shift.bot.messages[GROUP][question["message_id"]]["text"])
        assert shift.bot.messages[GROUP][question["message_id"]]["reply_markup"] is None
        await shift.bot.message(3)  # the third message informs everybody of the acknowledgement
        await wait_for(lambda: "Отложено до " in shift.bot.messages[GROUP][message["message_id"]]["text"])
        assert "В работе: вы" in (await shift.presses(message, "Взять в работу"))["text"]
        await wait_for(lambda: "Взять на себя" in texts_of(shift.bot.messages[GROUP][message["message_id"]]))
        in_chat: dict[str, Any] = {"chat": GROUP, "answers": message}
        assert "1000" in (await shift.writes("", **in_chat))["text"], "a photo"
        assert "записан" in (await shift.writes("Мост цел", **in_chat))["text"]
        alert = await shift.alerted()
        assert (alert.progressed_name, alert.snoozed_until) == ("aibek", None)
        known = len(shift.bot.sent())
        shift.bot.sends_data(data_of_button(message, "Завершить…"), message)
        question = await shift.bot.message(known + 1)
        assert texts_of(question) == ["Подтверждено", "Ложная тревога", "Дубликат", "Срок истёк", "Отменено"]
        assert "Завершено вами" in (await shift.presses(question, "Дубликат"))["text"]
    async with shift.town.sessions() as session:
        acts = await session.execute(text("SELECT deed, text, channel FROM acts ORDER BY act_id"))
    assert [tuple(act) for act in acts] == [
        ("snoozed", "Жду звонка", "telegram"),
        ("progressed", None, "telegram"),
        ("commented", "Мост цел", "telegram"),
        ("resolved", None, "telegram"),
    ]


async def test_a_person_assigns_the_alert_by_a_button(shift: Shift) -> None:
    await shift.bind()
    await shift.becomes(is_internal=True)
    async with shift.working(), shift.polling():
        await shift.alert()
        message = await shift.bot.message()
        assert "не получает больше никто" in (await shift.presses(message, "Поручить…"))["text"]
        bermet = uuid4()
        person: dict[str, Any] = {"kind": ReceiverKind.PERSON, "post": "начальник смены"}
        await shift.receiver("bermet", DESK, account_id=bermet, **person)
        await shift.receiver("aibek", DESK, account_id=AIBEK.account, **person)
        shift.bot.sends_data(data_of_button(message, "Поручить…"), message)
        question = await shift.bot.message(2)
        assert texts_of(question) == ["bermet, начальник смены"]
        assert "Поручено вами: bermet" in (await shift.presses(question, 0))["text"]
        await wait_for(lambda: "Поручено: bermet" in shift.bot.messages[GROUP][message["message_id"]]["text"])
        assert shift.bot.messages[GROUP][question["message_id"]]["reply_markup"] is None
    assert (await shift.alerted()).assigned_to == bermet


async def test_a_chat_outside_the_centre_reads_no_names_of_colleagues(shift: Shift) -> None:
    """The receiver left the centre, but the earlier message in the chat keeps its button."""
    await shift.bind()
    await shift.becomes(is_internal=True)
    await shift.receiver("bermet", DESK, kind=ReceiverKind.PERSON, account_id=uuid4(), floor=Severity.EXTREME)
    async with shift.working(), shift.polling():
        await shift.alert()
        message = await shift.bot.message()
        await shift.becomes(is_internal=False)
        refused = await shift.presses(message, "Поручить…")
        assert "чат не принадлежит центру" in refused["text"] and refused["show_alert"] is True
        assert len(shift.bot.sent()) == 1
        assert "В работе: вы" in (await shift.presses(message, "Взять в работу"))["text"]
        await wait_for(lambda: "Взять на себя" in texts_of(shift.bot.messages[GROUP][message["message_id"]]))
        assert "Поручить…" not in texts_of(shift.bot.messages[GROUP][message["message_id"]])


async def test_a_button_acts_on_the_state_that_its_message_shows(shift: Shift) -> None:
    await shift.bind()
    async with shift.working(), shift.polling():
        alert_id = await shift.alert()
        message = await shift.bot.message()
        await shift.acknowledge(alert_id)
        await wait_for(lambda: "Принято: aibek" in shift.bot.messages[GROUP][message["message_id"]]["text"])
        refused = await shift.presses(message, "Взять в работу")
        assert "Не выполнено: за это время" in refused["text"] and "Принято: aibek" in refused["text"]
        assert (await shift.alerted()).progressed_at is None
        newest = shift.bot.messages[GROUP][message["message_id"]]
        assert "В работе: вы" in (await shift.presses(newest, "Взять в работу"))["text"]


async def test_a_question_about_an_older_state_ends_without_an_act(shift: Shift) -> None:
    await shift.bind()
    async with shift.working(), shift.polling():
        alert_id = await shift.alert()
        message = await shift.bot.message()
        shift.bot.sends_data(data_of_button(message, "Завершить…"), message)
        question = await shift.bot.message(2)
        await shift.acknowledge(alert_id)
        assert "Не выполнено: за это время" in (await shift.presses(question, "Дубликат"))["text"]
        await wait_for(lambda: shift.bot.messages[GROUP][question["message_id"]]["reply_markup"] is None)
    assert (await shift.alerted()).resolved_at is None


async def test_the_buttons_of_a_message_end_after_48_hours(shift: Shift) -> None:
    await shift.bind()
    async with shift.working(), shift.polling():
        await shift.alert()
        message = await shift.bot.message()
        await wait_for(lambda: is_made_old(shift))
        assert "больше 48 часов" in (await shift.presses(message, 0))["text"]
        await wait_for(lambda: texts_of(shift.bot.messages[GROUP][message["message_id"]]) == ["Подробности"])
    assert (await shift.alerted()).acknowledged_at is None


async def is_made_old(shift: Shift) -> bool:
    """Moves the time of the stored message 48 hours into the past. Returns False if no message is stored yet."""
    old = text("UPDATE telegram_messages SET sent_at = sent_at - interval '48 hours' RETURNING true")
    async with shift.town.sessions.begin() as session:
        return bool(await session.scalar(old))


async def is_asked(shift: Shift) -> bool:
    async with shift.town.sessions() as session:
        return bool(await session.scalar(text("SELECT true FROM telegram_questions")))


async def test_who_lost_the_rights_acknowledges_no_more(shift: Shift) -> None:
    await shift.bind()
    later = AIBEK.issued_at + timedelta(seconds=2)
    revoked = CredentialRevoked(
        credential_id=AIBEK.account, kind=CredentialKind.ACCOUNT, revoked_at=later, issued_before=later
    )
    async with shift.working(), shift.polling(revoked):
        await shift.alert()
        assert "Привяжите её заново" in (await shift.presses(await shift.bot.message(), 0))["text"]
    assert (await shift.alerted()).acknowledged_at is None


async def test_forged_or_unreadable_updates_change_nothing(shift: Shift) -> None:
    await shift.bind()
    async with shift.working(), shift.polling():
        await shift.alert()
        message = await shift.bot.message()
        shift.bot.update(callback_query={"id": 5, "from": "nobody"})
        shift.bot.update(message={"message_id": "x"})
        shift.bot.says("Касымов", chat=-(2**70), answers={**message, "message_id": 2**70})
        for data in ("", "a", data_of(Press.ACCEPT, ShownAlert(uuid4(), 1)), "z" * 64):
            shift.bot.sends_data(data, message)
            assert "мындай кулактандыруу жок" in (await shift.answered("answerCallbackQuery"))["text"]
    assert (await shift.alerted()).acknowledged_at is None


async def test_strangers_whose_answers_hang_delay_no_acknowledgement(shift: Shift) -> None:
    await shift.bind()
    async with shift.working(), shift.polling():
        await shift.alert()
        message = await shift.bot.message()
        shift.bot.silent = set(range(900, 930))
        for stranger in shift.bot.silent:
            shift.bot.says("/id", user=stranger, chat=stranger)
        assert "Принято вами" in (await shift.presses(message, 0))["text"]


async def test_a_locked_user_adds_no_further_entries_to_the_security_log(shift: Shift) -> None:
    async with shift.town.sessions() as session:
        before = await session.scalar(text("SELECT coalesce(max(id), 0) FROM audit"))
    async with shift.polling():
        answers = [(await shift.writes("/start WRONG-CODE"))["text"] for _ in range(8)]
    assert ["15" in answer and "Слишком" in answer for answer in answers] == [False] * 5 + [True] * 3
    async with shift.town.sessions() as session:
        reasons = await session.scalars(
            text("SELECT reason FROM audit WHERE id > :before ORDER BY id"), {"before": before}
        )
        assert list(reasons) == ["wrong"] * 5 + ["too_many"]


async def test_a_button_works_only_in_the_chat_of_its_message(shift: Shift) -> None:
    await shift.bind()
    async with shift.working(), shift.polling():
        await shift.alert()
        message = await shift.bot.message()
        forwarded = {**message, "chat": {"id": DESK}}
        assert "кулактандыруу жок" in (await shift.presses(forwarded, 0))["text"]
    assert (await shift.alerted()).acknowledged_at is None


async def test_long_messages_of_anybody_do_not_hold_up_an_answer(shift: Shift) -> None:
    """One answer of Telegram may not contain all these long messages. Telegram sends unread updates again."""
    said = {"message_id": 8, "chat": {"id": DESK}, "text": "ы" * 4096}
    for _ in range(25):
        shift.bot.update(message={**said, "from": {"id": STRANGER}, "reply_to_message": said})
    async with shift.polling():
        assert f"telegram:{DESK}" in (await shift.writes("/id"))["text"]
    assert len(shift.bot.called("getUpdates")) < 10


async def test_an_update_that_comes_again_is_handled_once(shift: Shift) -> None:
    """The process may end after it handled an update and before it asked for the next.

    Telegram then sends the update again.
    """
    async with shift.polling():
        code = await shift.code()
        await shift.writes(f"/start {code}")
        asks = {"message_id": 8, "from": {"id": USER}, "chat": {"id": DESK}, "text": "/id"}
        first = shift.bot.update(message=asks)
        await shift.answered("sendMessage")
    sent = len(shift.bot.called("sendMessage"))
    shift.bot.updates = [{"update_id": first, "message": asks}]
    async with shift.polling():
        await shift.writes("/id", chat=GROUP)
    assert len(shift.bot.called("sendMessage")) == sent + 1
    assert f"telegram:{GROUP}" in shift.bot.called("sendMessage")[-1]["text"]


async def test_the_numbers_of_updates_may_begin_anew_after_a_week(shift: Shift) -> None:
    now = datetime.now(UTC)
    async with shift.town.sessions.begin() as session:
        assert await poll_queries.is_new(session, 7001, 900, now)
        assert not await poll_queries.is_new(session, 7001, 900, now)
        assert not await poll_queries.is_new(session, 7001, 5, now + timedelta(hours=24))
        assert await poll_queries.next_update(session, 7001, now + timedelta(hours=24)) == 901
        assert await poll_queries.next_update(session, 7001, now + timedelta(days=8)) is None
        assert await poll_queries.is_new(session, 7001, 5, now + timedelta(days=8))


async def test_a_refused_token_is_named_until_it_is_replaced(shift: Shift) -> None:
    shift.bot.refusals["getUpdates"] = [Refused(401, "Unauthorized"), Refused(409, "Conflict")]
    async with shift.polling():
        await wait_for(lambda: problem(shift, "bot_token_refused"))
        await wait_for(lambda: problem(shift, "telegram_409"))
        await wait_for(lambda: shift.bot.called("getUpdates")[2:])
        shift.bot.update(message={"message_id": 8, "chat": {"id": DESK}})
        await wait_for(lambda: problem(shift, None))


async def problem(shift: Shift, code: str | None) -> bool:
    async with shift.town.sessions() as session:
        return await poll_queries.problem(session) == code


async def test_an_answer_is_sent_again_after_the_pause_that_telegram_demands(shift: Shift) -> None:
    toast = BotCall("answerCallbackQuery", {"callback_query_id": "7", "text": "Принято вами"})
    written = BotCall("sendMessage", {"chat_id": GROUP, "text": "Записано"})
    for method in (toast.method, written.method):
        shift.bot.refusals[method] = [Refused(429, "Too Many Requests", retry_after=1)]
    async with Outbound(shift.settings, seconds=5) as outbound:
        answers = BotAnswers(BotApi(shift.settings, outbound), shift.town.sessions, utcnow, ChatLimits())
        await answers.to_bound([toast, written])
    assert [len(shift.bot.called(method)) for method in (toast.method, written.method)] == [2, 2]
    assert [message["text"] for message in shift.bot.sent()] == ["Записано"]
