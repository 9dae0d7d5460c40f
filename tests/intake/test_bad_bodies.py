"""Whatever comes to the door: a clear problem, never a 5xx."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake import bodies
from services.intake.bodies import Invalid
from tests.intake.conftest import BATCH, DISPLACEMENTS, HAZARDS, Door
from tests.intake.factories import group, hazard, household

DEEP = b'{"notes":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
MALFORMED = [
    b"", b" ", b"null", b"[]", b"1", b'"text"', b"{", b"}", b'{"kind"}', b'{"kind":"household",}', b"\xff\xfe{}", b"\xef\xbb\xbf{}",
    b'{"kind":"household","persons":1e400}', b'{"kind":"household","persons":' + b"9" * 5000 + b"}", b'{"kind":NaN}',
    b'{"kind":"household","notes":"\\ud800"}', b'{"kind":"household","notes":"\xed\xa0\x80"}', b'{"kind":"household","notes":"\x00"}',
    DEEP, b"[" * 200_000, b'{"a":' * 50_000,
]  # fmt: skip


@pytest.mark.parametrize("path", [DISPLACEMENTS, HAZARDS])
async def test_malformed_json_is_a_problem(door: Door, path: str) -> None:
    for content in MALFORMED:
        answer = await door.caller().post(path, content=content)
        assert answer.status_code == 422, content[:40]
        assert answer.headers["content-type"] == "application/problem+json"


async def test_malformed_batches_are_problems_or_results(door: Door) -> None:
    for content in (*MALFORMED, b"[[[]]]", b"[{}, 1]", b"[{}]]"):
        answer = await door.caller().post(BATCH, content=content)
        assert answer.status_code in (200, 422), content[:40]
        if answer.status_code == 200:
            assert all(each["status"] == 422 for each in answer.json()["results"])


@pytest.mark.parametrize("path", [DISPLACEMENTS, HAZARDS, BATCH])
async def test_every_file_of_bad_json(door: Door, path: str, real_data: Path) -> None:
    for file in sorted((real_data / "bad/json").iterdir()):
        answer = await door.caller().post(path, content=file.read_bytes())
        assert answer.status_code < 500, file.name


async def test_naughty_strings_are_taken_as_they_are_or_refused(door: Door, real_data: Path) -> None:
    caller = door.caller()
    for text in naughty(real_data / "bad/strings"):
        answer = await caller.post(DISPLACEMENTS, content=json.dumps(household(notes=text)).encode())
        assert answer.status_code in (202, 422), text
        answer = await caller.post(DISPLACEMENTS, content=json.dumps({**household(), text: text}).encode())
        assert answer.status_code == 422
        assert len(text) < 8 or text not in answer.text


def naughty(folder: Path) -> list[str]:
    lines = [
        line for file in sorted(folder.iterdir()) for line in file.read_text("utf-8", errors="replace").splitlines()
    ]
    return list(dict.fromkeys(line for line in lines if line))[:600]


BASES = {"household": household(), "group": group(), "hazard": {**hazard(), "kind": "hazard"}}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(str(uuid4())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(BASES)), st.data(), VALUES)
def test_a_field_with_any_value_is_checked_or_told(base: str, chosen: st.DataObject, value: Any) -> None:
    body = dict(BASES[base])
    body[chosen.draw(st.sampled_from(sorted([*body, "unheard-of"])))] = value
    result = bodies.one(json.dumps(body).encode())
    if isinstance(result, Invalid):
        assert result.errors
        assert all(set(error) == {"pointer", "expected"} for error in result.errors)
        assert "unheard" not in str(result.errors)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_told(raw: bytes) -> None:
    assert isinstance(bodies.one(raw), Invalid)
