"""The exercise's scenario contains the documented reports.

Nobody can mistake the scenario's reports for real reports.
"""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from cli import scenario
from cli.demo import CannotPlay, accounts
from cli.scenario import KADAMJAI, KYZYL_KIA, Step
from shared.events import DisplacementReport, GroupReport, HazardReport, HouseholdReport
from shared.events.sites import SiteDescription
from shared.events.vocabulary import HazardType

NOW = datetime(2026, 10, 1, 9, tzinfo=UTC)
displacement: TypeAdapter[HouseholdReport | GroupReport] = TypeAdapter(DisplacementReport)


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    return scenario.steps(NOW)


def reports(steps: list[Step]) -> list[Step]:
    return [step for step in steps if step.body.get("kind") == "household"]


def is_valid(step: Step) -> bool:
    try:
        displacement.validate_python(step.body)
    except ValidationError:
        return False
    return True


def test_forty_household_reports_three_repeats_one_invalid_and_one_group(steps: list[Step]) -> None:
    times = Counter(step.body["report_id"] for step in reports(steps))

    assert times.total() == 40
    assert sum(count - 1 for count in times.values()) == 3
    assert [is_valid(step) for step in reports(steps)].count(False) == 1
    assert [is_valid(step) for step in steps if step.body.get("kind") == "group"] == [True]


def test_rain_then_a_mudflow_then_a_quake(steps: list[Step]) -> None:
    hazards = [HazardReport.model_validate(step.body) for step in steps if step.path.endswith("hazards")]
    assert [hazard.type for hazard in hazards] == [HazardType.HEAVY_RAIN, HazardType.MUDFLOW, HazardType.EARTHQUAKE]
    assert all(hazard.text.keys() == {"ky", "ru", "en"} for hazard in hazards)


def test_everything_is_marked_as_exercise(steps: list[Step]) -> None:
    assert {step.body["status"] for step in steps} == {"Exercise"}


def test_a_group_and_some_households_stay_at_the_listed_school(steps: list[Step]) -> None:
    SiteDescription.model_validate(scenario.SITE)
    at_school = [step.body for step in steps if step.body.get("site_id") == str(scenario.SITE_ID)]
    assert {body["destination"]["pcode"] for body in at_school} == {scenario.SITE["pcode"]}
    assert {body["kind"] for body in at_school} == {"group", "household"}


def test_enough_households_left_kadamjai_for_the_threshold_and_live_where_the_quake_strikes(steps: list[Step]) -> None:
    left = [step for step in reports(steps) if step.body["origin"]["pcode"] == KADAMJAI]
    assert len(left) >= 10
    assert any(step.body["destination"]["pcode"] == KYZYL_KIA for step in left)


def test_the_scenario_can_be_played_again(steps: list[Step]) -> None:
    again = scenario.steps(NOW)
    assert {step.body["report_id"] for step in steps}.isdisjoint(step.body["report_id"] for step in again)


def test_without_accounts_the_command_says_how_to_create_them(tmp_path: Path) -> None:
    with pytest.raises(CannotPlay, match="make run"):
        accounts(tmp_path / "accounts")
