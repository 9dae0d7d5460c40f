"""People get alerts by SMS and reply to the messages. A real HTTP server plays the SMS gateway."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import insert, text

from services.alerts.channels import Job
from services.alerts.channels.sms import SmsChannel
from services.alerts.config import AlertsSettings
from services.alerts.delivery.notices import Cause
from services.alerts.delivery.texts import Texts
from services.alerts.models import Binding
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.sms.gateway import gateway_of
from services.alerts.sms.sms_texts import SmsTexts
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel
from shared.outbound import Outbound
from shared.places import Places
from tests.alerts.desk import Desk, fresh
from tests.alerts.jobs import job_to
from tests.alerts.sms_gateways import Gateways

SECRET = "secret-of-the-gateway-that-calls-us"
MUDFLOW: dict[str, Any] = {"type": "mudflow", "magnitude": None, "depth_km": None, "severity": "Severe"}


@dataclass
class Phones:
    desk: Desk
    gateways: Gateways
    settings: AlertsSettings
    accounts: dict[str, UUID] = field(default_factory=dict)
    ids: int = 0
    ids_of_messages: list[str] = field(default_factory=list)

    async def person(self, name: str, digits: str, *, is_bound: bool = True) -> None:
        account, now = uuid4(), datetime.now(UTC)
        self.accounts[name] = account
        receiver = Receiver(
            name, DeliveryChannel.SMS, f"sms:+{digits}", language="en", kind=ReceiverKind.PERSON, account_id=account
        )
        rights = {"roles": [Role.OPERATOR], "areas": ["KG"], "issued_at": now, "bound_at": now}
        async with self.desk.sessions.begin() as session:
            await receiver_queries.save_receiver(session, receiver)
            if is_bound:
                bound = {"channel": "telegram", "identity": name, "account_id": account, "name": name}
                await session.execute(insert(Binding).values(**bound, **rights))

    async def raised(self) -> tuple[UUID, dict[str, str]]:
        """Raises an alert and sends its messages.

        Returns the alert's id, and maps each telephone number to the code in its message.
        """
        (alert,) = await self.desk.alerts(fresh(**MUDFLOW))
        return alert, await self.codes(alert, Cause.RAISED)

    async def codes(self, alert: UUID, cause: Cause) -> dict[str, str]:
        statement = text("SELECT * FROM deliveries WHERE alert_id = :alert AND cause = :cause ORDER BY recipient")
        async with self.desk.sessions.begin() as session:
            rows = (await session.execute(statement, {"alert": alert, "cause": cause})).mappings().all()
            known = {receiver.label: receiver for receiver in await receiver_queries.receivers(session)}
        self.gateways.messages.clear()
        for row in rows:
            job = replace(job_to(known[row["recipient"]]), delivery_id=row["delivery_id"], alert_id=alert)
            await self.send(replace(job, content=row["content"], cause=row["cause"]))
        codes = {sent["to"]: re.findall(r"reply: 1 (\d{4})", sent["text"])[0] for sent in self.gateways.messages}
        self.gateways.messages.clear()
        return codes

    async def combined(self, alerts: Sequence[UUID]) -> tuple[str, str]:
        statement = text(
            "UPDATE deliveries SET attempts = 1 WHERE alert_id = ANY(:alerts) AND cause = 'raised' RETURNING *"
        )
        async with self.desk.sessions.begin() as session:
            rows = (await session.execute(statement, {"alerts": list(alerts)})).mappings().all()
            (receiver,) = await receiver_queries.receivers(session)
        first, *others = [
            replace(job_to(receiver), delivery_id=row["delivery_id"], alert_id=row["alert_id"], content=row["content"])
            for row in rows
        ]
        await self.send(replace(first, companions=tuple(others)))
        message = self.gateways.messages.pop()
        self.ids_of_messages.append(message["client_id"])
        before, code, after = re.split(r"(?<=reply: 1 )(\d{4})", message["text"])
        return before + after, code

    async def send(self, job: Job) -> None:
        texts = SmsTexts.of_installation(Texts.of_installation(Places.load(), self.settings), self.settings)
        async with Outbound(self.settings, seconds=5) as outbound:
            channel = SmsChannel(self.settings, gateway_of(self.settings, outbound), texts, self.desk.sessions)
            assert job.receiver is not None
            await channel.send(job, job.receiver)

    async def post(self, content: Any, secret: str = SECRET) -> httpx.Response:
        headers = {"authorization": f"Bearer {secret}"}
        async with httpx.AsyncClient(transport=self.desk.transport, base_url="http://127.0.0.1") as client:
            return await client.post("/v1/sms/inbound", json=content, headers=headers)

    async def reply(self, digits: str, typed: str, id: str | None = None) -> str | None:
        self.ids += 1
        taken = await self.post({"from": digits, "text": typed, "id": id or f"in-{self.ids}"})
        assert taken.status_code == 200
        answers = [self.gateways.messages.pop() for _ in self.gateways.messages[:]]
        assert all(answer["to"] == digits for answer in answers)
        return answers[0]["text"] if answers else None

    async def fetch(self, statement: str) -> list[Any]:
        async with self.desk.sessions.begin() as session:
            return list((await session.execute(text(statement))).scalars())
