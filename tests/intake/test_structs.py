"""A Struct accepts only values that the pydantic model accepts.

A Struct and its model read and write a value in the same way.
"""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid1, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from services.intake import struct_types, structs
from services.intake.channels import json_reports
from services.intake.refusals import Invalid
from shared.events import GroupReport, GroupSealed, HouseholdReport, HouseholdSealed
from shared.events.displacements import GroupClear, HouseholdClear
from tests.intake.conftest import BATCH, DISPLACEMENTS, RunningIntake
from tests.intake.factories import group, household

PARTS: dict[str, tuple[TypeAdapter[Any], TypeAdapter[Any]]] = {
    "household": (TypeAdapter(HouseholdClear), TypeAdapter(HouseholdSealed)),
    "group": (TypeAdapter(GroupClear), TypeAdapter(GroupSealed)),
}

TEXTS = st.text(max_size=30) | st.text('\t\n\x0b\x1c\x1f\x7f\x85\xa0\u2003\u3000\ufeff ax"\\/\u0000é', max_size=4)
TIMES = st.sampled_from(
    [
        "2026-06-15T12:00:00+06:00",
        "2026-06-15T12:00:00.5Z",
        "2026-06-15 12:00:00.123456-03:30",
        "2026-06-15T12:00:00.1234567Z",
        "2026-06-15T12:00:00.9999999Z",
        "1899-12-31T23:59:59Z",
        "1900-01-01T00:00:00+01:00",
        "2199-12-31T23:59:59Z",
        "2026-06-15",
        "2026-06-15T12:00:00",
        "0001-01-01T00:00:00Z",
    ]
)
IDS = st.sampled_from([str(uuid4()), str(uuid4()).upper(), uuid4().hex, str(uuid1()), "{" + str(uuid4()) + "}", ""])
NUMBERS = st.integers(-2, 40_000) | st.floats(-200, 200) | st.sampled_from([True, None, "5", 5.0, 1e400, 10**30])
VALUES: st.SearchStrategy[Any] = TEXTS | TIMES | IDS | NUMBERS | st.just([]) | st.just({})
PLACES = st.fixed_dictionaries(
    {}, optional={"pcode": st.sampled_from(["KG05258000000", "KG05", None, "KG05258000000\n"]), "country": VALUES}
)
POINTS = st.fixed_dictionaries({"lat": NUMBERS, "lon": NUMBERS}, optional={"accuracy": NUMBERS, "extra": NUMBERS})
PERSONS = st.fixed_dictionaries(
    {"member_id": IDS},
    optional={
        "sex": st.sampled_from(["male", "female", "unknown", "other"]),
        "birth_date": st.sampled_from(["1984-05-02", "1984-05-02T00:00:00", "1984-13-02", None]),
        "birth_year": NUMBERS,
        "given_name": TEXTS,
        "phone": TEXTS | st.sampled_from(["+996 555 010203", " 5", "5\n"]),
        "personal_number": st.sampled_from(["12345678901234", "1234567890123\n", "1"]),
        "disabilities": st.just([]) | st.just(["seeing"]) | VALUES,
        "functioning": st.fixed_dictionaries(
            {}, optional={"seeing": st.sampled_from(["no_difficulty", "dont_know", "blind", None]), "walking": VALUES}
        ),
        "is_pregnant": st.sampled_from([True, False, None, "true", 1]),
    },
)
CHANGES = st.dictionaries(
    st.sampled_from([*(HouseholdReport.model_fields | GroupReport.model_fields), "extra"]), VALUES, max_size=1
) | st.fixed_dictionaries(
    {},
    optional={
        "occurred_at": TIMES,
        "counted_at": TIMES | st.none(),
        "notes": TEXTS,
        "reason_text": TEXTS,
        "origin": PLACES,
        "origin_point": POINTS,
        "hazard_id": IDS,
        "persons": NUMBERS,
        "members": st.lists(PERSONS, max_size=2),
        "sex_age": st.just([{"sex": "male", "age": "0-4", "count": 2}]) | VALUES,
        "version": NUMBERS,
        "citizenship": st.sampled_from(["KG", "KG\n", "kg", ""]),
    },
)


