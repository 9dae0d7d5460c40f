"""Every body within the limits gets a quick answer. Intake limits the number of errors that it creates for a body."""

import contextlib
import json
import re
import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.intake.channels import json_batches, json_reports
from services.intake.channels.limits import HAZARD_LIMITS
from services.intake.refusals import Invalid, TooMany
from shared.events import Area
from shared.places import Places
from shared.web import body_limits
from tests.intake.conftest import BATCH, DISPLACEMENTS, RunningIntake
from tests.intake.factories import hazard, household
from tests.intake.hostile import BATCHES, HAZARDS, SINGLES

TEXTS: dict[str, Callable[[], bytes]] = {
    "long texts": lambda: json.dumps([household(notes="тест " * 800) for _ in range(70)]).encode(),
    "short texts of many escapes": lambda: json.dumps(["\\" * 20] * 40_000).encode(),
    "short texts of more escapes": lambda: json.dumps(["\\" * 21] * 40_000).encode(),
}
MADE = 2 * HAZARD_LIMITS.fields  # two errors per unknown language: its name and its text


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    counts: list[int] = []
    original = json_reports.without_unknown_codes

    def counted(raw: bytes, adapter: TypeAdapter[Any], error: ValidationError, *, most: int) -> Any:
        counts.append(error.error_count())
        return original(raw, adapter, error, most=most)

    monkeypatch.setattr(json_reports, "without_unknown_codes", counted)
    return counts


@pytest.mark.parametrize("name", SINGLES)
def test_a_report_creates_few_errors_and_reports_fifty(made: list[int], name: str) -> None:
    with pytest.raises(Invalid) as invalid:
        json_reports.DISPLACEMENTS.read(SINGLES[name]())
    assert 1 <= len(invalid.value.errors) <= 50
    assert sum(made) <= MADE


@pytest.mark.parametrize("name", HAZARDS)
def test_a_hazard_creates_few_errors_and_reports_fifty(made: list[int], name: str) -> None:
    with pytest.raises(Invalid) as invalid:
        json_reports.HAZARDS.read(HAZARDS[name]())
    assert 1 <= len(invalid.value.errors) <= 50
    assert sum(made) <= MADE


def test_a_body_of_many_values_is_not_validated_on_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(raw: bytes) -> None:
        raise AssertionError(len(raw))

    raw = SINGLES["120 kB of needs alone"]()
    assert len(raw) < json_reports.AT_ONCE_BYTES
    assert json_reports.at_once(raw, json_reports.DISPLACEMENT, never) is None
    assert json_reports.DISPLACEMENTS.read_at_once(raw) is None


def test_a_displacement_in_a_batch_has_the_limits_of_a_displacement() -> None:
    for item in (SINGLES["needs that are numbers"](), SINGLES["120 kB of needs alone"]()):
        [result] = json_batches.read(b"[" + item + b"]")
        assert isinstance(result, Invalid)
        assert result.errors == [{"pointer": "", "expected": "at most 3000 fields, 2000 lists and 4000 values"}]


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_reports_at_most_five_thousand_errors(name: str) -> None:
    try:
        results = json_batches.read(BATCHES[name]())
    except (Invalid, TooMany):
        return
    assert sum(len(each.errors) for each in results if isinstance(each, Invalid)) <= 5_000


