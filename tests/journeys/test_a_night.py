"""One night of an alert, through the running services. Local servers stand in for Telegram and the SMS gateway.

Nobody answers the messages in Telegram. The officer on duty acknowledges the alert by SMS, and does nothing more. The
head of shift takes the alert over, and later hands it over to the next shift. Instead of waiting, the test moves the
stored times into the past.
"""

import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import Interval, bindparam, insert, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts import presences
from services.alerts.config import AlertsSettings
from services.alerts.models import Binding
from services.alerts.queries import rosters as roster_queries
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Contact, Receiver, ReceiverKind
from services.alerts.receivers.secrets import WebhookSecrets
from services.alerts.rosters.rosters import Roster
from shared.auth.tokens import Role
from shared.country import TIME_ZONE
from shared.events.vocabulary import DeliveryChannel, Severity
from shared.postgres import database
from tests.alerts import bot_server, sms_gateways
from tests.alerts.bot_server import TOKEN, BotServer, texts_of
from tests.alerts.factories import KADAMJAI, LEILEK
from tests.alerts.phones import SECRET
from tests.alerts.shift import data_of_button
from tests.alerts.sms_gateways import Gateways
from tests.clients import PLAIN
from tests.installation import Installation
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

DASTAN, NURLAN, BERMET = 42, 43, 77  # the Telegram chats of two officers, and of the head of shift
NUMBER = "996700123456"
STALLED = "Принято, но"
NOTES = "Мост через Исфайрам закрыт."
MINUTE = timedelta(minutes=1)
# Each tuple contains the statements of one transaction, which changes one table. The transaction first locks the table.
# A deadlock with a worker is therefore impossible.
PASS = (
    (
        "LOCK TABLE deliveries IN EXCLUSIVE MODE",
        "UPDATE deliveries SET next_contact_at = next_contact_at - :time WHERE next_contact_at IS NOT NULL",
        "UPDATE deliveries SET due_at = due_at - :time WHERE settled_at IS NULL",
    ),
    (
        "LOCK TABLE alerts IN EXCLUSIVE MODE",
        "UPDATE alerts SET escalates_at = escalates_at - :time, waits_since = waits_since - :time",
    ),
)


@dataclass
class Night:
    installation: Installation
    bot: BotServer
    gateways: Gateways
    sessions: async_sessionmaker[AsyncSession]
    box: WebhookSecrets
    base_url: str = ""
    accounts: dict[str, UUID] = field(default_factory=dict)

    async def person(self, name: str, role: Role, chat: int, *further: Contact, **changed: Any) -> None:
        account, now = uuid4(), datetime.now(UTC)
        self.accounts[name], self.bot.messages[chat] = account, {}
        person = {"kind": ReceiverKind.PERSON, "account_id": account, "language": "ru", **changed}
        receiver = Receiver(name, DeliveryChannel.TELEGRAM, f"telegram:{chat}", **person)
        async with self.sessions.begin() as session:
            await subscriptions.put(session, receiver, self.box, further=further)
            bound = {"channel": "telegram", "identity": str(chat), "account_id": account, "name": name}
            rights = {"roles": [role], "areas": ["KG"], "issued_at": now, "bound_at": now}
            await session.execute(insert(Binding).values(**bound, **rights))

    async def roster(self, *people: str) -> None:
        begun = datetime.now(TIME_ZONE) - timedelta(hours=1)
        layer = {"name": "days", "people": people, "shift_days": 1}
        layer |= {"start": begun.date(), "handover": f"{begun:%H:%M}"}
        async with self.sessions.begin() as session:
            await roster_queries.save(session, Roster.model_validate({"name": "centre", "layers": [layer]}))

    async def passes(self, time: timedelta) -> None:
        """Moves the stored times into the past. The workers then act at once."""
        for lock, *statements in PASS:
            async with self.sessions.begin() as session:
                await session.execute(text(lock))
                for statement in statements:
                    await session.execute(text(statement).bindparams(bindparam("time", time, Interval)))

    async def reports(self, pcode: str) -> None:
        now = datetime.now(UTC).isoformat()
        body = {
            "report_id": str(uuid4()),
            "source": "cmc",
            "source_id": str(uuid4()),
            "type": "mudflow",
            "severity": "Severe",
            "area": {"pcodes": [pcode]},
            "onset": now,
            "reported_at": now,
        }
        async with self.caller("operator", Role.OPERATOR) as operator:
            assert (await operator.post("/intake/v1/hazards", json=body)).status_code == 202

    async def replies(self, typed: str) -> str:
        known = len(self.gateways.messages)
        async with httpx.AsyncClient(base_url=self.base_url, verify=PLAIN, trust_env=False, timeout=30) as client:
            body = {"from": NUMBER, "text": typed, "id": typed}
            headers = {"authorization": f"Bearer {SECRET}"}
            for _ in range(2):
                assert (await client.post("/alerts/v1/sms/inbound", json=body, headers=headers)).status_code == 200
        (answer,) = await wait_for(lambda: self.gateways.messages[known:])
        return str(answer["text"])

    async def sms(self, words: str) -> str:
        sent = await wait_for(lambda: [each["text"] for each in self.gateways.messages if words in each["text"]])
        return str(sent[0])

    async def chat(self, chat: int, words: str) -> dict[str, Any]:
        return (await wait_for(lambda: [each for each in self.bot.sent(chat) if words in each["text"]]))[0]

    async def has_button(self, message: dict[str, Any], button: str) -> bool:
        """Returns whether the message has the button.

        The edit of a message waits for a minute if the chat has just got a new message. The test therefore moves the
        edit's time too.
        """
        async with self.sessions.begin() as session:
            await session.execute(text("UPDATE telegram_messages SET edit_at = now() WHERE edit_at IS NOT NULL"))
        return button in texts_of(message)

    async def alert(self) -> dict[str, Any]:
        async with self.caller("operator", Role.OPERATOR) as operator:
            (alert,) = (await operator.get("/alerts/v1/alerts")).json()["alerts"]
        found: dict[str, Any] = alert
        return found

    def caller(self, name: str, role: Role) -> httpx.AsyncClient:
        account = self.accounts.get(name, uuid4())
        token = self.installation.token(roles=[role], name=name, account=account, sources=["cmc"])
        headers = {"authorization": f"Bearer {token}", "sec-fetch-site": "same-origin"}
        return httpx.AsyncClient(base_url=self.base_url, headers=headers, verify=PLAIN, trust_env=False, timeout=30)


