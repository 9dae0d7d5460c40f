"""The scope of a hazard decides its topic. A hazard that a person reports is never Public."""

from uuid import uuid4

import pytest

from shared.auth.tokens import Role
from shared.events.vocabulary import SubmissionChannel
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


async def test_an_unknown_scope_is_refused(intake: RunningIntake) -> None:
    answer = await intake.caller(Role.OPERATOR).post(HAZARDS, hazard(scope="public"))
    assert (answer.status_code, [each["pointer"] for each in answer.json()["errors"]]) == (422, ["/scope"])
