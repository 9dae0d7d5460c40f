"""Reports that come while nobody knows what was revoked: taken, and checked before they are published."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest

from services.intake.app import create_app
from services.intake.config import IntakeSettings
from shared.auth import Role
from shared.config import Settings
from shared.events import CredentialKind, CredentialRevoked, derived_id, message
from shared.events.envelope import REVOKED_HEADER
from shared.publisher import Publisher
from tests.installation import Installation
from tests.intake.conftest import BATCH, DISPLACEMENTS, HAZARDS, Door
from tests.intake.factories import hazard, household
from tests.journeys.count import everything
from tests.waiting import wait_for

REVOKED = uuid4()


@contextlib.asynccontextmanager
async def opened_without_broker(installation: Installation) -> AsyncIterator[Door]:
    installation.parts.kafka.stop()
    app = create_app(installation.settings(IntakeSettings))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", timeout=30) as http,
    ):
        yield Door(installation, http)


@pytest.fixture
async def unknowing(killable_installation: Installation) -> AsyncIterator[Door]:
    """A door that starts without a broker, where one account was revoked that it cannot know of."""
    revoked = CredentialRevoked(credential_id=REVOKED, kind=CredentialKind.ACCOUNT, revoked_at=datetime.now(UTC))
    async with Publisher(killable_installation.settings(Settings, "console")) as publisher:
        told = message(revoked, id=derived_id("trial", REVOKED), source="/console", time=revoked.revoked_at)
        await publisher.publish(told, timeout=30)
    async with opened_without_broker(killable_installation) as door:
        yield door


async def test_reports_are_taken_reads_are_not_and_only_those_of_the_revoked_are_held(unknowing: Door) -> None:
    honest, revoked = unknowing.caller(), unknowing.caller(account=REVOKED)
    desk = unknowing.caller(Role.OPERATOR, sources=["cmc"])
    assert (await desk.get("/v1/ledger")).status_code == 503
    taken = [
        await honest.post(DISPLACEMENTS, household()),
        await revoked.post(DISPLACEMENTS, household()),
        await revoked.post(BATCH, [household()]),
        await desk.post(HAZARDS, hazard(source="cmc")),
        await unknowing.caller(Role.OPERATOR, account=REVOKED).post(HAZARDS, hazard()),
    ]
    assert [answer.status_code for answer in taken] == [202, 202, 200, 202, 202]
    unknowing.installation.parts.kafka.start()

    async def is_drained() -> bool:
        answer = await desk.get("/v1/ledger")
        return answer.status_code == 200 and answer.json()["spool"]["records"] == 0

    await wait_for(is_drained, 60)
    published = await everything(unknowing.installation, "displacements", "registry")
    held = [any(name == REVOKED_HEADER for name, _ in record.headers) for record in published]
    assert sorted(held) == [False, True, True]
    assert not any(name == "unchecked" for record in published for name, _ in record.headers)
    assert len(await everything(unknowing.installation, "hazards")) == 1
    assert (await desk.get("/v1/ledger")).json()["spool"]["damaged"] == 1
    assert (await revoked.post(DISPLACEMENTS, household())).status_code == 401