@pytest.fixture
async def night(installation: Installation, tmp_path: Path) -> AsyncIterator[Night]:
    (token := tmp_path / "bot-token").write_text(TOKEN)
    (inbound_secret := tmp_path / "inbound-secret").write_text(SECRET)
    settings = installation.settings(AlertsSettings)
    async with AsyncExitStack() as stack:
        bot = await stack.enter_async_context(bot_server.serving())
        gateways = await stack.enter_async_context(sms_gateways.serving(tmp_path))
        profile = gateways.profile("json")
        usual, inbound = profile.read_text().split("#[inbound]")
        profile.write_text(usual + "[inbound]" + inbound.replace("\n#", "\n"))
        env = {
            "ALERTS_TELEGRAM_API": bot.url,
            "ALERTS_TELEGRAM_TOKEN_FILE": str(token),
            "ALERTS_SMS_PROFILE": str(profile),
            "ALERTS_SMS_SECRET_FILE": str(gateways.secret_file),
            "ALERTS_SMS_INBOUND_SECRET_FILE": str(inbound_secret),
            "OUTBOUND_ALLOW": json.dumps([f"127.0.0.1:{bot.port}", f"127.0.0.1:{gateways.port}"]),
        }
        engine = database.engine(settings)
        stack.push_async_callback(engine.dispose)
        night = Night(installation, bot, gateways, database.sessions(engine), WebhookSecrets(settings.alerts_key_file))
        async with night.sessions.begin() as session:  # somebody watches a board, so the policy's delays are not halved
            at = datetime.now(UTC) + timedelta(days=3650)
            await presences.note(session, uuid4(), uuid4(), at, at)
        sms = Contact(DeliveryChannel.SMS, f"sms:+{NUMBER}")
        await night.roster("dastan", "nurlan")
        await night.person("dastan", Role.OPERATOR, DASTAN, sms, wait_seconds=300, roster="centre")
        await night.person("nurlan", Role.OPERATOR, NURLAN, roster="centre")
        await night.person("bermet", Role.DUTY_HEAD, BERMET, is_duty_head=True, floor=Severity.EXTREME)
        for service in ("intake", "alerts"):
            installation.start(service, "worker", env=env)
        night.base_url = installation.web(env=env).base_url
        yield night


async def test_a_forgotten_alert_returns_and_the_head_of_shift_takes_it_over_and_hands_over(night: Night) -> None:
    await night.reports(KADAMJAI)
    await night.chat(DASTAN, "Сель")
    assert not night.gateways.messages
    await night.passes(6 * MINUTE)
    (code,) = re.findall(r"1 (\d{4})", await night.sms("Сель"))
    assert not night.bot.sent(BERMET)
    await night.passes(5 * MINUTE)
    first = (await night.chat(BERMET, "Не принято"))["message_id"]
    assert "Принято вами" in await night.replies(f"1 {code}")

    await night.passes(60 * MINUTE)
    shown = night.bot.messages[BERMET]
    await wait_for(lambda: STALLED in shown[first]["text"])
    assert (await night.alert())["demand"] == "action"
    assert (await night.replies(f"5 {code}")).startswith("В работе: ")
    await wait_for(lambda: night.has_button(shown[first], "Взять на себя"), every=0.5)
    night.bot.sends_data(data_of_button(shown[first], "Взять на себя"), shown[first], BERMET)
    await night.chat(BERMET, "В работе: bermet")
    await night.chat(DASTAN, "Теперь у другого")
    refused = await night.replies(f"6 {code} 2")
    assert refused.startswith("Не выполнено: уже действовали другие.") and "bermet" in refused

    await night.roster("nurlan", "dastan")
    async with night.caller("bermet", Role.DUTY_HEAD) as bermet:
        sheet = (await bermet.get("/alerts/shift-handover", params={"lang": "ru"})).text
        assert "дежурит: nurlan" in sheet and "В работе: bermet" in sheet
        handover = {"to": str(night.accounts["nurlan"]), "notes": NOTES}
        assert (await bermet.post("/alerts/shift-handover", data=handover)).status_code == 303
        sheet = (await bermet.get("/alerts/shift-handover", params={"lang": "ru"})).text
        assert "bermet → nurlan" in sheet and NOTES in sheet
        page = (await bermet.get(f"/alerts/{(await night.alert())['alert_id']}", params={"lang": "en"})).text
    timeline = re.sub(r"<[^>]+>|\s+", " ", page.partition('class="timeline"')[2].partition("</ol>")[0])
    assert re.search(r"Acknowledged +dastan, by SMS .* In progress +dastan, by SMS .* bermet, in Telegram", timeline)
    known = len(night.bot.sent(DASTAN))
    await night.reports(LEILEK)
    await night.chat(NURLAN, "Сель")
    assert len(night.bot.sent(DASTAN)) == known, "only the officer of the new shift is notified"
