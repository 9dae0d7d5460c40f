"""Intake gives every kind of answer and counts each kind."""

import asyncio
import json
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from shared.auth.tokens import Role
from shared.crypto import keyring
from shared.events.vocabulary import SubmissionChannel
from tests.installation import Installation
from tests.intake.conftest import BATCH, DISPLACEMENTS, HAZARDS, RunningIntake, opened
from tests.intake.factories import group, hazard, household
from tests.intake.records import records
from tests.journeys.count import everything


async def test_a_report_is_accepted_stamped_and_sealed(intake: RunningIntake) -> None:
    account, team = uuid4(), uuid4()
    body = household()
    answer = await intake.caller(account=account, team=team).post(DISPLACEMENTS, body)
    assert answer.status_code == 202
    assert answer.json()["status"] == "accepted"
    [received] = await records(intake.installation, "displacements", body["report_id"])
    data = received.event.data
    assert received.event.type == "dayar.displacement.household_reported.v1"
    assert str(received.event.id) == answer.json()["event_id"]
    assert (data.author, data.team, data.channel) == (account, team, SubmissionChannel.FIELD)
    assert data.places_version
    assert data.flags == ()
    assert received.opened.sealed["members"][0]["given_name"] == "Айгүл"
    assert "Айгүл".encode() not in received.record.value
    assert b"010203" not in received.record.value


async def test_a_group_and_its_correction(intake: RunningIntake) -> None:
    caller, body = intake.caller(), group()
    first = await caller.post(DISPLACEMENTS, body)
    second = await caller.post(DISPLACEMENTS, {**body, "version": 2, "persons": 130})
    assert [first.status_code, second.status_code] == [202, 202]
    assert first.json()["event_id"] != second.json()["event_id"]
    stored = await records(intake.installation, "displacements", body["report_id"])
    assert [each.event.type.split(".")[2] for each in stored] == ["group_reported", "correction_reported"]


async def test_the_same_report_again_is_a_duplicate_and_other_content_is_a_conflict(intake: RunningIntake) -> None:
    caller, body = intake.caller(), household()
    first = await caller.post(DISPLACEMENTS, body)
    again = await caller.post(DISPLACEMENTS, dict(reversed(body.items())))
    other = await caller.post(DISPLACEMENTS, {**body, "notes": "other"})
    assert (again.status_code, again.json()) == (200, {**first.json(), "status": "duplicate"})
    assert other.status_code == 409
    assert other.headers["content-type"] == "application/problem+json"
    assert len(await records(intake.installation, "displacements", body["report_id"])) == 1


async def test_a_report_is_known_as_long_as_it_may_be_on_the_log(installation: Installation) -> None:
    async with opened(installation, displacements_days=10) as intake:
        await intake.caller().post(DISPLACEMENTS, household())
        with installation.redis() as valkey:
            [name] = valkey.keys("*memory:*")
            assert 9 * 86_400 < valkey.ttl(name) <= 10 * 86_400


