"""Operators and duty heads may publish chosen fields of a restricted hazard.

The chosen fields go to the public topic.
"""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.intake.config import IntakeSettings
from shared.auth.tokens import Role
from shared.events import CENTRE_ACCOUNT, derived_id
from shared.events.vocabulary import SubmissionChannel
from shared.postgres import database
from tests.intake.conftest import BATCH, HAZARDS, RunningIntake
from tests.intake.factories import hazard
from tests.intake.records import records

PUBLIC, RESTRICTED = "hazards", "hazards-restricted"
TEXT = {"ru": {"headline": "Сель. Дорога закрыта."}}


def entered(**changed: Any) -> dict[str, Any]:
    return hazard(source="cmc", source_id=f"{uuid4()}/1", text={"ru": {"headline": "Звонил староста"}}, **changed)


def released(event: dict[str, Any], **changed: Any) -> dict[str, Any]:
    fields = hazard(source=event["source"], source_id=event["source_id"], released_revision=1, revision=2, text=TEXT)
    del fields["severity"]
    return {**fields, **changed}


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.DUTY_HEAD])
async def test_a_release_is_a_public_revision_with_a_text_of_its_own(intake: RunningIntake, role: Role) -> None:
    event, author = entered(), uuid4()
    event["source_id"] = f"{author}/1"
    reported = await intake.caller(Role.OPERATOR, account=author).post(HAZARDS, event)
    body = released(event)
    answer = await intake.caller(role, channel=SubmissionChannel.CONSOLE).post(HAZARDS, body)  # another person
    assert (reported.status_code, answer.status_code) == (202, 202)
    assert answer.json()["hazard_id"] == reported.json()["hazard_id"]
    [public] = await records(intake.installation, PUBLIC, body["report_id"])
    assert (public.data.scope, public.data.revision, public.data.released_revision) == ("Public", 2, 1)
    assert (public.data.severity, public.data.text["ru"].headline) == ("Unknown", "Сель. Дорога закрыта.")
    assert await records(intake.installation, PUBLIC, event["report_id"]) == []


async def test_a_release_of_the_centre_is_withdrawn_by_the_id_of_its_hazard(intake: RunningIntake) -> None:
    desk, event = intake.caller(Role.DUTY_HEAD), entered()
    hazard_id = (await desk.post(HAZARDS, event)).json()["hazard_id"]
    withdrawal = released({**event, "source_id": f"hazard:{hazard_id}"}, msg_type="Cancel")
    answer = await desk.post(HAZARDS, withdrawal)
    assert (answer.status_code, answer.json()["hazard_id"]) == (202, hazard_id)
    [public] = await records(intake.installation, PUBLIC, withdrawal["report_id"])
    assert (public.data.source_id, str(public.data.hazard_id)) == (hazard_id, hazard_id)
    for changed, status in (({"source_id": "hazard:1"}, 422), ({"msg_type": "Update"}, 202)):
        body = {**withdrawal, "report_id": str(uuid4()), "revision": 3, **changed}
        answer = await desk.post(HAZARDS, body)
        assert answer.status_code == status and answer.json().get("hazard_id") != hazard_id


async def test_an_edit_after_a_release_is_restricted_again(intake: RunningIntake) -> None:
    desk, event = intake.caller(Role.DUTY_HEAD), entered()
    edit = {**event, "report_id": str(uuid4()), "revision": 3, "msg_type": "Update", "scope": "Public"}
    for body in (event, released(event), edit):
        assert (await desk.post(HAZARDS, body)).status_code == 202
    assert await records(intake.installation, PUBLIC, edit["report_id"]) == []
    assert len(await records(intake.installation, RESTRICTED, edit["report_id"])) == 1


async def test_withdrawing_a_release_cancels_it_on_the_public_topic(intake: RunningIntake) -> None:
    desk, event = intake.caller(Role.OPERATOR), entered()
    body = released(event, revision=3, msg_type="Cancel", text={})
    assert (await desk.post(HAZARDS, body)).status_code == 202
    [public] = await records(intake.installation, PUBLIC, body["report_id"])
    assert (public.type, public.data.scope) == ("dayar.hazard.cancelled.v1", "Public")


@pytest.mark.parametrize("changed", [{}, {"msg_type": "Cancel", "text": {}, "revision": 3}])
async def test_a_release_does_not_name_the_account_that_entered_the_event(
    intake: RunningIntake, changed: dict[str, Any]
) -> None:
    event, author = entered(), uuid4()
    event["source_id"] = f"{author}/{uuid4()}"
    body = released(event, **changed)
    answer = await intake.caller(Role.DUTY_HEAD).post(HAZARDS, body)
    [public] = await records(intake.installation, PUBLIC, body["report_id"])
    assert public.data.source_id == answer.json()["hazard_id"] == str(derived_id("hazard", "cmc", event["source_id"]))
    assert str(author) not in public.data.model_dump_json()