@pytest.mark.parametrize("name", [*BATCHES, *TEXTS])
def test_no_match_is_long_because_other_threads_wait_meanwhile(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """During a match, no other thread can run. A match of a million escapes would take 18 ms."""
    patterns = {pattern: Watched(getattr(json_batches, pattern)) for pattern in ("BETWEEN", "WITHIN", "REST_OF_TEXT")}
    for pattern, watched in patterns.items():
        monkeypatch.setattr(json_batches, pattern, watched)
    with contextlib.suppress(Invalid, TooMany):
        json_batches.split({**BATCHES, **TEXTS}[name]())
    assert max(watched.quotes for watched in patterns.values()) <= 2 * 5_000 + 1
    assert max(watched.backslashes for watched in patterns.values()) <= 2 * 100_000


def test_the_lists_of_a_batch_are_counted_in_pieces_until_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []

    def watched(raw: bytes) -> int:
        counted.append(len(raw))
        return json_reports.lists(raw)

    monkeypatch.setattr(json_batches, "lists", watched)
    with pytest.raises(Invalid):
        json_batches.split(BATCHES["lists of nothing"]())
    assert max(counted) <= 256 * 1024
    assert sum(counted) < 1_000_000


def test_no_match_of_the_limits_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    some = Watched(body_limits.SOME_TEXTS)
    monkeypatch.setattr(body_limits, "SOME_TEXTS", some)
    raw = b'""' * 115_000 + b"[" * 20_001
    assert body_limits.exceeds(raw, {body_limits.LIST: 20_000})
    assert not body_limits.exceeds(raw, {body_limits.LIST: 20_001})
    assert 0 < some.quotes <= 2 * body_limits.AT_ONCE


def test_texts_are_skipped_once_for_all_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    some = Watched(body_limits.SOME_TEXTS)
    monkeypatch.setattr(body_limits, "SOME_TEXTS", some)
    with pytest.raises(Invalid):
        json_reports.DISPLACEMENTS.read(SINGLES["notes of commas and colons"]())
    assert some.matches == 1


class Watched:
    """A pattern that counts its matches.

    `Watched` also records the most quotes and the most backslashes in one match.
    """

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self.pattern, self.matches, self.quotes, self.backslashes = pattern, 0, 0, 0

    def match(self, raw: bytes, position: int) -> re.Match[bytes] | None:
        match = self.pattern.match(raw, position)
        self.matches += 1
        text = match[0] if match else b""
        self.quotes = max(self.quotes, text.count(b'"'))
        self.backslashes = max(self.backslashes, text.count(b"\\"))
        return match


ITEMS = st.recursive(
    st.none() | st.integers() | st.text('ab"\\[]{},:\nб', max_size=120) | st.text("\\", max_size=60),
    lambda items: st.lists(items, max_size=4) | st.dictionaries(st.text('a"\\,', max_size=30), items, max_size=4),
    max_leaves=12,
)


@given(st.lists(ITEMS, max_size=6), st.booleans(), st.sampled_from([None, 1]))
def test_an_array_is_split_at_its_own_commas(items: list[Any], ensure_ascii: bool, indent: int | None) -> None:
    raw = json.dumps(items, ensure_ascii=ensure_ascii, indent=indent).encode()
    assert [json.loads(item) for item in json_batches.split(raw) if item.strip()] == items


@pytest.mark.parametrize("body", [b'["\\', b'["\\"', b'[{"a":"\\\\\\"}]', b'["' + b"\\n" * 30_000])
def test_an_array_whose_text_does_not_end_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        json_batches.split(body)


def test_fifty_of_many_wrong_fields_are_reported() -> None:
    body = household() | {f"unknown {number}": 0 for number in range(1_000)}
    result = json_batches.validated(json.dumps(body).encode())
    assert isinstance(result, Invalid)
    assert len(result.errors) == 50


def test_an_unknown_code_of_every_person_is_kept_with_its_text() -> None:
    """Unknown codes are not errors. A report may therefore have more unknown codes than errors."""
    members = [{"member_id": str(uuid4()), "relationship": "godmother", "sex": "x"} for _ in range(60)]
    report = json_reports.checked(
        json.dumps(household(members=members, persons=60)).encode(), json_reports.DISPLACEMENT
    )
    assert {member.sex for member in report.members} == {"unknown"}  # type: ignore[union-attr]
    assert str(report.notes).count("relationship: godmother") == str(report.notes).count("sex: x") == 60


@pytest.mark.parametrize("name", SINGLES)
async def test_a_body_with_an_ended_token_is_answered_as_fast(intake: RunningIntake, name: str) -> None:
    answer = await intake.caller(expires_in=-400 * 86_400).post(DISPLACEMENTS, content=SINGLES[name]())
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) <= 50


@pytest.mark.parametrize("name", BATCHES)
async def test_a_hostile_batch_is_refused(intake: RunningIntake, name: str) -> None:
    answer = await intake.caller().post(BATCH, content=BATCHES[name]())
    results = answer.json()["results"] if answer.status_code == 200 else [answer.json()]
    assert {each["status"] for each in results} <= {413, 422}
    assert len(answer.content) < 1_000_000


async def test_a_long_check_runs_in_its_own_thread(intake: RunningIntake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread of its own makes the long check.

    The event loop and the threads that write to the disk do not wait for it.
    """
    threads: list[str] = []
    original = json_reports.checked

    def watched(*arguments: Any, **more: Any) -> Any:
        threads.append(threading.current_thread().name)
        return original(*arguments, **more)

    monkeypatch.setattr(json_reports, "checked", watched)
    await intake.caller().post(DISPLACEMENTS, content=SINGLES["250 kB of unknown needs"]())
    await intake.caller().post(BATCH, content=json.dumps([household(), {}]).encode())
    await intake.caller(sources=["hydromet"]).post("/v1/hazards", hazard(severity="unheard of"))
    assert len(threads) == 4
    assert all(name.startswith("drafting") for name in threads)


async def test_the_areas_of_a_drawn_hazard_are_found_in_a_thread(
    intake: RunningIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    original = Places.pcodes_of

    def watched(places: Places, area: Area) -> tuple[str, ...]:
        threads.append(threading.current_thread().name)
        return original(places, area)

    monkeypatch.setattr(Places, "pcodes_of", watched)
    caller, ring = intake.caller(sources=["hydromet"]), [[74, 42], [75, 42], [75, 43], [74, 42]]
    drawn = hazard(area={"polygons": [ring]})
    assert (await caller.post("/v1/hazards", drawn)).status_code == 202
    assert (await caller.post(BATCH, [{**drawn, "kind": "hazard"}])).json()["results"][0]["status"] == "duplicate"
    assert [name.partition("_")[0] for name in threads] == ["drafting"] * 2
