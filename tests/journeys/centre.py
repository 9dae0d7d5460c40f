"""A running installation for the journeys of alerts, with its receivers and reports."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
from confluent_kafka import KafkaException
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from deploy.local.process import Process
from services.alerts.config import AlertsSettings
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Receiver
from services.alerts.receivers.secrets import WebhookSecrets
from shared.auth.tokens import Role
from shared.config import Settings
from shared.events.vocabulary import DeliveryChannel
from shared.messaging.records import Partition
from shared.postgres import database
from tests.clients import PLAIN
from tests.hooks import Hook
from tests.installation import Installation
from tests.journeys.count import Sent
from tests.otlp import Collector
from tests.waiting import wait_for

ALAI, LEILEK = "KG06207000000", "KG05236000000"


class Centre:
    """A running installation without the alerts worker. Each test starts the alerts worker itself."""

    def __init__(self, installation: Installation, collector: Collector) -> None:
        self.installation = installation
        self.collector = collector
        self.settings = installation.settings(AlertsSettings)
        self.base_url = installation.web(env=collector.env).base_url
        self.sent = Sent()
        self.workers: list[Process] = []
        for service in ("intake", "registry", "console"):
            installation.start(service, "worker", env=collector.env)
        self.sessions: async_sessionmaker[AsyncSession]

    def client(self, role: Role, **claims: Any) -> httpx.AsyncClient:
        token = self.installation.token(roles=[role], **claims)
        headers = {"authorization": f"Bearer {token}"}
        return httpx.AsyncClient(base_url=self.base_url, headers=headers, verify=PLAIN, trust_env=False, timeout=30)

    def operator(self, name: str = "Айбек") -> httpx.AsyncClient:
        return self.client(Role.OPERATOR, name=name, sources=["cmc"])

    def worker(self, *hooks: Hook, **env: str) -> Process:
        allowed = json.dumps([f"127.0.0.1:{hook.port}" for hook in hooks])
        env = {"OUTBOUND_ALLOW": allowed, "ALERTS_RETRY_SECONDS": "0.2", "ALERTS_RETRY_LONGEST_SECONDS": "1", **env}
        env |= self.collector.env
        process = self.installation.start("alerts", "worker", env=env)
        self.workers.append(process)
        return process

    async def receiver(self, label: str, hook: Hook) -> None:
        async with self.sessions.begin() as session:
            box = WebhookSecrets(self.settings.alerts_key_file)
            hook.secret = await subscriptions.put(session, Receiver(label, DeliveryChannel.WEBHOOK, hook.url), box)

    async def hazard(self, client: httpx.AsyncClient, **changed: Any) -> None:
        now = datetime.now(UTC).isoformat()
        body = {
            "report_id": str(uuid4()),
            "source": "cmc",
            "source_id": str(uuid4()),
            "type": "earthquake",
            "magnitude": 4.7,
            "area": {"pcodes": [ALAI]},
            "onset": now,
            "reported_at": now,
            **changed,
        }
        answer = self.sent.answered("hazards", await client.post("/intake/v1/hazards", json=body))
        assert answer.status_code == 202, answer.text

    async def household(self, client: httpx.AsyncClient, origin: str) -> None:
        now = datetime.now(UTC).isoformat()
        body = {
            "kind": "household",
            "report_id": str(uuid4()),
            "household_id": str(uuid4()),
            "occurred_at": now,
            "reported_at": now,
            "mobility": "evacuation",
            "origin": {"pcode": origin},
            "destination": {"pcode": LEILEK},
            "persons": 4,
            "reasons": ["natural_disaster"],
        }
        answer = self.sent.answered("displacements", await client.post("/intake/v1/displacements", json=body))
        assert answer.status_code == 202, answer.text

    async def delivery_rows(self) -> list[Any]:
        """Returns all rows of the table `deliveries`, settled and unsettled."""
        async with self.sessions.begin() as session:
            rows = await session.execute(text("SELECT recipient, settled_at, is_delivered, attempts FROM deliveries"))
            return list(rows)

    async def has_tried(self, reason: str) -> bool:
        async with self.sessions.begin() as session:
            statement = text("SELECT true FROM attempts WHERE reason = :reason LIMIT 1")
            return bool(await session.scalar(statement, {"reason": reason}))

    async def shares(self, group: str) -> list[set[Partition]]:
        """Returns the partitions of each of the group's two workers, or an empty list until both have partitions."""
        try:
            members = await asyncio.to_thread(self._held, group)
        except KafkaException:  # a consumer group without members has no coordinator
            return []
        return members if len(members) == 2 and all(members) else []

    def _held(self, name: str) -> list[set[Partition]]:
        prefix = self.installation.topic_prefix
        admin = (
            self.installation.components.broker.admin()
        )  # the variable keeps the Kafka client open until the answer comes
        group = admin.describe_consumer_groups([prefix + name])[prefix + name]
        return [
            {(each.topic.removeprefix(prefix), each.partition) for each in member.assignment.topic_partitions}
            for member in group.result(timeout=30).members
        ]

    async def positions(self, service: str) -> dict[Partition, int]:
        engine = database.engine(self.installation.settings(Settings, service))
        async with database.sessions(engine)() as session:
            rows = await session.execute(text("SELECT topic, partition, next_offset FROM consumer_offsets"))
            offsets = {(topic, partition): offset for topic, partition, offset in rows}
        await engine.dispose()
        return offsets

    async def settled(self, recipient: str, count: int) -> None:
        async def are_settled() -> bool:
            done = [row for row in await self.delivery_rows() if row.recipient == recipient and row.is_delivered]
            return len(done) >= count

        await wait_for(are_settled)
