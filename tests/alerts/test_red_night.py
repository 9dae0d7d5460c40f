"""Tests a night with 200 alerts in one hour that nobody answers. Every receiver must still read all grave alerts."""

import asyncio
import itertools
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.alerts.channels import ChannelOut
from services.alerts.channels.email import EmailChannel
from services.alerts.channels.sms import SmsChannel
from services.alerts.channels.telegram import TelegramChannel
from services.alerts.delivery.deliveries import Deliveries
from services.alerts.delivery.next_contacts import NextContacts
from services.alerts.delivery.texts import Texts
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Contact, Receiver, ReceiverKind
from services.alerts.sms.gateway import gateway_of
from services.alerts.sms.sms_texts import SmsTexts
from services.alerts.telegram.bot_api import BotApi
from services.alerts.telegram.chat_messages import ChatMessages
from services.alerts.telegram.limits import ChatLimits
from shared.events import HazardReported
from shared.events.vocabulary import DeliveryChannel
from shared.outbound import Outbound
from shared.places import Places
from shared.postgres import notify
from tests.alerts import sms_gateways
from tests.alerts.bot_server import DESK, BotServer
from tests.alerts.factories import mudflow
from tests.alerts.mailbox import Box, settings_for
from tests.alerts.sms_gateways import Gateways
from tests.alerts.town import Town, notified
from tests.waiting import wait_for

EMAIL, TELEGRAM, SMS = DeliveryChannel.EMAIL, DeliveryChannel.TELEGRAM, DeliveryChannel.SMS
MODERATE, SEVERE, EXTREME = 140, 40, 20
GRAVE = re.compile("(Severe|Extreme): ")
PARTS, FLUSH = 30, 12
# Moves the times of everything that is stored into the past, except for the attempts that are under way.
LATER = """
UPDATE deliveries SET created_at = created_at - interval '2 minutes', planned_at = planned_at - interval '2 minutes',
    next_contact_at = next_contact_at - interval '2 minutes',
    due_at = due_at - CASE WHEN lease IS NULL THEN interval '2 minutes' ELSE interval '0' END
"""
UNCLAIMED = "SELECT count(*) FROM deliveries WHERE settled_at IS NULL AND lease IS NULL AND due_at <= now()"
UNSETTLED = "SELECT count(*) FROM deliveries WHERE settled_at IS NULL"


