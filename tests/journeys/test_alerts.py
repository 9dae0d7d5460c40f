"""From a hazard or a household that comes in to people who are told, whatever happens on the way."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from services.alerts import subscriptions
from services.alerts.config import AlertsSettings
from services.alerts.receivers import Receiver
from services.alerts.secrets import SecretBox
from shared import database
from shared.events.vocabulary import Channel
from tests.hooks import Hook, Mood, listening
from tests.installation import Installation
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

ALAI = "KG06207000000"


class Centre:
    """An installation with its web process, an operator who reports hazards, and receivers."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.settings = installation.settings(AlertsSettings)
        self.base_url = installation.web().base_url
        self.engine = database.engine(self.settings)
        self.sessions = database.sessions(self.engine)

    def operator(self, name: str = "Operator") -> httpx.AsyncClient:
        token = self.installation.token(roles=["operator"], name=name, sources=["cmc"])
        return httpx.AsyncClient(base_url=self.base_url, headers={"authorization": f"Bearer {token}"}, trust_env=False)

    def worker(self, *hooks: Hook, **env: str) -> Any:
        allowed = ", ".join(f'"127.0.0.1:{hook.port}"' for hook in hooks)
        return self.installation.start(
            "alerts", "worker", env={"OUTBOUND_ALLOW": f"[{allowed}]", "ALERTS_RETRY_SECONDS": "0.2", **env}
        )

    async def receiver(self, label: str, hook: Hook, **changed: Any) -> None:
        async with self.sessions.begin() as session:
            box = SecretBox(self.settings.alerts_key_file)
            hook.secret = await subscriptions.put(session, Receiver(label, Channel.WEBHOOK, hook.url, **changed), box)

    async def report(self, client: httpx.AsyncClient, **changed: Any) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat()
        body = {
            "report_id": str(uuid4()), "source": "cmc", "source_id": str(uuid4()), "type": "earthquake", "magnitude": 4.7,
            "area": {"pcodes": [ALAI]}, "onset": now, "reported_at": now, **changed,
        }  # fmt: skip
        answer = await client.post("/intake/v1/hazards", json=body)
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def deliveries(self) -> list[Any]:
        async with self.sessions.begin() as session:
            return list(await session.execute(text("SELECT recipient, settled_at, is_delivered, attempts FROM deliveries")))

    async def settled(self, count: int, timeout: float = 30) -> None:
        async def are_settled() -> bool:
            return sum(row.settled_at is not None for row in await self.deliveries()) >= count

        await wait_for(are_settled, timeout)


@pytest.fixture
async def centre(installation: Installation) -> AsyncIterator[Centre]:
    made = Centre(installation)
    yield made
    await made.engine.dispose()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with listening() as found:
        yield found


async def test_a_fresh_quake_is_told_within_a_moment(centre: Centre, hook: Hook) -> None:
    await centre.receiver("duty", hook)
    centre.worker(hook)
    async with centre.operator() as client:
        await centre.report(client)
        await wait_for(lambda: hook.bodies, 20)
        page = (await client.get("/alerts/v1/alerts")).json()
    (alert,) = page["alerts"]
    assert (alert["severity"], alert["reason"], alert["state"]) == ("Moderate", "quake_magnitude", "open")
    assert hook.bodies[0]["data"]["alert_id"] == alert["alert_id"]
