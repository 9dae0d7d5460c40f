"""People get mails about an alert, follow the link in a mail, and press the buttons of its page."""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import insert, text

from services.alerts.acts.answer_links import AnswerLinks
from services.alerts.channels.email import EmailChannel
from services.alerts.config import AlertsSettings
from services.alerts.delivery.texts import Texts
from services.alerts.models import Binding
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.receivers.secrets import WebhookSecrets
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel
from shared.outbound import Outbound
from shared.places import Places
from tests.alerts.desk import Desk
from tests.alerts.factories import mudflow
from tests.alerts.jobs import job_to


@dataclass
class Mailbox:
    desk: Desk
    settings: AlertsSettings
    accounts: dict[str, UUID] = field(default_factory=dict)

    async def person(self, name: str, *, is_bound: bool = True, **changed: Any) -> Receiver:
        account, now = uuid4(), datetime.now(UTC)
        self.accounts[name] = account
        usual = {"language": "en", "kind": ReceiverKind.PERSON, "account_id": account}
        receiver = Receiver(name, DeliveryChannel.EMAIL, f"{name}@centre.example", **{**usual, **changed})
        async with self.desk.sessions.begin() as session:
            await receiver_queries.save_receiver(session, receiver)
            if is_bound:
                rights = {"roles": [Role.OPERATOR], "areas": ["KG"], "issued_at": now, "bound_at": now}
                bound = {"channel": "telegram", "identity": name, "account_id": account, "name": name}
                await session.execute(insert(Binding).values(**bound, **rights))
        return receiver

    async def mails(self, *receivers: Receiver, **hazard: Any) -> dict[str, str]:
        (alert_id,) = await self.desk.alerts(mudflow(onset=datetime.now(UTC), **hazard))
        async with self.desk.sessions.begin() as session:
            statement = text("SELECT * FROM deliveries WHERE alert_id = :alert")
            rows = {row.recipient: row for row in await session.execute(statement, {"alert": alert_id})}
        texts = Texts.of_installation(Places.load(), self.settings)
        links = AnswerLinks(WebhookSecrets(self.settings.alerts_key_file), self.settings.public_url)
        async with Outbound(self.settings) as outbound:
            channel = EmailChannel(self.settings, outbound, texts, links)
            jobs = {
                each: replace(job_to(each), delivery_id=rows[each.label].delivery_id, content=rows[each.label].content)
                for each in receivers
            }
            return {each.label: (await channel.message(job, each)).get_content() for each, job in jobs.items()}

    async def mail_about(self, cause: str, receiver: Receiver) -> str:
        async with self.desk.sessions.begin() as session:
            statement = text("SELECT * FROM deliveries WHERE cause = :cause AND recipient = :label")
            row = (await session.execute(statement, {"cause": cause, "label": receiver.label})).one()
        texts = Texts.of_installation(Places.load(), self.settings)
        job = replace(job_to(receiver), alert_id=row.alert_id, content=row.content, cause=cause)
        async with Outbound(self.settings) as outbound:
            channel = EmailChannel(self.settings, outbound, texts, sessions=self.desk.sessions)
            return str((await channel.message(job, receiver)).get_content())

    async def post(self, token: str, shown: httpx.Response | None = None, **fields: str) -> httpx.Response:
        """Sends a form of the page `shown`.

        Without `shown`, the form has no field `sequence`: earlier releases of Dayar sent no such field.
        """
        if shown is not None:
            fields["sequence"] = re.findall(r'name="sequence" value="(\d+)"', shown.text)[0]
        async with httpx.AsyncClient(transport=self.desk.transport, base_url="http://127.0.0.1") as client:
            return await client.post("/answer", params={"lang": "en"}, data={"token": token, **fields})

    async def press(self, token: str, shown: httpx.Response, act: str, **typed: str) -> httpx.Response:
        forms = re.findall(r"<form .*?</form>", shown.text, re.DOTALL)
        (form,) = (form for form in forms if f'name="act" value="{act}"' in form)
        assert set(re.findall(r' name="(\w+)"', form)) == {"token", "sequence", "act", *typed}
        return await self.post(token, shown, act=act, **typed)

    async def acts(self) -> list[str]:
        async with self.desk.sessions.begin() as session:
            statement = text("SELECT concat_ws(' ', deed, name, text, channel) FROM acts ORDER BY act_id")
            return list(await session.scalars(statement))

    async def execute(self, statement: str, **values: Any) -> None:
        async with self.desk.sessions.begin() as session:
            await session.execute(text(statement), values)


def token_of(mail: str) -> str:
    (token,) = re.findall(r"/alerts/answer\?lang=en#(\S+)", mail)
    return str(token)