class RedNight:
    """The receivers of the night, and what they got on real servers."""

    def __init__(self, town: Town, box: Box, bot: BotServer, gateways: Gateways) -> None:
        self.town, self.box, self.bot, self.gateways = town, box, bot, gateways
        self.next_contacts = NextContacts(town.sessions, Places.load())

    async def receivers(self) -> None:
        desk = Receiver("desk", EMAIL, "desk@centre.example", language="en")
        chat = f"telegram:{DESK}"
        officer = Receiver("officer", TELEGRAM, chat, language="en", kind=ReceiverKind.PERSON)
        async with self.town.sessions.begin() as session:
            await subscriptions.put(session, desk, self.town.box)
            await subscriptions.put(session, officer, self.town.box, further=[Contact(SMS, "sms:+996700123456")])

    @asynccontextmanager
    async def sending(self, port: int, folder: Path) -> AsyncIterator[None]:
        mail, token = settings_for("127.0.0.1", port), folder / "bot-token"
        token.write_text(self.bot.token)
        changed: dict[str, Any] = {
            "alerts_smtp_host": mail.alerts_smtp_host,
            "alerts_smtp_port": mail.alerts_smtp_port,
            "alerts_mail_from": mail.alerts_mail_from,
            "alerts_telegram_api": self.bot.url,
            "alerts_telegram_token_file": str(token),
            "alerts_sms_profile": self.gateways.profile("json"),
            "alerts_sms_secret_file": str(self.gateways.secret_file),
            "outbound_allow": tuple(f"127.0.0.1:{each}" for each in (port, self.bot.port, self.gateways.port)),
        }
        settings, woken = self.town.settings.model_copy(update=changed), asyncio.Event()
        texts = Texts.of_installation(Places.load(), settings)
        short = SmsTexts.of_installation(texts, settings)
        async with Outbound(settings, seconds=5) as outbound, asyncio.TaskGroup() as group:
            limits = ChatLimits(clock=itertools.count(step=10.0).__next__)  # the chat's pauses are over at once
            sessions = self.town.sessions
            channels: dict[DeliveryChannel, ChannelOut] = {
                EMAIL: EmailChannel(settings, outbound, texts),
                TELEGRAM: TelegramChannel(BotApi(settings, outbound), ChatMessages(texts), sessions, limits),
                SMS: SmsChannel(settings, gateway_of(settings, outbound), short, sessions),
            }
            running = (
                notify.listen(self.town.engine, "alerts_deliveries", woken),
                Deliveries(settings, self.town.engine, channels, woken).run(),
            )
            tasks = [group.create_task(each) for each in running]
            yield
            for task in tasks:
                task.cancel()

    async def pass_part(self, *hazards: HazardReported) -> None:
        """Reports the hazards. Then two minutes pass, and everything that is due is sent."""
        await self.town.report(*hazards)
        async with self.town.sessions.begin() as session:
            await session.execute(text(LATER))
        await self.next_contacts.notify()
        await notified(self.town)
        await wait_for(lambda: self.is_none(UNCLAIMED))

    async def is_none(self, counting: str) -> bool:
        async with self.town.sessions() as session:
            return not await session.scalar(text(counting))

    def got(self) -> dict[str, list[str]]:
        """The first words of the messages that arrived, by channel."""
        return {
            "mail": [str(mail["Subject"]) for mail in self.box.mails],
            "telegram": [str(message["text"]) for message in self.bot.sent(DESK)],
            "sms": [str(message["text"]) for message in self.gateways.messages],
        }


def hazards_of_the_night() -> list[HazardReported]:
    """200 hazards in random order.

    The grave hazards have another type, so that their alerts do not inhibit the other alerts.
    """
    severities = ["Moderate"] * MODERATE + ["Severe"] * SEVERE + ["Extreme"] * EXTREME
    order, now = random.Random(1), datetime.now(UTC)
    order.shuffle(severities)
    districts = [district.pcode for district in Places.load().units(2)]
    return [
        mudflow(
            type="river_flood" if severity == "Moderate" else "mudflow",
            severity=severity,
            onset=now,
            area={"pcodes": [order.choice(districts)]},
        )
        for severity in severities
    ]


@pytest.mark.anyio
async def test_in_a_red_night_grave_alerts_come_singly_and_the_others_in_few_digests(
    town: Town, port: int, box: Box, bot: BotServer, tmp_path: Path
) -> None:
    hazards = hazards_of_the_night()
    async with sms_gateways.serving(tmp_path) as gateways:
        night = RedNight(town, box, bot, gateways)
        await night.receivers()
        async with night.sending(port, tmp_path):
            for part in range(PARTS):
                await night.pass_part(*hazards[part * len(hazards) // PARTS : (part + 1) * len(hazards) // PARTS])
            for _ in range(FLUSH):
                await night.pass_part()
            await wait_for(lambda: night.is_none(UNSETTLED))
    rows = await town.rows()
    sent = {(row["recipient"], row["channel"], row["alert_id"]) for row in rows if row["is_delivered"]}
    assert len(sent) == len(rows) == 3 * len(hazards), "each alert reached each contact once"
    got = night.got()
    grave = {channel: [words for words in messages if GRAVE.match(words)] for channel, messages in got.items()}
    assert {channel: len(messages) for channel, messages in grave.items()} == dict.fromkeys(got, SEVERE + EXTREME)
    others = {channel: len(messages) - len(grave[channel]) for channel, messages in got.items()}
    assert 10 < others["mail"] <= 40, others
    assert 10 < others["telegram"] + others["sms"] <= 40, others