async def test_a_release_does_not_name_the_account_that_released_it(intake: RunningIntake) -> None:
    account, body = uuid4(), released(entered())
    assert (await intake.caller(Role.OPERATOR, account=account).post(HAZARDS, body)).status_code == 202
    [public] = await records(intake.installation, PUBLIC, body["report_id"])
    assert public.data.author == CENTRE_ACCOUNT
    assert str(account) not in public.data.model_dump_json()


async def test_the_release_of_a_systems_hazard_keeps_the_systems_id(intake: RunningIntake) -> None:
    event = hazard()
    body = released(event)
    assert (await intake.caller(Role.OPERATOR).post(HAZARDS, body)).status_code == 202
    [public] = await records(intake.installation, PUBLIC, body["report_id"])
    assert public.data.source_id == event["source_id"]


@pytest.mark.parametrize("roles", [(Role.FIELD,), (Role.REGISTRAR,), (Role.INTEGRATION,)])
async def test_nobody_else_releases_an_event(intake: RunningIntake, roles: tuple[Role, ...]) -> None:
    event = hazard()
    caller = intake.caller(*roles, sources=["hydromet"])
    answer = await caller.post(HAZARDS, released(event))
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:dayar:problem:may-not-release")
    [result] = (await caller.post(BATCH, [{**released(event), "kind": "hazard"}])).json()["results"]
    assert (result["status"], result["type"]) == (403, "urn:dayar:problem:may-not-release")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"text": {}}, "a public `text`"),
        ({"revision": 1}, "`revision` is expected to be higher than `released_revision`"),
        ({"scope": "Restricted"}, "the `scope` Public"),
        ({"web": "https://example.org/"}, "without `web`"),
        (
            {"aliases": ["other id"], "magnitude": 5.1, "type_text": "of somebody"},
            "`aliases`, `magnitude`, `type_text`",
        ),
        ({"area": {"polygons": [[[70, 40], [71, 40], [71, 41], [70, 40]]]}}, "without `polygons`"),
        ({"area": {"circles": [{"lat": 40, "lon": 70, "radius_km": 1}]}}, "without `polygons`"),
        ({"revision": 1002}, "at most 1000 above `released_revision`"),
        ({"revision": 2002, "msg_type": "Cancel"}, "at most 2000 above `released_revision`"),
    ],
)
async def test_an_incomplete_or_too_large_release_is_refused(
    intake: RunningIntake, changed: dict[str, Any], expected: str
) -> None:
    answer = await intake.caller(Role.OPERATOR).post(HAZARDS, released(entered(), **changed))
    assert answer.status_code == 422
    assert expected in answer.json()["errors"][0]["expected"]


async def test_a_release_with_the_highest_revision_can_be_withdrawn(intake: RunningIntake) -> None:
    desk, event = intake.caller(Role.OPERATOR), entered()
    assert (await desk.post(HAZARDS, released(event, revision=1001))).status_code == 202
    withdrawal = released(event, revision=1002, msg_type="Cancel", text={})
    assert (await desk.post(HAZARDS, withdrawal)).status_code == 202


async def test_a_batch_has_releases_too(intake: RunningIntake) -> None:
    item = {**released(entered()), "kind": "hazard"}
    [result] = (await intake.caller(Role.OPERATOR).post(BATCH, [item])).json()["results"]
    assert result["status"] == "accepted"


async def test_releases_and_withdrawals_are_in_the_security_log(intake: RunningIntake) -> None:
    account, event = uuid4(), entered()
    desk, release = intake.caller(Role.OPERATOR, account=account), released(event)
    for body in (event, release, release, released(event, revision=3, msg_type="Cancel")):
        answer = await desk.post(HAZARDS, body)
    engine = database.engine(intake.installation.settings(IntakeSettings))
    async with database.sessions(engine)() as session:
        statement = text(
            "SELECT action, reason, result, subject, objects[1]::text FROM audit WHERE account = :account ORDER BY id"
        )
        entries = [tuple(row) for row in await session.execute(statement, {"account": account})]
    await engine.dispose()
    about = ("done", "POST /intake/v1/hazards", answer.json()["hazard_id"])
    assert entries == [
        ("hazard_released", None, *about),
        # a repeat is logged too: the process may have ended before it logged the first request
        ("hazard_released", "duplicate", *about),
        ("release_withdrawn", None, *about),
    ]
