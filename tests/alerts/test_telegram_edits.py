"""A change of an alert may need no new message. The alert's first message in Telegram is then edited."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.alerts.acts.acts import Actor
from services.alerts.channels.telegram import MOST_EDITS
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import telegram_edits as edit_queries
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.telegram.chats import Chat
from services.alerts.telegram.limits import IN_GROUP, ChatLimits
from services.alerts.telegram.message_edits import FOR_MESSAGES
from shared.events import HazardReported
from shared.events.vocabulary import DeliveryChannel
from tests.alerts.bot_server import DESK, GROUP, Refused, texts_of
from tests.alerts.bureau import Bureau
from tests.alerts.factories import KADAMJAI, LEILEK, mudflow
from tests.alerts.jobs import job_to
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

CHANGED = "Оповещение изменилось"
RECEIVER = Receiver("group", DeliveryChannel.TELEGRAM, f"telegram:{GROUP}", language="ru")


async def alerted(bureau: Bureau, **changed: Any) -> HazardReported:
    now = datetime.now(UTC)
    flow = mudflow(onset=now, received_at=now, area={"pcodes": [KADAMJAI, LEILEK]}, **changed)
    await bureau.town.report(flow)
    async with bureau.working():
        await bureau.town.settled(1)
    return flow


async def revise(bureau: Bureau, flow: HazardReported, revision: int = 2, **changed: Any) -> None:
    fields = {**flow.model_dump(), "revision": revision, "msg_type": "Update", **changed}
    await bureau.town.report(mudflow(**fields))


def shown(bureau: Bureau, chat: int = GROUP) -> str:
    (message,) = bureau.bot.sent(chat)
    return str(message["text"])


@pytest.mark.parametrize(
    ("changed", "before", "after"),
    [
        ({"severity": "Moderate"}, "Опасно", "Умеренно"),
        ({"area": {"pcodes": [KADAMJAI]}}, "Лейлек", "Кадамжай"),
    ],
    ids=["less severe", "smaller"],
)
async def test_a_milder_or_smaller_alert_edits_its_message_and_sends_no_new_one(
    bureau: Bureau, changed: dict[str, Any], before: str, after: str
) -> None:
    flow = await alerted(bureau)
    assert before in shown(bureau)
    assert await bureau.edit() == 0
    await revise(bureau, flow, **changed)
    assert await bureau.edit() == 1
    assert (before in shown(bureau), after in shown(bureau)) == (False, True)
    assert shown(bureau).splitlines()[0].endswith(CHANGED)
    assert texts_of(bureau.bot.sent()[0])[0] == "Принять", "the buttons stay"
    assert await bureau.edit() == 0
    assert len(await bureau.town.rows()) == 1


async def test_a_graver_alert_sends_a_new_message_and_its_edit_is_not_repeated(bureau: Bureau) -> None:
    flow = await alerted(bureau)
    await revise(bureau, flow, severity="Extreme")
    assert await bureau.edit() == 0
    async with bureau.working():
        await bureau.town.settled(2)
    assert len(bureau.bot.sent()) == 2


async def test_the_earlier_messages_of_a_digest_that_are_not_edited_at_once_are_edited_later(bureau: Bureau) -> None:
    jobs = [job_to(RECEIVER) for _ in range(MOST_EDITS + 1)]
    later = [replace(job, delivery_id=uuid4(), is_foldable=True) for job in jobs]
    async with bureau.channel() as channel:
        for job in jobs:
            await channel.send(job, RECEIVER)
        async with bureau.town.sessions.begin() as session:
            await session.execute(text("UPDATE telegram_messages SET edit_at = NULL"))
        await channel.send(replace(later[0], companions=tuple(later[1:])), RECEIVER)
    assert len(bureau.bot.called("editMessageText")) == MOST_EDITS
    async with bureau.town.sessions() as session:
        due = await session.scalars(
            text("SELECT alert_id FROM telegram_messages WHERE edit_at IS NOT NULL AND NOT is_digest")
        )
        assert jobs[-1].alert_id in set(due)


async def test_an_assignment_on_the_board_is_shown_in_the_message(bureau: Bureau) -> None:
    await alerted(bureau)
    await assign(bureau, "bermet")
    assert await bureau.edit() == 1
    assert "Поручено: bermet" in shown(bureau)
    async with bureau.town.sessions.begin() as session:
        alert_id = await session.scalar(text("SELECT alert_id FROM alerts"))
    await assign(bureau, "dastan")
    await bureau.close(alert_id)
    assert await bureau.edit() == 1
    assert shown(bureau).splitlines()[0].endswith("Завершено"), "a closed alert is not said to have changed"


async def test_a_message_about_an_unreadable_hazard_is_edited_and_delays_no_other_edit(bureau: Bureau) -> None:
    await alerted(bureau)
    async with bureau.town.sessions.begin() as session:
        await session.execute(text("UPDATE hazards SET report = '{}'"))
    await assign(bureau, "bermet")
    assert await bureau.edit() == 1
    assert "Поручено: bermet" in shown(bureau)
    assert "Не для публикации" in shown(bureau), "nobody knows that the hazard is Public"


async def test_an_edit_that_telegram_does_not_make_is_repeated_after_a_minute(bureau: Bureau) -> None:
    flow = await alerted(bureau)
    await revise(bureau, flow, severity="Moderate")
    bureau.bot.refusals["editMessageText"] = [Refused(502, "Bad Gateway")]
    assert [await bureau.edit(), await bureau.edit()] == [1, 0]
    assert CHANGED not in shown(bureau)
    await a_minute_passes(bureau)
    assert await bureau.edit() == 1
    assert CHANGED in shown(bureau)


@pytest.mark.parametrize(("age", "edits"), [(timedelta(hours=23), [1, 1]), (timedelta(hours=25), [1, 0])])
async def test_an_edit_that_still_fails_a_day_after_the_change_is_given_up(
    bureau: Bureau, age: timedelta, edits: list[int]
) -> None:
    await alerted(bureau)
    await assign(bureau, "bermet")
    async with bureau.town.sessions.begin() as session:
        await session.execute(text("UPDATE alerts SET changed_at = :at"), {"at": datetime.now(UTC) - age})
    bureau.bot.refusals["editMessageText"] = [Refused(401, "Unauthorized")] * 2
    due = [await bureau.edit()]
    await a_minute_passes(bureau)
    assert [*due, await bureau.edit()] == edits


async def test_a_message_whose_edit_was_given_up_is_edited_after_the_next_change(bureau: Bureau) -> None:
    await alerted(bureau)
    await assign(bureau, "bermet")
    async with bureau.town.sessions.begin() as session:
        await session.execute(text("UPDATE alerts SET changed_at = changed_at - interval '25 hours'"))
    bureau.bot.refusals["editMessageText"] = [Refused(404, "Not Found")]
    assert await bureau.edit() == 1
    await assign(bureau, "dastan")
    assert await bureau.edit() == 1
    assert "Поручено: dastan" in shown(bureau)


async def test_a_message_that_was_edited_while_its_alert_changed_is_edited_again(bureau: Bureau) -> None:
    flow = await alerted(bureau)
    await revise(bureau, flow, severity="Moderate")
    async with bureau.town.sessions.begin() as session:
        (message,) = await edit_queries.claim(session)
        (alert,) = (await alert_queries.by_id(session, {message.alert_id})).values()
    await revise(bureau, flow, 3, severity="Extreme")
    async with bureau.town.sessions.begin() as session:
        await edit_queries.settle(session, message, alert.changed_at)
    await a_minute_passes(bureau)
    assert await bureau.edit() == 1
    assert "Чрезвычайно" in shown(bureau)


async def test_a_message_whose_alert_changed_while_it_was_sent_is_edited(bureau: Bureau) -> None:
    now = datetime.now(UTC)
    flow = mudflow(onset=now, received_at=now)
    bureau.bot.can_send.clear()
    await bureau.town.report(flow)
    async with bureau.working():
        await wait_for(lambda: bureau.bot.called("sendMessage"))
        await revise(bureau, flow, severity="Moderate")
        bureau.bot.can_send.set()
        await bureau.town.settled(1)
    assert "Опасно" in shown(bureau)
    assert [await bureau.edit(), await bureau.edit()] == [1, 0]
    assert "Умеренно" in shown(bureau) and "Опасно" not in shown(bureau)


async def test_a_message_is_not_edited_if_only_the_delivery_to_another_receiver_ended_while_it_was_sent(
    bureau: Bureau,
) -> None:
    now = datetime.now(UTC)
    bureau.bot.can_send.clear()
    await bureau.town.report(mudflow(onset=now, received_at=now))
    async with bureau.working():
        await wait_for(lambda: bureau.bot.called("sendMessage"))
        # the event about the other delivery increased the alert's sequence
        async with bureau.town.sessions.begin() as session:
            await session.execute(text("UPDATE alerts SET sequence = sequence + 1"))
        bureau.bot.can_send.set()
        await bureau.town.settled(1)
    assert await bureau.edit() == 0
    assert "Новое оповещение" in shown(bureau)


async def test_a_message_in_a_chat_that_is_no_longer_the_receivers_is_not_edited(bureau: Bureau) -> None:
    flow = await alerted(bureau)
    await bureau.receiver("group", DESK)
    await revise(bureau, flow, severity="Moderate")
    assert [await bureau.edit(), await bureau.edit()] == [1, 0]
    assert bureau.bot.called("editMessageText") == []


def test_edits_leave_half_of_a_groups_messages_to_alerts() -> None:
    limits, group, now = ChatLimits(lambda: now[0]), Chat(GROUP), [0.0]
    edits = 0
    while limits.reserve(group, 0, kept_free=FOR_MESSAGES)[0]:
        edits, now[0] = edits + 1, now[0] + 1
    assert edits == IN_GROUP - FOR_MESSAGES
    assert limits.reserve(group, 0) == (True, 0)


async def assign(bureau: Bureau, name: str) -> None:
    account = uuid4()
    await bureau.receiver(name, DESK, kind=ReceiverKind.PERSON, account_id=account)
    async with bureau.answers() as answers:
        await answers.assign(await alert_id(bureau), Actor(uuid4(), "aibek"), account)


async def a_minute_passes(bureau: Bureau) -> None:
    async with bureau.town.sessions.begin() as session:
        await session.execute(text("UPDATE telegram_messages SET edit_at = edit_at - interval '1 minute'"))


async def alert_id(bureau: Bureau) -> UUID:
    async with bureau.town.sessions() as session:
        id: UUID = await session.scalar(text("SELECT alert_id FROM alerts"))
    return id
