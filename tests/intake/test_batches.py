"""A request may contain many reports. A bad report in it does not affect the good reports."""

import json
from uuid import uuid4

import pytest

from shared.auth.tokens import Role
from shared.events.vocabulary import SubmissionChannel
from tests.intake.conftest import BATCH, DISPLACEMENTS, RunningIntake
from tests.intake.factories import group, hazard, household
from tests.intake.records import records

ACCOUNT = uuid4()


async def test_a_batch_answers_each_item_in_order(intake: RunningIntake) -> None:
    caller, known = intake.caller(Role.FIELD, sources=["hydromet"]), household()
    await caller.post(DISPLACEMENTS, known)
    items = [
        group(),
        {**hazard(), "kind": "hazard"},
        known,
        {**known, "notes": "other"},
        household(persons=7),
        "nonsense",
        {**hazard(), "kind": "hazard", "source": "usgs"},
        household(),
    ]
    answer = await caller.post(BATCH, items)
    results = answer.json()["results"]
    assert answer.status_code == 200
    assert [each["status"] for each in results] == [
        "accepted",
        "accepted",
        "duplicate",
        "refused",
        422,
        422,
        403,
        "accepted",
    ]
    assert results[3]["problem"]["status"] == 409


async def test_a_batch_may_have_one_report_per_line(intake: RunningIntake) -> None:
    lines = b"\n".join(json.dumps(body).encode() for body in (group(), household(), {"kind": "household"}))
    results = (await intake.caller().post(BATCH, content=lines + b"\n\n")).json()["results"]
    assert [each["status"] for each in results] == ["accepted", "accepted", 422]


async def test_the_answer_to_a_hazard_without_a_kind_names_the_kind_of_a_hazard(intake: RunningIntake) -> None:
    (result,) = (await intake.caller().post(BATCH, [hazard()])).json()["results"]
    (error,) = result["errors"]
    assert error["pointer"] == "/kind" and "hazard" in error["expected"]


async def test_a_repeated_report_in_a_batch_is_reported(intake: RunningIntake) -> None:
    body = household()
    results = (await intake.caller().post(BATCH, [body, body, {**body, "notes": "other"}])).json()["results"]
    assert [each["status"] for each in results] == ["accepted", "duplicate", "refused"]
    assert len(await records(intake.installation, "displacements", body["report_id"])) == 1


@pytest.mark.parametrize(
    "bad",
    [
        b'{"kind":"household","notes":"\\ud800"}',
        b"[" * 300 + b"]" * 300,
        b'{"persons":NaN}',
        b'{"notes":"\xd0"}',
        b'{"persons":%b}' % (b"9" * 5000),
        b'{"notes":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"notes":}',
        b'{"notes":"],[\\"]"}',
        b"",
    ],
)
async def test_an_item_that_a_strict_parser_refuses_does_not_affect_the_others(
    intake: RunningIntake, bad: bytes
) -> None:
    good = json.dumps(household()).encode()
    answer = await intake.caller().post(BATCH, content=b"[%b,%b]" % (bad, good))
    assert [each["status"] for each in answer.json()["results"]] == [422, "accepted"]


async def test_a_thousand_reports_are_accepted_and_more_are_too_many(intake: RunningIntake) -> None:
    bodies = [household(members=[]) for _ in range(1000)]
    listed, lines = json.dumps(bodies), "\n".join(map(json.dumps, bodies)) + "\n"
    for content, status in ((listed, "accepted"), (lines, "duplicate")):
        results = (await intake.caller(account=ACCOUNT).post(BATCH, content=content)).json()["results"]
        assert [each["status"] for each in results] == [status] * 1000
        assert [each["report_id"] for each in results] == [body["report_id"] for body in bodies]
    for content in (json.dumps([*bodies, household()]), lines + lines[: lines.index("\n")]):
        assert (await intake.caller().post(BATCH, content=content)).status_code == 413


async def test_in_a_batch_only_the_report_that_is_too_big_gets_413(intake: RunningIntake) -> None:
    caller = intake.caller(Role.OPERATOR, channel=SubmissionChannel.CONSOLE)
    ring = [[72.123456 + number / 1e6, 41.123456] for number in range(2000)]
    big = {**hazard(), "kind": "hazard", "area": {"polygons": [ring] * 32}}
    fits = {**hazard(), "kind": "hazard", "area": {"polygons": [ring] * 3}}
    assert len(json.dumps(fits)) < 256 * 1024 < len(json.dumps(big)) < 2 * 1024 * 1024
    results = (await caller.post(BATCH, [household(), big, fits])).json()["results"]
    assert [each["status"] for each in results] == ["accepted", 413, "accepted"]
    assert results[1]["type"] == "urn:dayar:problem:too-big"
