"""A channel may combine several alerts in one message. The page of sent notifications then shows one message."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from html import unescape
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.alerts.channels import ChannelOut
from services.alerts.channels.email import EmailChannel
from services.alerts.channels.sms import SmsChannel
from services.alerts.channels.telegram import TelegramChannel
from services.alerts.delivery.deliveries import Deliveries
from services.alerts.delivery.texts import Texts
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.sms.sms_texts import SmsTexts
from services.alerts.telegram.bot_api import BotApi
from services.alerts.telegram.chat_messages import ChatMessages
from services.alerts.telegram.limits import ChatLimits
from shared.events.vocabulary import DeliveryChannel
from shared.outbound import Outbound
from shared.places import Places
from tests.alerts.desk import Desk
from tests.alerts.factories import mudflow
from tests.alerts.test_digests import two_minutes_pass
from tests.alerts.town import Town

pytestmark = pytest.mark.anyio

ADDRESSES = {
    DeliveryChannel.EMAIL: "desk@centre.example",
    DeliveryChannel.TELEGRAM: "telegram:-100200",
    DeliveryChannel.SMS: "sms:+996700123456",
}
ALERTS = 13  # one message about the first alert is sent at once; one message combines the other twelve alerts


@asynccontextmanager
async def exercising(town: Town) -> AsyncIterator[None]:
    settings = town.settings.model_copy(update={"exercise": True})
    texts = Texts.of_installation(Places.load(), settings)
    async with Outbound(settings) as outbound, asyncio.TaskGroup() as group:
        api = BotApi(settings, outbound)
        channels: dict[DeliveryChannel, ChannelOut] = {
            DeliveryChannel.EMAIL: EmailChannel(settings, outbound, texts),
            DeliveryChannel.TELEGRAM: TelegramChannel(api, ChatMessages(texts), town.sessions, ChatLimits()),
            DeliveryChannel.SMS: SmsChannel(settings, None, SmsTexts.of_installation(texts, settings), town.sessions),
        }
        task = group.create_task(Deliveries(settings, town.engine, channels, asyncio.Event()).run())
        yield
        task.cancel()


async def messages(desk: Desk) -> list[str]:
    async with desk.caller() as caller:
        page = (await caller.get("/deliveries", params={"lang": "en"})).text
    items = re.findall(r"(?s)<li>\s*<div class=\"head\">.*?</details>", page)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", item)).split()) for item in items]


async def test_an_exercise_shows_each_combined_message_as_its_channel_would_send_it(desk: Desk, town: Town) -> None:
    async with town.sessions.begin() as session:
        for channel, address in ADDRESSES.items():
            receiver = Receiver(f"by {channel}", channel, address, language="en")
            await subscriptions.put(session, receiver, town.box)
    now = datetime.now(UTC)
    await town.report(*(mudflow(onset=now, received_at=now, severity="Moderate") for _ in range(ALERTS)))
    async with exercising(town):
        await town.settled(len(ADDRESSES))
        waiting = [message for message in await messages(desk) if "Combined message" in message]
        assert [message.count("Waits for the next combined message") for message in waiting] == [12] * 3
        await two_minutes_pass(town)
        await town.settled(len(ADDRESSES) * ALERTS)
    shown = await messages(desk)
    assert len(shown) == 2 * len(ADDRESSES), "for each receiver the first message, and the combined one"
    mail, chat, sms = (only(shown, f"by {channel}") for channel in ADDRESSES)
    assert "12 notifications: Moderate: Mudflow" in mail and mail.count("Acknowledge here: ") == 12
    assert ("Alerts: 12" in chat, "12. Moderate: " in chat, "Acknowledge 10" in chat) == (True, True, True)
    assert "Alerts: 12. Moderate: Mudflow" in sms and " more " in sms


async def test_messages_about_acts_name_the_person_and_the_mail_has_its_link_without_the_token(
    desk: Desk, town: Town
) -> None:
    async with town.sessions.begin() as session:
        for channel, address in ADDRESSES.items():
            receiver = Receiver(
                f"by {channel}", channel, address, language="en", kind=ReceiverKind.PERSON, account_id=uuid4()
            )
            await subscriptions.put(session, receiver, town.box)
    now = datetime.now(UTC)
    await town.report(mudflow(onset=now, received_at=now))
    async with exercising(town), desk.caller(name="Cholpon") as cholpon, desk.caller(name="Daniyar") as daniyar:
        await town.settled(len(ADDRESSES))
        (alert,) = (await cholpon.get("/v1/alerts")).json()["alerts"]
        for caller, act in ((cholpon, "acknowledgement"), (daniyar, "takeover"), (cholpon, "takeover")):
            assert (await caller.put(f"/v1/alerts/{alert['alert_id']}/{act}")).status_code == 200
        closing = {"verdict": "confirmed"}
        assert (await daniyar.put(f"/v1/alerts/{alert['alert_id']}/resolution", json=closing)).status_code == 200
        async with town.sessions.begin() as session:
            await session.execute(text("UPDATE deliveries SET due_at = now() WHERE settled_at IS NULL"))
        await town.settled(3 * len(ADDRESSES))
    shown = await messages(desk)
    for channel in ADDRESSES:
        acknowledged = [each for each in shown if f"by {channel}" in each and "Acknowledged: Cholpon, " in each]
        closed = [each for each in shown if f"by {channel}" in each and "Closed: Confirmed, Daniyar, " in each]
        assert acknowledged and closed, (channel, shown)
    raised = {channel: next(each for each in reversed(shown) if f"by {channel}" in each) for channel in ADDRESSES}
    mail, chat = raised[DeliveryChannel.EMAIL], raised[DeliveryChannel.TELEGRAM]
    assert "/alerts/answer?lang=en#**** This link acts in your name." in mail
    sent, _, edited = chat.partition("The message was edited since, and now shows:")
    assert "Acknowledge On behalf of…" in sent and "Closed: Confirmed, Daniyar, " not in sent
    assert "Closed: Confirmed, Daniyar, " in edited and "Acknowledge On behalf" not in edited
    async with desk.caller() as operator:
        deliveries = (await operator.get(f"/v1/alerts/{alert['alert_id']}")).json()["deliveries"]
    assert not any("is_first" in delivery for delivery in deliveries)


def only(shown: list[str], receiver: str) -> str:
    (message,) = [message for message in shown if receiver in message and "Combined message" in message]
    return message
