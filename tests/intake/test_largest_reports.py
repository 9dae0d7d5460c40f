"""The largest reports of the contract are accepted, whatever their texts contain."""

import json
from collections.abc import Callable
from string import ascii_lowercase
from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel

from services.intake.channels import json_batches, json_reports
from services.intake.channels.formats import SingleFormat
from services.intake.channels.limits import REPORT_LIMITS
from services.intake.refusals import REPORT_BYTES, Invalid, ReportRefused
from shared.events import GroupReport, HazardReport, HouseholdReport
from shared.web.body_limits import FIELD, LIST, VALUE, exceeds
from tests.intake import factories as bodies
from tests.intake.factories import MOMENT
from tests.intake.hostile import HAZARDS, SINGLES

TEXTS = ["ы", "[{:,", '"\\', "\\]},"]
# Values of fields that have a pattern or depend on other fields.
FITTING: dict[str, Any] = {
    "pcode": "KG05258000000",
    "pcodes": "KG05258000000",
    "locality_pcode": "KG05258000000",
    "origin_locality_pcode": "KG05258000000",
    "destination_locality_pcode": "KG05258000000",
    "phone": "+996 (555) 01-02-03 (555) 010203",
    "personal_number": "1" * 14,
    "short_code": "7K3M9QXA7",
    "citizenship": "KG",
    "source": "hydromet",
    "web": "https://example.org/",
    "magnitude_type": "mww",
    "persons": 60,
    "count": 3,
    "birth_year": 1984,
    "revision": 2,
    "mobility": "evacuation",
    "scope": "Public",
}
FORMATS: dict[str, str] = {"date": "1984-05-02", "date-time": MOMENT}


class Largest:
    """Makes the largest value that a model's JSON Schema allows. Free text repeats the text of the argument."""

    def __init__(self, model: type[BaseModel], text: str, *, without: str = "") -> None:
        self.schema = model.model_json_schema()
        self.text, self.without = text, without

    def report(self) -> dict[str, Any]:
        report = self.of(self.schema)
        for place in ("origin", "destination"):
            report.get(place, {}).pop("country", None)  # a place has a P-code or a country, never both
        return report  # type: ignore[no-any-return]

    def of(self, schema: dict[str, Any], name: str = "") -> Any:
        if "$ref" in schema:
            return self.of(self.schema["$defs"][schema["$ref"].rpartition("/")[2]], name)
        if "anyOf" in schema:
            return self.of(schema["anyOf"][0], name)
        if "enum" in schema:
            return FITTING.get(name) or max(schema["enum"], key=len)
        if "const" in schema:
            return schema["const"]
        return getattr(self, schema["type"])(schema, name)

    def object(self, schema: dict[str, Any], _: str) -> dict[str, Any]:
        if "properties" in schema:
            return {name: self.of(field, name) for name, field in schema["properties"].items() if name != self.without}
        [value] = schema["patternProperties"].values()  # the schema is a mapping from language to text
        return {f"k{letter}": self.of(value) for letter in ascii_lowercase[: schema["maxProperties"]]}

    def array(self, schema: dict[str, Any], name: str) -> list[Any]:
        if "prefixItems" in schema:
            return [self.of(item) for item in schema["prefixItems"]]
        return [self.of(schema["items"], name) for _ in range(schema["maxItems"])]

    def string(self, schema: dict[str, Any], name: str) -> str:
        if "format" in schema:
            return FORMATS.get(schema["format"]) or str(uuid4())
        length = schema.get("maxLength", 0)
        return str(FITTING.get(name) or (self.text * length)[:length])

    def number(self, _: dict[str, Any], name: str) -> Any:
        return FITTING.get(name, 1)

    integer = number

    def boolean(self, *_: Any) -> bool:
        return False


def household(text: str) -> dict[str, Any]:
    return Largest(HouseholdReport, text).report()


def group(text: str) -> dict[str, Any]:
    return Largest(GroupReport, text).report()


def hazard(text: str) -> dict[str, Any]:
    report = Largest(HazardReport, text, without="polygons").report()
    del report["released_revision"]  # intake would refuse most other fields beside `released_revision`
    points = (REPORT_BYTES - len(written(report)) - 200) // len("[74.1,42.5],")
    rings = [[[74.1, 42.5]] * min(2_000, points - start) for start in range(0, points - 4, 2_000)]
    return {**report, "area": {**report["area"], "polygons": rings}}


def written(report: Any, *, ensure_ascii: bool = False) -> bytes:
    return json.dumps(report, ensure_ascii=ensure_ascii, separators=(",", ":")).encode()


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    ("report", "format"),
    [(household, json_reports.DISPLACEMENTS), (group, json_reports.DISPLACEMENTS), (hazard, json_reports.HAZARDS)],
)
def test_the_largest_report_is_accepted(
    report: Callable[[str], dict[str, Any]], format: SingleFormat, text: str
) -> None:
    raw = written(report(text))
    assert len(raw) <= REPORT_BYTES
    assert format.read(raw).report_id


def test_a_hazard_of_the_shortest_points_is_accepted() -> None:
    rings = [[[74, 42]] * 2_000] * 16
    raw = written(bodies.hazard(area={"polygons": rings}))
    assert REPORT_BYTES - 8_000 < len(raw) <= REPORT_BYTES
    assert json_reports.HAZARDS.read(raw).report_id


def test_a_hazard_of_short_points_with_an_unknown_code_is_accepted() -> None:
    raw = written(bodies.hazard(type="frogs", area={"polygons": [[[74.1, 42.5]] * 2_000] * 10 + [[[74, 42]] * 500]}))
    report = json_reports.HAZARDS.read(raw)
    assert isinstance(report, HazardReport)
    assert (report.type, report.type_text) == ("other", "frogs")


@pytest.mark.parametrize("report", [household, group, hazard])
def test_the_largest_report_is_accepted_in_a_batch(report: Callable[[str], dict[str, Any]]) -> None:
    made = report("[{:,")
    [result] = json_batches.read(written([{**made, "kind": made.get("kind", "hazard")}]))
    assert not isinstance(result, ReportRefused), vars(result)


def test_the_largest_household_with_escaped_texts_is_accepted() -> None:
    raw = written(household("ы"), ensure_ascii=True)
    assert json_reports.DISPLACEMENTS.read(raw).report_id


@pytest.mark.parametrize("sign", [FIELD, VALUE, LIST])
def test_a_displacement_may_have_twice_as_many_fields_values_and_lists_as_the_largest(sign: bytes) -> None:
    limits = REPORT_LIMITS
    most = {FIELD: limits.fields, VALUE: limits.values, LIST: limits.lists}[sign]
    assert not exceeds(written(household("ы")), {sign: most // 2})


@pytest.mark.parametrize("name", ["250 kB of unknown needs", "needs that are numbers", "needs that are known"])
def test_a_body_with_more_values_than_any_report_is_refused_before_it_is_parsed(name: str) -> None:
    with pytest.raises(Invalid) as invalid:
        json_reports.DISPLACEMENTS.read(SINGLES[name]())
    assert invalid.value.errors == [{"pointer": "", "expected": "at most 3000 fields, 2000 lists and 4000 values"}]


@pytest.mark.parametrize("name", ["rings that are numbers", "other names"])
def test_a_body_with_more_values_than_any_hazard_is_refused_before_it_is_parsed(name: str) -> None:
    with pytest.raises(Invalid) as invalid:
        json_reports.HAZARDS.read(HAZARDS[name]())
    assert invalid.value.errors == [{"pointer": "", "expected": "at most 2000 fields, 34000 lists and 70000 values"}]
