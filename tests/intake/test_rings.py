"""A hazard may have rings with many points.

Intake first checks the rest of the hazard, and then reads one ring at a time.
"""

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.channels import json_batches, json_reports, rings
from services.intake.refusals import REPORT_BYTES, Invalid, ReportRefused
from shared.events import HazardReport
from tests.intake.factories import hazard
from tests.intake.hostile import BATCHES, HAZARDS

POINT = [74.5, 42.5]
WIDE = [[POINT] * 2_000] * 3  # more lists and values than a report may have outside its rings
LIMIT = "at most 3000 fields, 2000 lists and 4000 values"


def drawn(*more: Any, **fields: Any) -> bytes:
    return json.dumps(hazard(area={"polygons": [*WIDE, *more]}, **fields)).encode()


def errors_of(raw: bytes) -> dict[str, str]:
    with pytest.raises(Invalid) as invalid:
        json_reports.HAZARDS.read(raw)
    return {error["pointer"]: error["expected"] for error in invalid.value.errors}


def errors_in_a_batch(raw: bytes) -> dict[str, str]:
    [result] = json_batches.read(raw)
    assert isinstance(result, Invalid)
    return {error["pointer"]: error["expected"] for error in result.errors}


@pytest.mark.parametrize("name", ["points alone", "points alone in a circle"])
def test_the_points_of_a_refused_hazard_are_not_parsed(name: str) -> None:
    raw = HAZARDS[name]()
    assert memory_of(raw, json_reports.HAZARDS.read) < 4 * REPORT_BYTES


def test_the_points_of_a_refused_hazard_in_a_batch_are_not_parsed() -> None:
    raw = BATCHES["a hazard of points alone"]()
    assert memory_of(raw, json_batches.read) < 4 * REPORT_BYTES


def memory_of(raw: bytes, read: Any) -> int:
    """Returns the most memory that is in use while `read` reads the body.

    As lists, 31,000 points would need over three megabytes.
    """
    tracemalloc.start()
    try:
        assert not isinstance(read(raw), HazardReport)
    except ReportRefused:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


def test_errors_of_the_other_fields_are_reported_without_the_rings() -> None:
    raw = json.dumps({"kind": "hazard", "area": {"polygons": [*WIDE, "no ring"]}}).encode()
    expected = {f"/{name}" for name in ("report_id", "source", "source_id", "type", "onset", "reported_at")}
    assert errors_in_a_batch(raw).keys() == expected
    assert errors_of(raw).keys() == expected | {"/kind"}  # `kind` is an error outside a batch


@pytest.mark.parametrize(
    ("ring", "pointer"),
    [
        ([*[POINT] * 5, [POINT[0], 95], POINT], "/area/polygons/3/5/1"),
        ([POINT] * 3, "/area/polygons/3"),
        ("ring", "/area/polygons/3"),
        ([*[POINT] * 4, [74.5]], "/area/polygons/3/4/1"),
    ],
)
def test_an_invalid_ring_is_named(ring: Any, pointer: str) -> None:
    assert errors_of(drawn(ring)).keys() == {pointer}
    assert errors_in_a_batch(drawn(ring, kind="hazard")).keys() == {pointer}


def test_a_ring_has_at_most_two_thousand_points() -> None:
    assert errors_of(drawn([POINT] * 2_001)) == {"/area/polygons/3": "at most 2000 points of longitude and latitude"}


def test_a_hazard_has_at_most_fifty_rings() -> None:
    assert "at most 50 items" in errors_of(drawn(*[[POINT] * 4] * 48))["/area/polygons"]
    assert json_reports.HAZARDS.read(drawn(*[[POINT] * 4] * 47)).report_id


@pytest.mark.parametrize("area", [WIDE, {"polygons": {"": WIDE}}, {"circles": WIDE}, {"polygons": [], "point": WIDE}])
def test_points_elsewhere_than_in_polygons_are_refused(area: Any) -> None:
    assert errors_of(json.dumps(hazard(area=area)).encode()) == {"": LIMIT}


@pytest.mark.parametrize("broken", [drawn()[:-1], drawn()[:-9], drawn() + b"]", drawn().replace(b"74.5", b"74,", 1)])
def test_a_hazard_that_is_not_json_is_refused(broken: bytes) -> None:
    assert errors_of(broken) == {"": "valid JSON"}


def test_a_displacement_with_the_rings_of_a_hazard_is_refused() -> None:
    raw = json.dumps({"kind": "household", "notes": "hazard", "area": {"polygons": WIDE}}).encode()
    assert errors_in_a_batch(raw.replace(b"notes", b"hazard"))["/?"] == "no such field"


@given(
    st.lists(
        st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90) | st.integers(-90, 90)), min_size=4, max_size=9),
        min_size=1,
        max_size=9,
    )
)
def test_a_hazard_is_read_alike_with_and_without_its_rings(polygons: list[Any]) -> None:
    raw = json.dumps(
        hazard(area={"polygons": polygons, "pcodes": ["KG05258000000"]}, aliases=["\u0431\u2028"])
    ).encode()
    rest, separate = rings.split_off(raw)
    report = rings.joined(json_reports.HAZARD.validate_json(rest), separate)
    whole = json_reports.HAZARD.validate_json(raw)
    assert report == whole
    assert json_reports.HAZARD.dump_json(report) == json_reports.HAZARD.dump_json(whole)
    assert report.area.model_fields_set == whole.area.model_fields_set
