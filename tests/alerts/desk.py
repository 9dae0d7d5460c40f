"""Raises alerts through the handlers, and makes HTTP clients for the alerts app."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.auth.tokens import Role
from shared.events import HazardReported
from shared.places import Places
from shared.postgres import database
from tests.alerts.factories import event_type, hazard, received, rules
from tests.alerts.handling import Handling
from tests.installation import Installation


class Desk:
    def __init__(self, installation: Installation, engine: AsyncEngine, transport: httpx.ASGITransport) -> None:
        self.installation, self.sessions, self.transport = installation, database.sessions(engine), transport
        self.watch = Handling(rules(), Places.load())

    def caller(self, role: Role | None = Role.OPERATOR, **claims: Any) -> httpx.AsyncClient:
        token = self.installation.token(roles=[role] if role else [], **claims)
        headers = {"authorization": f"Bearer {token}"}
        return httpx.AsyncClient(transport=self.transport, base_url="http://127.0.0.1", headers=headers)

    async def alerts(self, *hazards: HazardReported) -> list[UUID]:
        async with self.sessions.begin() as session:
            await self.watch([received(one) for one in hazards], session)
            rows = await session.execute(text("SELECT hazard_id, alert_id FROM alerts"))
            known = {row.hazard_id: row.alert_id for row in rows}
        return [known[one.hazard_id] for one in hazards]

    async def event_types(self) -> list[str]:
        async with self.sessions.begin() as session:
            rows = await session.execute(
                text("SELECT convert_from(headers, 'utf8') FROM outbox WHERE topic = 'alerts' ORDER BY id")
            )
            return [event_type(row[0]) for row in rows]


def fresh(**changed: Any) -> HazardReported:
    return hazard(onset=datetime.now(UTC), **changed)
