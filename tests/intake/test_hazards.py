"""Intake accepts a change of a hazard only from the hazard's source."""

from uuid import UUID, uuid4

import pytest

from shared import events
from shared.auth.tokens import Role
from shared.events.vocabulary import SubmissionChannel
from tests.intake.conftest import BATCH, HAZARDS, RunningIntake
from tests.intake.factories import hazard, household
from tests.intake.records import records


async def test_a_source_reports_its_own_hazard(intake: RunningIntake) -> None:
    body = hazard()
    caller = intake.caller(Role.INTEGRATION, channel=SubmissionChannel.API, sources=["hydromet"])
    answer = await caller.post(HAZARDS, body)
    assert answer.status_code == 202
    [event] = await records(intake.installation, "hazards-restricted", body["report_id"])
    expected = events.derived_id("hazard", "hydromet", body["source_id"])
    assert UUID(answer.json()["hazard_id"]) == event.data.hazard_id == expected
    assert event.data.channel == SubmissionChannel.API


@pytest.mark.parametrize(("msg_type", "type"), [("Alert", "reported"), ("Update", "updated"), ("Cancel", "cancelled")])
async def test_the_message_of_a_hazard_has_the_events_fields(intake: RunningIntake, msg_type: str, type: str) -> None:
    body = hazard(msg_type=msg_type, revision=2, source="cmc")
    assert (
        await intake.caller(Role.OPERATOR, channel=SubmissionChannel.CONSOLE).post(HAZARDS, body)
    ).status_code == 202
    [event] = await records(intake.installation, "hazards-restricted", body["report_id"])
    assert event.type == f"dayar.hazard.{type}.v1"


async def test_a_higher_version_of_a_hazard_is_a_higher_revision(intake: RunningIntake) -> None:
    caller, body = intake.caller(Role.OPERATOR, channel=SubmissionChannel.CONSOLE), hazard()
    later = {**body, "version": 2, "msg_type": "Cancel"}
    assert [(await caller.post(HAZARDS, each)).status_code for each in (body, later)] == [202, 202]
    stored = await records(intake.installation, "hazards-restricted", body["report_id"])
    assert [event.data.revision for event in stored] == [1, 2]


@pytest.mark.parametrize("changed", [{}, {"revision": 1}, {"revision": 0}, {"version": 3, "revision": 1}])
async def test_an_update_without_effect_is_refused(intake: RunningIntake, changed: dict[str, int]) -> None:
    answer = await intake.caller(Role.OPERATOR).post(HAZARDS, hazard(msg_type="Update", **changed))
    assert answer.status_code == 422
    assert "`revision`" in answer.json()["errors"][0]["expected"]


@pytest.mark.parametrize(
    "web", ["ftp://a", "https://", "https://a/\x00", "https://a b", "https://a\n", "see https://a"]
)
async def test_an_invalid_link_is_refused(intake: RunningIntake, web: str) -> None:
    answer = await intake.caller(Role.OPERATOR).post(HAZARDS, hazard(web=web))
    assert (answer.status_code, [each["pointer"] for each in answer.json()["errors"]]) == (422, ["/web"])


async def test_the_order_of_languages_changes_nothing(intake: RunningIntake) -> None:
    caller, texts = intake.caller(Role.OPERATOR), {"ky": {"headline": "Сел"}, "en": {"headline": "Mudflow"}}
    body = hazard(text=texts)
    assert (await caller.post(HAZARDS, body)).json()["status"] == "accepted"
    again = await caller.post(HAZARDS, {**body, "text": dict(reversed(texts.items()))})
    assert again.json()["status"] == "duplicate"


async def test_nobody_reports_for_another_source(intake: RunningIntake) -> None:
    caller = intake.caller(Role.INTEGRATION, channel=SubmissionChannel.API, sources=["another"])
    answer = await caller.post(HAZARDS, hazard())
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:dayar:problem:not-your-source")


async def test_an_expired_token_reports_no_hazard(intake: RunningIntake) -> None:
    phone = intake.caller(sources=["hydromet"], expires_in=-60)
    assert (await phone.post(HAZARDS, hazard())).status_code == 401
    results = (await phone.post(BATCH, [household(), {**hazard(), "kind": "hazard"}])).json()["results"]
    assert [each["status"] for each in results] == ["accepted", 401]


@pytest.mark.parametrize(
    ("role", "is_own", "expected"),
    [
        (Role.OPERATOR, True, 202),
        (Role.OPERATOR, False, 403),
        (Role.DUTY_HEAD, False, 202),
    ],
)
@pytest.mark.parametrize("changed", [{"msg_type": "Update"}, {"msg_type": "Cancel"}, {"msg_type": "Alert"}])
async def test_an_entered_event_is_changed_only_by_its_author_or_a_duty_head(
    intake: RunningIntake, role: Role, is_own: bool, expected: int, changed: dict[str, str]
) -> None:
    author = uuid4()
    first = hazard(source="cmc", source_id=f"{author}/{uuid4()}")
    assert (await intake.caller(Role.OPERATOR, account=author).post(HAZARDS, first)).status_code == 202
    caller = intake.caller(role, sources=["cmc"], **({"account": author} if is_own else {}))
    later = hazard(source="cmc", source_id=first["source_id"], revision=2, **changed)
    answer = await caller.post(HAZARDS, later)
    assert answer.status_code == expected
    if expected == 403:
        assert answer.json()["type"] == "urn:dayar:problem:not-your-event"


async def test_other_ids_of_a_source_belong_to_no_account(intake: RunningIntake) -> None:
    for source, source_id in (("usgs", f"{uuid4()}/1"), ("cmc", "2026/14"), ("cmc", str(uuid4()))):
        body = hazard(source=source, source_id=source_id)
        assert (await intake.caller(Role.OPERATOR).post(HAZARDS, body)).status_code == 202
