"""Intake answers every bad body with a clear problem, never with a 5xx."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.channels import json_batches, json_reports
from services.intake.channels.formats import SingleFormat
from services.intake.refusals import Invalid
from shared.auth.tokens import Role
from shared.events.topics import SERVICES
from shared.events.vocabulary import SubmissionChannel
from tests.installation import Installation
from tests.intake.conftest import BATCH, DISPLACEMENTS, HAZARDS, RunningIntake, opened
from tests.intake.factories import group, hazard, household, movement
from tests.journeys.count import Sent, count_check
from tests.journeys.logs import events_on

DEEP = b'{"notes":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
MALFORMED = [
    b"",
    b" ",
    b"null",
    b"[]",
    b"1",
    b'"text"',
    b"{",
    b"}",
    b'{"kind"}',
    b'{"kind":"household",}',
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b'{"kind":"household","persons":1e400}',
    b'{"kind":"household","persons":' + b"9" * 5000 + b"}",
    b'{"kind":NaN}',
    b'{"kind":"household","notes":"\\ud800"}',
    b'{"kind":"household","notes":"\xed\xa0\x80"}',
    b'{"kind":"household","notes":"\x00"}',
    DEEP,
    b"[" * 200_000,
    b'{"a":' * 50_000,
]


@pytest.mark.parametrize("path", [DISPLACEMENTS, HAZARDS])
async def test_malformed_json_is_a_problem(intake: RunningIntake, path: str) -> None:
    for content in MALFORMED:
        answer = await intake.caller().post(path, content=content)
        assert answer.status_code == 422, content[:40]
        assert answer.headers["content-type"] == "application/problem+json"


async def test_malformed_batches_are_problems_or_results(intake: RunningIntake) -> None:
    for content in (*MALFORMED, b"[[[]]]", b"[{}, 1]", b"[{}]]"):
        answer = await intake.caller().post(BATCH, content=content)
        assert answer.status_code in (200, 422), content[:40]
        if answer.status_code == 200:
            assert all(each["status"] == 422 for each in answer.json()["results"])


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+06:00", "9999-12-31T23:59:59-06:00"])
async def test_a_moment_before_the_first_or_after_the_last_in_utc_is_refused(
    intake: RunningIntake, moment: str
) -> None:
    answer = await intake.caller().post(DISPLACEMENTS, household(occurred_at=moment))
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/occurred_at"]


@pytest.mark.parametrize("path", [DISPLACEMENTS, HAZARDS])
async def test_every_file_of_bad_json_is_a_problem(intake: RunningIntake, path: str, real_data: Path) -> None:
    """None of the files is a report.

    Files named `n_` are invalid JSON. Files named `i_` may be accepted by a parser.
    """
    for file in bad_json(real_data):
        answer = await intake.caller().post(path, content=file.read_bytes())
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), file.name


async def test_every_file_of_bad_json_in_a_batch_is_a_problem_or_results_that_are(
    intake: RunningIntake, real_data: Path
) -> None:
    for file in bad_json(real_data):
        answer = await intake.caller().post(BATCH, content=file.read_bytes())
        results = answer.json()["results"] if answer.status_code == 200 else [answer.json()]
        # for the file with an empty array, the list of results is empty
        assert {each["status"] for each in results} <= {422}, file.name


def bad_json(folder: Path) -> list[Path]:
    files = sorted((folder / "bad/json").iterdir())
    assert {file.name[:2] for file in files} >= {"n_", "i_"}
    return files


async def test_naughty_strings_are_accepted_unchanged_or_refused_and_none_is_lost(
    installation: Installation, real_data: Path
) -> None:
    """Each string goes through intake and all workers three times: as notes, as a hazard's text, and as a field name.

    Batches are used, because 1,500 single requests would take long. The reader of single reports must accept
    and refuse the same strings as the reader of batches.
    """
    sent, texts = Sent(), naughty(real_data)
    for service in SERVICES:
        installation.start(service, "worker")
    async with opened(installation) as intake:
        field, desk = intake.caller(), intake.caller(Role.OPERATOR, channel=SubmissionChannel.CONSOLE)
        noted = [household(notes=text) for text in texts]
        answer = sent.answered_batch(["displacements"] * len(texts), await field.post(BATCH, noted))
        assert accepted(answer) == [is_read(json_reports.DISPLACEMENTS, body) for body in noted]
        words = [hazard(source="cmc", text={"en": {"headline": text, "description": text}}) for text in texts]
        kinds = [{**body, "kind": "hazard"} for body in words]
        answer = sent.answered_batch(["hazards"] * len(texts), await desk.post(BATCH, kinds))
        assert accepted(answer) == [is_read(json_reports.HAZARDS, body) for body in words]
        taken = {text.strip() for text, is_taken in zip(texts, accepted(answer), strict=True) if is_taken}
        unknown = [{**household(), text: text} for text in texts]
        answer = sent.answered_batch(["displacements"] * len(texts), await field.post(BATCH, unknown))
        assert not any(accepted(answer)) and not any(is_read(json_reports.DISPLACEMENTS, body) for body in unknown)
        assert [text for text in texts if len(text) >= 8 and text in answer.text] == []
    await count_check(installation, sent)
    heard = [event.data.text["en"] for event in await events_on(installation, "hazards-restricted")]
    assert {each.headline for each in heard} == {each.description for each in heard} == taken


def accepted(answer: httpx.Response) -> list[bool]:
    statuses = [result["status"] for result in answer.json()["results"]]
    assert set(statuses) <= {"accepted", 422}
    return [status == "accepted" for status in statuses]


def is_read(format: SingleFormat, body: dict[str, Any]) -> bool:
    raw = json.dumps(body).encode()
    try:
        return bool(format.read_at_once(raw) or format.read(raw))
    except Invalid:
        return False


def naughty(folder: Path) -> list[str]:
    texts = list(dict.fromkeys(json.loads((folder / "bad/strings/blns.json").read_bytes())))
    assert len(texts) == 511
    return texts


BASES = {
    "household": household(),
    "group": group(),
    "household_movement": movement(),
    "hazard": {**hazard(), "kind": "hazard"},
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(str(uuid4())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(BASES)), st.data(), VALUES)
def test_any_value_of_a_field_is_validated_or_refused(base: str, chosen: st.DataObject, value: Any) -> None:
    body = dict(BASES[base])
    body[chosen.draw(st.sampled_from(sorted([*body, "unheard-of"])))] = value
    result = json_batches.validated(json.dumps(body).encode())
    if isinstance(result, Invalid):
        assert result.errors
        assert all(set(error) == {"pointer", "expected"} for error in result.errors)
        assert "unheard" not in str(result.errors)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_a_problem(raw: bytes) -> None:
    assert isinstance(json_batches.validated(raw), Invalid)