@given(st.sampled_from([household, group]), CHANGES)
def test_struct_and_model_read_and_write_the_same(body: Any, changes: dict[str, Any]) -> None:
    raw = json.dumps({**body(), **changes}).encode()
    struct = structs.read(raw)
    try:
        model = json_reports.DISPLACEMENT.validate_json(raw)
    except ValueError:
        assert struct is None
        return
    through_model = structs.of(model)
    clear, sealed = PARTS[model.kind]
    assert struct in (None, through_model)
    assert structs.clear(through_model) == clear.serializer.to_json(model, exclude_none=True)
    assert structs.sealed(through_model) == sealed.serializer.to_json(model, exclude_defaults=True)
    assert structs.subject_id(through_model) == str(getattr(model, f"{model.kind}_id"))


INSTANTS = [
    *((household, name) for name in ("occurred_at", "reported_at")),
    *((group, name) for name in ("occurred_at", "reported_at", "counted_at")),
]


@pytest.mark.parametrize("year", [1899, 2200])
@pytest.mark.parametrize(("body", "name"), INSTANTS)
def test_a_time_of_no_possible_year_is_left_to_the_model(
    body: Callable[..., dict[str, Any]], name: str, year: int
) -> None:
    wrong = json.dumps(body(**{name: f"{year}-06-15T12:00:00Z"})).encode()
    assert structs.read(wrong) is None
    assert structs.read_all(b"[" + wrong + b"]") is None


def test_every_instant_of_the_structs_is_tested() -> None:
    models: dict[Callable[..., dict[str, Any]], type[BaseModel]] = {household: HouseholdReport, group: GroupReport}
    times = {
        (body, name)
        for body, model in models.items()
        for name, field in model.model_json_schema()["properties"].items()
        if '"date-time"' in json.dumps(field)
    }
    assert times == set(INSTANTS)


@pytest.mark.parametrize("year", [1899, 2200])
@pytest.mark.parametrize(("body", "name"), INSTANTS)
async def test_a_time_of_no_possible_year_is_refused(
    intake: RunningIntake, body: Callable[..., dict[str, Any]], name: str, year: int
) -> None:
    wrong = body(**{name: f"{year}-06-15T12:00:00Z"})
    answer = await intake.caller().post(DISPLACEMENTS, wrong)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{name}")
    before, refused, after = (await intake.caller().post(BATCH, [group(), wrong, household()])).json()["results"]
    assert [before["status"], after["status"]] == ["accepted", "accepted"]
    assert (refused["status"], refused["errors"][0]["pointer"]) == (422, f"/{name}")


@pytest.mark.parametrize("body", [household(), group()])
def test_a_usual_report_needs_no_model(body: dict[str, Any]) -> None:
    assert structs.read(json.dumps(body).encode()) is not None
    assert structs.read_all(json.dumps([body]).encode()) is not None


@pytest.mark.parametrize("raw", [b'{"kind":"household"', b"\xff", b'{"kind":"\xff"}', b"[" * 5_000, b'"\\ud800"', b""])
def test_a_broken_body_is_left_to_the_model(raw: bytes) -> None:
    assert structs.read(raw) is None
    assert structs.read_all(raw) is None
    with pytest.raises(Invalid):
        json_reports.checked(raw, json_reports.DISPLACEMENT)


@pytest.mark.parametrize("depth", [1_500, 1_990])
def test_a_deep_body_is_left_to_the_model(depth: int) -> None:
    deep = b"[" * depth + b"]" * depth
    report = json.dumps(household()).encode()
    for raw in (report[:-1] + b',"notes":' + deep + b"}", b'{"notes":' + deep + b"," + report[1:]):
        assert structs.read(raw) is None
        assert structs.read_all(b"[" + raw + b"]") is None


def test_a_time_finer_than_microseconds_is_left_to_the_model() -> None:
    assert structs.read(json.dumps(household(occurred_at="2026-06-15T12:00:00.1234567Z")).encode()) is None
    assert structs.read(json.dumps(household(origin_point={"lat": 42.1234567, "lon": 74.0})).encode()) is not None


def test_of_a_field_that_comes_twice_both_take_the_last() -> None:
    raw = json.dumps(household()).encode()[:-1] + b',"notes":"first","notes":"second"}'
    model, struct = json_reports.DISPLACEMENT.validate_json(raw), structs.read(raw)
    assert struct is not None
    assert struct == structs.of(model)
    assert model.notes == "second"


def test_a_lone_surrogate_is_left_to_the_model() -> None:
    assert structs.read(json.dumps(household()).encode()[:-1] + b',"notes":"\\ud800"}') is None


def test_a_constraint_without_counterpart_stops_the_import() -> None:
    with pytest.raises(struct_types.UnknownConstraint):
        struct_types.typed(complex)
