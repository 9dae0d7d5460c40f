"""Tests a night with 200 alerts in one hour.

Every receiver gets all messages about grave alerts, but only few messages about milder alerts.

Most alerts about milder hazards escalate: nobody acts on them in time. Some of the escalating alerts are
acknowledged or closed. Some alerts get a larger area or a higher severity.
"""

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

from services.alerts.acts.answers import Answers
from services.alerts.channels import ChannelOut
from services.alerts.channels.email import EmailChannel
from services.alerts.channels.sms import SmsChannel
from services.alerts.channels.telegram import TelegramChannel
from services.alerts.delivery.deliveries import Deliveries
from services.alerts.delivery.next_contacts import NextContacts
from services.alerts.delivery.texts import Texts
from services.alerts.escalation import Escalation
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Contact, Receiver, ReceiverKind
from services.alerts.sms.gateway import gateway_of
from services.alerts.sms.sms_texts import SmsTexts
from services.alerts.telegram.bot_api import BotApi
from services.alerts.telegram.chat_messages import ChatMessages
from services.alerts.telegram.limits import ChatLimits
from shared.events import HazardReported
from shared.events.vocabulary import DeliveryChannel, Verdict
from shared.outbound import Outbound
from shared.places import Places
from shared.postgres import notify
from tests.alerts import sms_gateways
from tests.alerts.bot_server import DESK, BotServer
from tests.alerts.factories import NOBODY_REVOKED, mudflow, rules
from tests.alerts.mailbox import Box, settings_for
from tests.alerts.night import OPERATOR
from tests.alerts.sms_gateways import Gateways
from tests.alerts.town import Town, notified
from tests.waiting import wait_for

EMAIL, TELEGRAM, SMS = DeliveryChannel.EMAIL, DeliveryChannel.TELEGRAM, DeliveryChannel.SMS
MODERATE, SEVERE, EXTREME = 140, 40, 20
GRAVE = re.compile("(Severe|Extreme): ")
HEAD = 43  # the number of the Telegram chat of the head of shift
PHONES = {"officer": "+996700123456", "head": "+996700654321"}
MOST_IN_AN_HOUR = 40
PARTS, FLUSH = 30, 6  # each part lasts two minutes; six quiet parts end the night
UPDATED_EVERY = 6  # the mildest hazard becomes severe after this number of parts
# Moves all stored times two minutes into the past. For each table, a transaction of its own locks and changes the
# table. In a transaction for all tables, the statement LATER and a sender that stores results could deadlock.
LATER = """
UPDATE deliveries SET created_at = created_at - interval '2 minutes', planned_at = planned_at - interval '2 minutes',
    next_contact_at = next_contact_at - interval '2 minutes', due_at = due_at - interval '2 minutes'
"""
# The grave alerts do not escalate, because people act on each of them.
LATER_ALERTS = """
UPDATE alerts SET waits_since = waits_since - interval '2 minutes',
    escalates_at = CASE severity WHEN 'Moderate' THEN escalates_at - interval '2 minutes' END
"""
OPEN = """
SELECT alert_id FROM alerts WHERE severity = 'Moderate' AND acknowledged_at IS NULL AND resolved_at IS NULL
ORDER BY waits_since LIMIT 2
"""
DUE = "SELECT count(*) FROM deliveries WHERE settled_at IS NULL AND (lease IS NOT NULL OR due_at <= now())"


