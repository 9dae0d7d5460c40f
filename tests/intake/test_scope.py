"""The scope of a hazard decides its topic. A person's report of a hazard never becomes Public."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from services.intake import drafts, reports
from services.intake.clocks import Clocks
from services.intake.hazard_scopes import HazardScopes
from shared.auth.tokens import Principal, Role
from shared.events import HazardReport
from shared.events.vocabulary import SubmissionChannel
from shared.places import Places
from shared.postgres import database
from tests.intake.conftest import BATCH, HAZARDS, RunningIntake
from tests.intake.factories import hazard
from tests.intake.records import records

PUBLIC, RESTRICTED = "hazards", "hazards-restricted"


@pytest.mark.parametrize("stated", ["Public", "Restricted", None])
@pytest.mark.parametrize(
    "roles",
    [(Role.FIELD,), (Role.OPERATOR,), (Role.DUTY_HEAD,), (Role.REGISTRAR,), (Role.INTEGRATION, Role.OPERATOR)],
    ids="+".join,
)
async def test_a_hazard_that_a_person_reports_is_restricted_whatever_it_states(
    intake: RunningIntake, roles: tuple[Role, ...], stated: str | None
) -> None:
    body = hazard(**({"scope": stated} if stated else {}))
    assert (await intake.caller(*roles, sources=["hydromet"]).post(HAZARDS, body)).status_code == 202
    [event] = await records(intake.installation, RESTRICTED, body["report_id"])
    assert event.data.scope == "Restricted"
    assert await records(intake.installation, PUBLIC, body["report_id"]) == []


@pytest.mark.parametrize(
    ("stated", "topic", "scope"),
    [
        ("Public", PUBLIC, "Public"),
        ("Restricted", RESTRICTED, "Restricted"),
        ("Private", RESTRICTED, "Private"),
        (None, RESTRICTED, "Restricted"),
    ],
)
async def test_another_system_states_the_scope_of_its_hazards(
    intake: RunningIntake, stated: str | None, topic: str, scope: str
) -> None:
    body = hazard(**({"scope": stated} if stated else {}))
    caller = intake.caller(Role.INTEGRATION, channel=SubmissionChannel.API, sources=["hydromet"])
    assert (await caller.post(HAZARDS, body)).status_code == 202
    [event] = await records(intake.installation, topic, body["report_id"])
    assert event.data.scope == scope


async def test_a_private_hazard_of_a_person_stays_private(intake: RunningIntake) -> None:
    body = hazard(scope="Private", source="cmc", source_id=str(uuid4()))
    assert (await intake.caller(Role.OPERATOR).post(HAZARDS, body)).status_code == 202
    [event] = await records(intake.installation, RESTRICTED, body["report_id"])
    assert event.data.scope == "Private"


async def test_a_hazard_of_a_batch_is_restricted_too(intake: RunningIntake) -> None:
    body = hazard(scope="Public")
    answer = await intake.caller(Role.OPERATOR).post(BATCH, [{**body, "kind": "hazard"}])
    assert [each["status"] for each in answer.json()["results"]] == ["accepted"]
    [event] = await records(intake.installation, RESTRICTED, body["report_id"])
    assert event.data.scope == "Restricted"


async def test_a_private_hazard_stays_private_until_a_revision_states_another_scope(intake: RunningIntake) -> None:
    caller = intake.caller(Role.INTEGRATION, channel=SubmissionChannel.API, sources=["hydromet"])
    first = hazard(scope="Private")
    later = [
        {**hazard(source_id=first["source_id"], msg_type="Update", revision=revision), **scope}
        for revision, scope in ((2, {}), (3, {"scope": "Restricted"}), (4, {}))
    ]
    assert (await caller.post(HAZARDS, first)).status_code == 202
    answer = await caller.post(BATCH, [{**body, "kind": "hazard"} for body in later])
    assert [result["status"] for result in answer.json()["results"]] == ["accepted"] * 3
    scopes = [
        event.data.scope
        for body in later
        for event in await records(intake.installation, RESTRICTED, body["report_id"])
    ]
    assert scopes == ["Private", "Restricted", "Restricted"]


async def test_without_postgresql_a_later_revision_without_a_scope_is_private() -> None:
    engine = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    scopes = HazardScopes(database.sessions(engine))
    drafts = [drafted(hazard(**fields)) for fields in ({}, {"revision": 2}, {"revision": 2, "scope": "Public"})]
    await scopes.settle(drafts)
    assert [draft.event.scope for draft in drafts] == ["Restricted", "Private", "Public"]


def drafted(body: dict[str, Any]) -> drafts.HazardDraft:
    system = Principal(uuid4(), uuid4(), 0, 0, roles=frozenset({Role.INTEGRATION}))
    report = HazardReport.model_validate(body)
    return reports.hazard(report, system, clocks=Clocks(datetime.now(UTC)), places=Places.load())


async def test_an_unknown_scope_is_refused(intake: RunningIntake) -> None:
    answer = await intake.caller(Role.OPERATOR).post(HAZARDS, hazard(scope="public"))
    assert (answer.status_code, [each["pointer"] for each in answer.json()["errors"]]) == (422, ["/scope"])
