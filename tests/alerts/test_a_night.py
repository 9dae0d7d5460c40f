"""Tests one night of an alert. Nobody answers in Telegram. A person acknowledges by SMS, but does nothing more.

The duty head takes the alert over. Local servers stand in for Telegram and the SMS gateway. The test moves a clock
instead of waiting.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import insert

from services.alerts import presences
from services.alerts.acts.acts import ActChannel
from services.alerts.acts.replies import Replies
from services.alerts.app import create_app
from services.alerts.channels.sms import SmsChannel
from services.alerts.delivery.deliveries import Deliveries
from services.alerts.delivery.next_contacts import NextContacts
from services.alerts.escalation import Escalation
from services.alerts.models import Binding
from services.alerts.queries import alerts as alert_queries
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Contact, Receiver, ReceiverKind
from services.alerts.sms.gateway import gateway_of
from services.alerts.sms.sms_texts import SmsTexts
from services.alerts.telegram.answering import Answering
from services.alerts.telegram.bot_api import BotApi
from services.alerts.telegram.chat_messages import ChatMessages
from services.alerts.telegram.limits import ChatLimits
from services.alerts.telegram.polling import Polling
from shared.auth import revocation_snapshots
from shared.auth.revocations import Revocations
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel, Demand, Work
from shared.outbound import Outbound
from shared.places import Places
from shared.postgres import notify
from tests.alerts.bot_server import DESK, BotServer, texts_of
from tests.alerts.bureau import Bureau
from tests.alerts.desk import Desk
from tests.alerts.factories import rules
from tests.alerts.phones import SECRET
from tests.alerts.sms_gateways import Gateways, serving
from tests.alerts.test_telegram_answers import data_of_button
from tests.alerts.town import Town
from tests.installation import Installation
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

TELEGRAM, SMS = DeliveryChannel.TELEGRAM, DeliveryChannel.SMS
OFFICER_CHAT, HEAD_CHAT = DESK, 77
NUMBER = "996700123456"


class Watch(Bureau):
    """The officer on duty, the duty head, and the workers of the alerts service with a clock that is moved."""

    gateways: Gateways
    desk: Desk
    passed = timedelta()

    @cached_property
    def escalation(self) -> Escalation:
        return Escalation(self.town.sessions, rules(), Places.load(), clock=self.clock)

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.passed

    async def person(self, name: str, step: int, chat: int, *further: Contact, **changed: Any) -> None:
        account, now = uuid4(), datetime.now(UTC)
        person = {"kind": ReceiverKind.PERSON, "account_id": account, "language": "ru", "step": step, **changed}
        async with self.town.sessions.begin() as session:
            receiver = Receiver(name, TELEGRAM, f"telegram:{chat}", **person)
            await subscriptions.put(session, receiver, self.town.box, further=further)
            bound = {"channel": "telegram", "identity": str(chat), "account_id": account, "name": name}
            rights = {"roles": [Role.DUTY_HEAD], "areas": ["KG"], "issued_at": now, "bound_at": now}
            await session.execute(insert(Binding).values(**bound, **rights))

    async def passes(self, time: timedelta) -> int:
        """Moves the clock, notifies the next contacts and escalates alerts. Returns the number of escalated alerts."""
        self.passed += time
        while await NextContacts(self.town.sessions, Places.load(), clock=self.clock).notify():
            pass
        return await self.escalation.escalate()

    async def escalates_after(self, time: timedelta) -> None:
        """Moves the clock until an alert escalates.

        The escalation skips an alert whose delivery is being recorded, so it is called again.
        """
        assert await self.passes(time) or await wait_for(self.escalation.escalate)

    async def replies(self, typed: str) -> str:
        """The gateway hands over the officer's reply; returns the text of the answer."""
        known = len(self.gateways.messages)
        async with httpx.AsyncClient(transport=self.desk.transport, base_url="http://127.0.0.1") as client:
            body = {"from": NUMBER, "text": typed, "id": "in-1"}
            headers = {"authorization": f"Bearer {SECRET}"}
            for _ in range(2):  # the gateway hands the message over twice
                assert (await client.post("/v1/sms/inbound", json=body, headers=headers)).status_code == 200
        (answer,) = self.gateways.messages[known:]
        return str(answer["text"])

    async def sms(self) -> str:
        return str((await wait_for(lambda: self.gateways.messages[-1:]))[0]["text"])

    async def state(self, alert_id: UUID) -> tuple[Work, Demand | None]:
        async with self.town.sessions() as session:
            alert = await alert_queries.alert(session, alert_id)
        assert alert is not None
        return alert.work, alert.demand

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Runs the deliveries by both channels, and asks Telegram for updates."""
        woken, places = asyncio.Event(), Places.load()
        short_texts = SmsTexts.of_installation(self.texts, self.settings)
        async with self.channel() as telegram, Outbound(self.settings, seconds=5) as outbound:
            short = SmsChannel(self.settings, gateway_of(self.settings, outbound), short_texts, self.town.sessions)
            api, access = BotApi(self.settings, outbound), Revocations(self.settings)
            replies = Replies(rules(), places, self.town.box, access, ActChannel.TELEGRAM)
            answering = Answering(replies, self.town.box, ChatMessages(self.texts))
            loops = (
                notify.listen(self.town.engine, "alerts_deliveries", woken),
                Deliveries(self.settings, self.town.engine, {TELEGRAM: telegram, SMS: short}, woken).run(),
                Polling(api, api, self.town.engine, self.town.sessions, answering, ChatLimits()).run(),
            )
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(loop) for loop in loops]
                yield
                for task in tasks:
                    task.cancel()


@pytest.fixture
async def watch(town: Town, bot: BotServer, tmp_path: Path, shared_installation: Installation) -> AsyncIterator[Watch]:
    secret = tmp_path / "inbound-secret"
    secret.write_text(SECRET)
    async with AsyncExitStack() as stack:
        gateways = await stack.enter_async_context(serving(tmp_path))
        profile = gateways.profile("json")
        usual, inbound = profile.read_text().split("#[inbound]")
        profile.write_text(usual + "[inbound]" + inbound.replace("\n#", "\n"))
        made = Watch(
            town,
            bot,
            tmp_path,
            alerts_sms_profile=profile,
            alerts_sms_secret_file=str(gateways.secret_file),
            alerts_sms_inbound_secret_file=str(secret),
            outbound_allow=(f"127.0.0.1:{bot.port}", f"127.0.0.1:{gateways.port}"),
        )
        bot.messages[HEAD_CHAT] = {}
        async with town.sessions.begin() as session:  # a board is attended, so no delay is halved
            at = datetime.now(UTC) + timedelta(days=3650)
            await presences.note(session, uuid4(), uuid4(), at, at)
        revocation_snapshots.save(revocation_snapshots.file_of(made.settings), datetime.now(UTC), [])
        app = create_app(made.settings.model_copy(update={"public_url": town.settings.public_url}))
        await stack.enter_async_context(app.router.lifespan_context(app))
        made.gateways, made.desk = gateways, Desk(shared_installation, town.engine, httpx.ASGITransport(app))
        yield made


async def test_an_acknowledged_and_forgotten_alert_returns_and_the_duty_head_takes_it_over(watch: Watch) -> None:
    await watch.person("dastan", 0, OFFICER_CHAT, Contact(SMS, f"sms:+{NUMBER}"), wait_seconds=300)
    await watch.person("bermet", 1, HEAD_CHAT)
    async with watch.working():
        alert_id = await watch.alert()
        await watch.bot.message(chat=OFFICER_CHAT)
        assert not watch.gateways.messages
        assert await watch.passes(timedelta(minutes=6)) == 0
        (code,) = re.findall(r"1 (\d{4})", await watch.sms())
        await watch.escalates_after(timedelta(minutes=5))
        asked = await watch.bot.message(chat=HEAD_CHAT)
        assert "Не принято" in asked["text"]
        assert "Принято вами" in await watch.replies(f"1 {code}")
        assert await watch.state(alert_id) == (Work.ACKNOWLEDGED, None)
        await watch.escalates_after(timedelta(hours=1))
        assert await watch.state(alert_id) == (Work.ACKNOWLEDGED, Demand.ACTION)
        await watch.bot.message(2, chat=HEAD_CHAT)
        shown = watch.bot.messages[HEAD_CHAT]
        await wait_for(lambda: "Принято: dastan" in shown[asked["message_id"]]["text"])
        data = data_of_button(shown[asked["message_id"]], "Взять в работу")
        watch.bot.sends_data(data, asked, HEAD_CHAT)
        await wait_for(lambda: is_at_work(watch, alert_id))
        await wait_for(lambda: "В работе: bermet" in shown[asked["message_id"]]["text"])
        assert texts_of(shown[asked["message_id"]])[0] == "Взять на себя"
        assert await watch.passes(timedelta(hours=8)) == 0, "the alert is in somebody's hands"
    async with watch.desk.caller(name="next shift") as caller:
        page = (await caller.get(f"/{alert_id}", params={"lang": "en"})).text
    timeline = re.sub(r"<[^>]+>|\s+", " ", page.partition('class="timeline"')[2].partition("</ol>")[0])
    assert re.search(r"Acknowledged +dastan, by SMS .* In progress +bermet, in Telegram", timeline)


async def is_at_work(watch: Watch, alert_id: UUID) -> bool:
    return (await watch.state(alert_id))[0] is Work.IN_PROGRESS