async def test_a_repeat_from_before_a_rotation_is_not_a_conflict(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Valkey's fingerprint was made with the old key. Only the consumer's inbox can therefore detect the repeat."""
    body = household()
    async with opened(installation) as intake:
        caller = intake.caller()
        assert (await caller.post(DISPLACEMENTS, body)).json()["status"] == "accepted"
        monkeypatch.setattr(keyring, "FRESH_SECONDS", 0)
        keyring.draw(installation.secrets / "memory-key")
        answers = [(await caller.post(DISPLACEMENTS, body)).json()["status"] for _ in range(2)]
        assert answers == ["accepted", "duplicate"]


async def test_only_its_author_learns_whether_a_report_exists(intake: RunningIntake) -> None:
    body = household()
    await intake.caller().post(DISPLACEMENTS, body)
    assert (await intake.caller().post(DISPLACEMENTS, body)).json()["status"] == "accepted"


async def test_an_id_that_is_not_random_is_refused(intake: RunningIntake) -> None:
    answer = await intake.caller().post(DISPLACEMENTS, household(report_id="5d0fb1f0-3b1c-11f0-8c3a-0242ac120002"))
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"pointer": "/report_id", "expected": "a random UUID (version 4 or 7) is expected"}
    ]


@pytest.mark.parametrize("name", ["author", "team", "channel", "received_at", "Айгүл Токтогулова"])
async def test_intakes_stamps_and_unknown_fields_are_refused_without_naming_them(
    intake: RunningIntake, name: str
) -> None:
    answer = await intake.caller().post(DISPLACEMENTS, household(**{name: str(uuid4())}))
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "/?", "expected": "no such field"}]
    assert name not in answer.json()["title"]


async def test_each_wrong_field_is_named_without_its_value(intake: RunningIntake) -> None:
    body = household(kind="household", report_id="secretsecret", persons="secret", destination={"pcode": "secret"})
    answer = await intake.caller().post(DISPLACEMENTS, body)
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/report_id", "/persons", "/destination/pcode"}
    assert "secret" not in answer.text


# a valid year in local time, but not in UTC
ENDS = ["1900-01-01T00:00:00+06:00", "2199-12-31T23:00:00-05:00"]


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+06:00", "9999-12-31T23:59:59-06:00", "1899-12-31T12:00:00Z", *ENDS]
)
async def test_a_time_at_the_ends_of_the_calendar_is_refused_by_its_field(intake: RunningIntake, moment: str) -> None:
    answer = await intake.caller().post(DISPLACEMENTS, household(occurred_at=moment))
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, ["/occurred_at"])
    assert "1900 to 2199" in answer.json()["errors"][0]["expected"]


async def test_a_future_relocation_is_accepted(intake: RunningIntake) -> None:
    body = household(occurred_at="2031-05-01T00:00:00+06:00", mobility="planned_relocation")
    assert (await intake.caller().post(DISPLACEMENTS, body)).status_code == 202


async def test_counts_by_sex_and_age_must_not_exceed_the_persons(intake: RunningIntake) -> None:
    counts = [{"sex": "female", "age": "0-5", "count": 3}, {"sex": "male", "age": "60+", "count": 2}]
    for body in (household(members=[], sex_age=counts), group(sex_age=counts)):
        answer = await intake.caller().post(DISPLACEMENTS, {**body, "persons": 4})
        [error] = answer.json()["errors"]
        assert answer.status_code == 422
        assert error["expected"] == "the counts of `sex_age` are expected to be no more than `persons` together"
        assert (await intake.caller().post(DISPLACEMENTS, {**body, "persons": 5})).status_code == 202


async def test_an_unknown_kind_is_refused_without_its_value(intake: RunningIntake) -> None:
    answer = await intake.caller().post(DISPLACEMENTS, household(kind="secret"))
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/kind"]
    assert "secret" not in answer.text


async def test_unknown_codes_are_kept_as_other_with_their_text(intake: RunningIntake) -> None:
    body = household(
        reasons=["natural_disaster", "a curse"], hazard_type="kurum", shelter="yurt", needs=["food", "hay"], notes="n"
    )
    assert (await intake.caller().post(DISPLACEMENTS, body)).status_code == 202
    [received] = await records(intake.installation, "displacements", body["report_id"])
    assert received.event.data.reasons == ("natural_disaster", "other")
    assert received.event.data.hazard_type == "other"
    assert received.opened.sealed["reason_text"] == "a curse"
    assert received.opened.sealed["needs"] == ["food", "other"]
    assert received.opened.sealed["notes"] == "n; shelter: yurt; needs: hay; hazard_type: kurum"


async def test_unknown_codes_of_persons_are_kept_as_unknown_with_their_text(intake: RunningIntake) -> None:
    body = household(
        intention="wait and see",
        legal_basis="custom",
        sex_age=[{"sex": "f", "age": "0-4", "count": 1}],
        members=[{"member_id": str(uuid4()), "relationship": "godmother", "sex": "x"}],
        persons=1,
    )
    assert (await intake.caller().post(DISPLACEMENTS, body)).status_code == 202
    [received] = await records(intake.installation, "displacements", body["report_id"])
    sealed = received.opened.sealed
    # an unknown code becomes the default value, and a record leaves out default values
    assert sealed["members"] == [{"member_id": body["members"][0]["member_id"]}]
    assert sealed["sex_age"] == [{"sex": "unknown", "age": "unknown", "count": 1}]
    assert set(sealed["notes"].split("; ")) == {
        "intention: wait and see",
        "legal_basis: custom",
        "members/0/relationship: godmother",
        "members/0/sex: x",
        "sex_age/0/sex: f",
        "sex_age/0/age: 0-4",
    }


@pytest.mark.parametrize("changed", [{"mobility": "fled"}, {"occurred_at_precision": "decade"}])
async def test_an_unknown_code_without_a_value_for_not_known_is_refused(
    intake: RunningIntake, changed: dict[str, str]
) -> None:
    answer = await intake.caller().post(DISPLACEMENTS, household(**changed))
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{name}" for name in changed]


async def test_without_a_valid_token_401_and_without_the_role_403(intake: RunningIntake) -> None:
    assert (await intake.http.post(DISPLACEMENTS, json=household())).status_code == 401
    expired = intake.caller(Role.INTEGRATION, channel=SubmissionChannel.API, expires_in=-60)
    assert (await expired.post(DISPLACEMENTS, household())).status_code == 401
    assert (await intake.caller(Role.ANALYST).post(DISPLACEMENTS, household())).status_code == 403


async def test_a_phone_with_an_expired_token_is_accepted_and_flagged(intake: RunningIntake) -> None:
    body = household()
    assert (await intake.caller(expires_in=-60).post(DISPLACEMENTS, body)).status_code == 202
    [received] = await records(intake.installation, "displacements", body["report_id"])
    assert received.event.data.flags == ("expired_token",)
    assert "intake_ended_sign_in_reports_total 1.0" in (await intake.http.get("/metrics")).text


async def test_a_report_outside_the_authors_area_is_accepted_and_flagged(intake: RunningIntake) -> None:
    caller = intake.caller(areas=["KG06000000000"])
    outside, inside = household(), household(destination={"pcode": "KG06226000000"})
    assert [(await caller.post(DISPLACEMENTS, body)).status_code for body in (outside, inside)] == [202, 202]
    [first] = await records(intake.installation, "displacements", outside["report_id"])
    [second] = await records(intake.installation, "displacements", inside["report_id"])
    assert (first.event.data.flags, second.event.data.flags) == (("outside_area",), ())


@pytest.mark.parametrize(
    ("path", "body", "limit"),
    [
        (DISPLACEMENTS, household(), 256 * 1024),
        (HAZARDS, hazard(source="cmc"), 256 * 1024),
        (BATCH, [household()], 2 * 1024 * 1024),
    ],
)
async def test_a_body_of_the_maximum_size_is_accepted_and_one_byte_more_is_413(
    intake: RunningIntake, path: str, body: Any, limit: int
) -> None:
    caller, written = intake.caller(Role.OPERATOR, channel=SubmissionChannel.CONSOLE), json.dumps(body).encode()
    for size in (limit + 1, 3_000_000):
        answer = await caller.post(path, content=written.ljust(size))
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await caller.post(path, content=written.ljust(limit))).is_success


async def test_more_concurrent_requests_than_one_account_may_have_are_429(intake: RunningIntake) -> None:
    caller = intake.caller()
    answers = await asyncio.gather(*(caller.post(DISPLACEMENTS, household()) for _ in range(50)))
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses.keys() == {202, 429}
    assert statuses[202] >= 32
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["retry-after"]
    assert (await caller.post(DISPLACEMENTS, household())).status_code == 202


async def test_an_exercise_installation_accepts_no_actual_report(installation: Installation) -> None:
    installation.exercise = True
    async with opened(installation) as intake:
        actual = await intake.caller().post(DISPLACEMENTS, household())
        assert [error["pointer"] for error in actual.json()["errors"]] == ["/status"]
        assert (await intake.caller().post(DISPLACEMENTS, household(status="Exercise"))).status_code == 202


async def test_every_report_is_counted(intake: RunningIntake) -> None:
    before, caller, body = await intake.counts(), intake.caller(), household()
    await caller.post(DISPLACEMENTS, body)
    await caller.post(DISPLACEMENTS, body)
    await caller.post(DISPLACEMENTS, {})
    await caller.post(BATCH, [group(), {}, body])
    await caller.post(BATCH, content=b"[")
    await intake.http.post(DISPLACEMENTS, json=body)
    counted = {name: count - before[name] for name, count in (await intake.counts()).items()}
    assert counted == {"sent": 8, "accepted": 2, "spooled": 0, "duplicate": 2, "refused": 4}


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"  # the example of W3C's recommendation


@pytest.mark.parametrize(
    ("sent", "carried"),
    [(TRACE, TRACE), (None, None), ("nonsense", None), (TRACE.replace("00f067aa0ba902b7", "0" * 16), None)],
)
async def test_a_requests_trace_continues_with_its_reports(
    intake: RunningIntake, sent: str | None, carried: str | None
) -> None:
    caller, single, listed = intake.caller(Role.OPERATOR), household(), {**hazard(), "kind": "hazard"}
    caller.headers |= {"traceparent": sent} if sent else {}
    await caller.post(DISPLACEMENTS, single)
    await caller.post(BATCH, [listed])
    [first] = await records(intake.installation, "displacements", single["report_id"])
    assert dict(first.record.headers).get("traceparent") == (carried.encode() if carried else None)
    of_hazards = {
        json.loads(each.value)["report_id"]: dict(each.headers)
        for each in await everything(intake.installation, "hazards-restricted", "alerts")
    }
    assert of_hazards[listed["report_id"]].get("traceparent") == (carried.encode() if carried else None)


async def test_the_same_report_on_two_connections_is_one_report(intake: RunningIntake) -> None:
    body, caller = household(), intake.caller()
    answers = await asyncio.gather(*(caller.post(DISPLACEMENTS, body) for _ in range(10)))
    assert all(answer.is_success for answer in answers)
    stored = await records(intake.installation, "displacements", body["report_id"])
    assert len({each.event.id for each in stored}) == 1