class RedNight:
    def __init__(self, town: Town, box: Box, bot: BotServer, gateways: Gateways) -> None:
        self.town, self.box, self.bot, self.gateways = town, box, bot, gateways
        self.next_contacts = NextContacts(town.sessions, Places.load())
        self.escalation = Escalation(town.sessions, rules(), Places.load())
        # per receiver: the number of messages about milder alerts after each part of the night
        self.counts: dict[str, list[int]] = {"desk": [], "officer": [], "head": []}

    async def receivers(self) -> None:
        self.bot.messages[HEAD] = {}
        person: dict[str, Any] = {"language": "en", "kind": ReceiverKind.PERSON}
        numbers = {label: Contact(SMS, f"sms:{number}") for label, number in PHONES.items()}
        receivers: tuple[tuple[Receiver, list[Contact]], ...] = (
            (Receiver("desk", EMAIL, "desk@centre.example", language="en"), []),
            (
                Receiver("officer", TELEGRAM, f"telegram:{DESK}", **person),
                [numbers["officer"], Contact(EMAIL, "officer@centre.example")],
            ),
            (Receiver("head", TELEGRAM, f"telegram:{HEAD}", step=1, **person), [numbers["head"]]),
        )
        async with self.town.sessions.begin() as session:
            for receiver, further in receivers:
                await subscriptions.put(session, receiver, self.town.box, further=further)

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
            limits = ChatLimits(
                clock=itertools.count(step=10.0).__next__
            )  # the clock advances by 10 seconds at each reading, so that no chat demands a pause
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
        await self.town.report(*hazards)
        await self.answer()
        async with self.town.sessions.begin() as session:
            await session.execute(text("LOCK TABLE deliveries IN EXCLUSIVE MODE"))
            await session.execute(text(LATER))
        async with self.town.sessions.begin() as session:
            await session.execute(text("LOCK TABLE alerts IN EXCLUSIVE MODE"))
            await session.execute(text(LATER_ALERTS))
        while await self.escalation.escalate() or await self.next_contacts.notify():
            pass
        await notified(self.town)
        await wait_for(lambda: self.is_none(DUE))
        for receiver, counts in self.counts.items():
            counts.append(sum(not GRAVE.match(words) for words in self.got(receiver)))

    async def answer(self) -> None:
        async with self.town.sessions.begin() as session:
            answers = Answers(session, rules(), Places.load(), NOBODY_REVOKED, datetime.now(UTC))
            for number, alert_id in enumerate((await session.scalars(text(OPEN))).all()):
                if number:
                    await answers.resolve(alert_id, OPERATOR, Verdict.FALSE_ALARM)
                else:
                    await answers.acknowledge(alert_id, OPERATOR)

    async def is_none(self, counting: str) -> bool:
        async with self.town.sessions() as session:
            return not await session.scalar(text(counting))

    def got(self, receiver: str) -> list[str]:
        chat, phone = {"officer": DESK, "head": HEAD}.get(receiver), PHONES.get(receiver)
        mails = [str(mail["Subject"]) for mail in self.box.mails if str(mail["To"]).startswith(f"{receiver}@")]
        chats = [str(message["text"]) for message in self.bot.sent(chat)] if chat else []
        return [*mails, *chats, *(str(each["text"]) for each in self.gateways.messages if f"+{each['to']}" == phone)]

    def most_in_an_hour(self, receiver: str) -> int:
        counts = [0] * PARTS + self.counts[receiver]
        return max(after - before for before, after in zip(counts, counts[PARTS:], strict=False))


def hazards_of_the_night() -> list[HazardReported]:
    """Returns 200 hazards in random order.

    The grave hazards have a type of their own, so that their alerts do not inhibit the milder alerts.
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


def updated(hazard: HazardReported, **changed: Any) -> HazardReported:
    fields = {"hazard_id": hazard.hazard_id, "msg_type": "Update", "revision": 2, "onset": hazard.onset}
    return mudflow(**{"type": hazard.type, "area": hazard.area, "severity": hazard.severity, **fields, **changed})


@pytest.mark.anyio
async def test_in_a_red_night_grave_alerts_come_singly_and_the_others_in_few_digests(
    town: Town, port: int, box: Box, bot: BotServer, tmp_path: Path
) -> None:
    hazards, districts = hazards_of_the_night(), [district.pcode for district in Places.load().units(2)]
    size, former, graver = len(hazards) // PARTS + 1, list[HazardReported](), 0
    async with sms_gateways.serving(tmp_path) as gateways:
        night = RedNight(town, box, bot, gateways)
        await night.receivers()
        async with night.sending(port, tmp_path):
            for part in range(PARTS):
                new, milder = hazards[part * size : (part + 1) * size], former[:2]
                former = [hazard for hazard in new if hazard.severity == "Moderate"]
                changes = [updated(milder[-1], area={"pcodes": districts})] if milder else []
                if milder and part % UPDATED_EVERY == 0:
                    changes, graver = [updated(milder[0], severity="Severe")], graver + 1
                await night.pass_part(*new, *changes)
            for _ in range(FLUSH):
                await night.pass_part()
    rows = [row for row in await town.rows() if row["attempts"]]
    assert all(row["is_delivered"] for row in rows)
    reached = {receiver: {row["alert_id"] for row in rows if row["recipient"] == receiver} for receiver in night.counts}
    assert len(reached["desk"]) == len(reached["officer"]) == len(hazards), "each alert reached both"
    assert len(reached["head"]) > MODERATE / 2 and {row["cause"] for row in rows} >= {"widened", "resolved"}
    grave = {each: sum(bool(GRAVE.match(words)) for words in night.got(each)) for each in night.counts}
    alerts = SEVERE + EXTREME + graver
    assert grave == {"desk": alerts, "officer": 3 * alerts, "head": 0} and graver > 2
    most = {receiver: night.most_in_an_hour(receiver) for receiver in night.counts}
    assert all(10 < count <= MOST_IN_AN_HOUR for count in most.values()), most
