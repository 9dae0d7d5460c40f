"""While the revocations are unknown, intake accepts reports.

Before intake publishes such reports, it checks their credentials.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from unittest.mock import patch
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from cli import dead as dead_letters
from services.intake.config import IntakeSettings
from shared.auth import revocation_snapshots
from shared.auth.tokens import Role
from shared.config import Settings
from shared.events import CredentialKind, CredentialRevoked, derived_id, message
from shared.events.envelope import REVOKED_HEADER
from tests.installation import Installation
from tests.intake.conftest import BATCH, DISPLACEMENTS, HAZARDS, Caller, RunningIntake, opened
from tests.intake.factories import hazard, household
from tests.journeys.count import everything
from tests.patient import patient_deduplication
from tests.publishing import publishing
from tests.waiting import wait_for

REVOKED, CHANGED = uuid4(), uuid4()
CHANGED_AT = datetime.now(UTC) - timedelta(hours=1)


@contextlib.asynccontextmanager
async def opened_without_broker(installation: Installation) -> AsyncIterator[RunningIntake]:
    installation.components.kafka.stop()
    async with opened(installation, is_whole=False, patience=patient_deduplication) as intake:
        yield intake


@pytest.fixture
async def unknowing(killable_installation: Installation) -> AsyncIterator[RunningIntake]:
    fields = {"kind": CredentialKind.ACCOUNT, "revoked_at": datetime.now(UTC)}
    revoked = CredentialRevoked(credential_id=REVOKED, **fields)
    changed = CredentialRevoked(credential_id=CHANGED, issued_before=CHANGED_AT, **fields)
    async with publishing(killable_installation.settings(Settings, "console")) as publisher:
        for change in (revoked, changed):
            record = message(change, id=derived_id("trial", change.key), source="/console", time=change.revoked_at)
            await publisher.publish(record, timeout=30)
    async with opened_without_broker(killable_installation) as intake:
        yield intake


async def dead(intake: RunningIntake, *words: str) -> str:
    with patch.dict(os.environ, intake.installation.env()):
        result = await asyncio.to_thread(CliRunner().invoke, dead_letters.app, words)
    assert result.exit_code == 0, result.output
    return result.output


async def drained(intake: RunningIntake, desk: Caller) -> None:
    intake.installation.components.kafka.start()

    async def is_drained() -> bool:
        answer = await desk.get("/v1/ledger")
        return answer.status_code == 200 and answer.json()["spool"]["records"] == 0

    await wait_for(is_drained, 60)


async def test_without_revocations_reports_are_accepted_reads_refused_and_only_revoked_reports_held(
    unknowing: RunningIntake,
) -> None:
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
    await drained(unknowing, desk)
    published = await everything(unknowing.installation, "displacements", "registry")
    held = [any(name == REVOKED_HEADER for name, _ in record.headers) for record in published]
    assert sorted(held) == [False, True, True]
    assert not any(name == "unchecked" for record in published for name, _ in record.headers)
    assert len(await everything(unknowing.installation, "hazards-restricted")) == 1
    assert (await desk.get("/v1/ledger")).json()["spool"]["damaged"] == 1
    [listed] = (await dead(unknowing, "list")).splitlines()
    name, *_, reason = listed.split()
    assert (name.split("/")[:2], reason) == (["intake", "hazards-restricted"], "revoked_credential")
    event_id = taken[-1].json()["event_id"]
    assert f"event {event_id}" in await dead(unknowing, "show", name)
    assert (await revoked.post(DISPLACEMENTS, household())).status_code == 401


async def test_a_withheld_hazard_is_accepted_after_a_new_sign_in(unknowing: RunningIntake) -> None:
    body, before = hazard(), int(CHANGED_AT.timestamp()) - 60
    revoked = unknowing.caller(Role.OPERATOR, account=CHANGED, signed_in_at=before)
    assert (await revoked.post(HAZARDS, body)).status_code == 202
    signed_in = unknowing.caller(Role.OPERATOR, account=CHANGED)
    await drained(unknowing, signed_in)
    assert await everything(unknowing.installation, "hazards-restricted") == []
    assert (await signed_in.post(HAZARDS, body)).status_code == 202
    assert len(await everything(unknowing.installation, "hazards-restricted")) == 1
    assert (await signed_in.post(HAZARDS, body)).json()["status"] == "duplicate"


async def test_a_restart_uses_the_known_revocations_and_answers_at_once(installation: Installation) -> None:
    snapshot = revocation_snapshots.file_of(installation.settings(IntakeSettings))
    async with opened(installation):
        await wait_for(snapshot.exists)
    async with opened(installation, is_whole=False) as intake:
        taken = await intake.caller().post(DISPLACEMENTS, household())
        read = await intake.caller(Role.OPERATOR).get("/v1/ledger")
        assert (taken.status_code, read.status_code) == (202, 200)


async def test_without_known_revocations_only_reads_wait(installation: Installation) -> None:
    async with opened(installation, is_whole=False) as intake:
        assert (await intake.caller().post(DISPLACEMENTS, household())).status_code == 202
        await wait_for(partial(is_read, intake.caller(Role.OPERATOR)))


async def is_read(desk: Caller) -> bool:
    return (await desk.get("/v1/ledger")).status_code == 200
