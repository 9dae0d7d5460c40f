"""A table of cases for each rule: which hazards raise an alert, which hazards raise none, and the reason."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from babel.support import NullTranslations
from pydantic import ValidationError

from services.alerts.rules.displacement import decide_displacement
from services.alerts.rules.exposure import decide_exposure
from services.alerts.rules.findings import Finding, Nothing, RuleKind
from services.alerts.rules.hazard import decide, effective_severity
from services.alerts.rules.headcounts import Departed, RegisteredDeparture
from services.alerts.rules.windows import Window
from services.alerts.ruleset import Ruleset
from shared.events import HazardReported
from shared.events.vocabulary import Severity, Status
from shared.pages.formats import filters
from shared.pages.reasons import sentence
from shared.places import Places
from shared.places.watched import WatchedArea
from tests.alerts.factories import ALAI, KADAMJAI, LEILEK, NOW, TODAY, hazard, mudflow, rules

RULES, WATCHED = rules(), WatchedArea.load()
DAY = timedelta(days=1)


TOKYO = {"point": {"lat": 35.7, "lon": 139.7}}


def finding_of(decision: Finding | Nothing) -> Finding:
    assert isinstance(decision, Finding), decision
    return decision


@pytest.mark.parametrize(
    ("type", "severity"),
    [
        ("mudflow", "Severe"),
        ("glof", "Severe"),
        ("dam_release", "Severe"),
        ("tailings_release", "Severe"),
        ("building_collapse", "Severe"),
        ("landslide", "Moderate"),
        ("structure_fire", "Moderate"),
        ("other", "Moderate"),
    ],
)
def test_a_hazard_reported_without_a_severity_alerts_with_its_types_severity(type: str, severity: str) -> None:
    reported = mudflow(type=type, severity="Unknown", channel="console", type_text="a crack")
    finding = finding_of(decide(reported, RULES, WATCHED, NOW))
    assert (finding.severity, finding.reason) == (severity, "severity_unjudged")
    assert effective_severity(reported, RULES) == severity


@pytest.mark.parametrize(
    ("channel", "source"),
    [
        ("console", "cmc"),
        ("field", "osh-team"),
        ("api", "cmc"),
        ("api", "kyrgyzhydromet"),
        ("feed", "gdacs"),
    ],
)
def test_a_hazard_without_a_severity_alerts_whatever_its_source(channel: str, source: str) -> None:
    finding = finding_of(decide(mudflow(severity="Unknown", channel=channel, source=source), RULES, WATCHED, NOW))
    assert (finding.severity, finding.reason) == ("Severe", "severity_unjudged")


def test_a_measured_earthquake_is_judged_by_its_shaking_and_an_unmeasured_one_by_a_person() -> None:
    assert decide(hazard(magnitude=3.0), RULES, WATCHED, NOW) == Nothing("below_threshold")
    assert finding_of(decide(hazard(magnitude=None), RULES, WATCHED, NOW)).reason == "severity_unjudged"
    felt = hazard(magnitude=3.0, channel="console", source="cmc")
    assert finding_of(decide(felt, RULES, WATCHED, NOW)).reason == "severity_unjudged"


def test_a_hazard_judged_minor_no_longer_alerts() -> None:
    reported = mudflow(severity="Minor", channel="console", revision=2)
    assert decide(reported, RULES, WATCHED, NOW) == Nothing("below_threshold")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"magnitude": 4.5}, "below_threshold"),
        ({"type": "explosion", "severity": "Minor"}, "below_threshold"),
        ({"status": "System"}, "status_not_alerted"),
        ({"status": "Draft"}, "status_not_alerted"),
        ({"msg_type": "Cancel"}, "cancelled"),
        ({"channel": "api", "area": TOKYO, "magnitude": 7.9}, "out_of_area"),
        ({"channel": "api", "area": TOKYO, "type": "mudflow", "severity": "Extreme"}, "out_of_area"),
    ],
)
def test_a_hazard_that_raises_no_alert_has_a_reason(changed: dict[str, Any], reason: str) -> None:
    assert decide(hazard(**changed), RULES, WATCHED, NOW) == Nothing(reason)


@pytest.mark.parametrize(
    "area",
    [
        {"point": {"lat": 39.6, "lon": 73.3}},
        {"point": {"lat": 39.0, "lon": 75.5}},
        {"circles": [{"lat": 35.7, "lon": 73.0, "radius_km": 300}]},
        {"polygons": [[[60, 30], [90, 30], [90, 50], [60, 50], [60, 30]]]},
        {"pcodes": [ALAI]},
        {"description": "above Sary-Tash"},
    ],
)
def test_hazards_in_the_country_near_it_or_without_coordinates(area: dict[str, Any]) -> None:
    finding_of(decide(hazard(channel="api", area=area, severity="Moderate"), RULES, WATCHED, NOW))


@pytest.mark.parametrize("severity", ["Moderate", "Severe", "Extreme"])
def test_a_hazard_is_as_severe_as_its_source_says(severity: str) -> None:
    finding = finding_of(decide(mudflow(severity=severity), RULES, WATCHED, NOW))
    assert (finding.severity, finding.rule, finding.reason) == (severity, "severity", "source_severity")


def test_a_source_severity_below_the_floor_is_noted() -> None:
    assert decide(mudflow(severity="Minor"), RULES, WATCHED, NOW) == Nothing("below_threshold")


def test_if_two_rules_apply_the_higher_severity_counts_and_there_is_one_alert() -> None:
    by_source = finding_of(decide(hazard(magnitude=4.7, severity="Extreme"), RULES, WATCHED, NOW))
    assert (by_source.rule, by_source.severity) == ("severity", "Extreme")
    quake = hazard(magnitude=6.9, severity="Moderate")
    by_intensity = finding_of(decide(quake, RULES, WATCHED, NOW))
    assert (by_intensity.rule, by_intensity.severity) == ("quake", "Extreme")
    again = quake.model_copy(update={"severity": Severity.EXTREME, "magnitude": 5.0})
    assert finding_of(decide(again, RULES, WATCHED, NOW)).situation == by_intensity.situation


@pytest.mark.parametrize(
    ("onset", "expires", "is_suppressed"),
    [
        (-timedelta(hours=6), None, False),
        (-timedelta(hours=6, seconds=1), None, True),
        (-timedelta(days=3), -timedelta(hours=5), False),
        (-timedelta(days=3), -timedelta(hours=7), True),
        (timedelta(hours=12), timedelta(hours=24), False),
        (-timedelta(hours=1), -timedelta(hours=8), False),
    ],
)
def test_six_hours_after_onset_or_expiry_nobody_is_notified(
    onset: timedelta, expires: timedelta | None, is_suppressed: bool
) -> None:
    late = hazard(onset=NOW + onset, expires=None if expires is None else NOW + expires)
    assert finding_of(decide(late, RULES, WATCHED, NOW)).is_suppressed is is_suppressed


@pytest.mark.parametrize("source", ["field", "cmc"])
@pytest.mark.parametrize("severity", ["Extreme", "Unknown"])
@pytest.mark.parametrize(("hours", "is_suppressed"), [(8, False), (48, False), (49, True)])
def test_a_report_of_people_who_were_without_a_signal_notifies_for_two_days(
    hours: int, is_suppressed: bool, severity: str, source: str
) -> None:
    onset = NOW - timedelta(hours=hours)
    late = mudflow(onset=onset, source=source, channel="field", severity=severity, urgency="Immediate")
    assert finding_of(decide(late, RULES, WATCHED, NOW)).is_suppressed is is_suppressed
    assert finding_of(decide_exposure(late, KADAMJAI, 3, RULES, NOW)).is_suppressed is is_suppressed


def displaced(
    counts: dict[date, int], day: date = TODAY, taken: list[Window] | None = None, now: datetime = NOW
) -> Finding | Nothing:
    departed = left({(each,): households for each, households in counts.items()})
    return decide_displacement(Status.ACTUAL, KADAMJAI, day, departed, taken or [], RULES, now)


def left(households: dict[tuple[date, ...], int]) -> Departed:
    return Departed([RegisteredDeparture(dates, LEILEK, number, 4 * number) for dates, number in households.items()])


def test_ten_households_of_one_date_raise_one_alert() -> None:
    finding = finding_of(displaced({TODAY: 10}))
    assert (finding.severity, finding.reason, finding.households) == ("Severe", "households_displaced", 10)
    assert finding.figures["pcode"] == KADAMJAI and finding.pcodes == (KADAMJAI,)
    assert displaced({TODAY: 9}) == Nothing("below_threshold")


def test_a_night_across_two_dates_counts_as_one() -> None:
    """Departure dates have no hour. A window of 24 hours therefore includes two dates."""
    assert finding_of(displaced({TODAY - DAY: 6, TODAY: 4})).households == 10
    assert finding_of(displaced({TODAY: 4, TODAY + DAY: 6})).situation.name == TODAY.isoformat()
    assert displaced({TODAY - DAY: 5, TODAY: 4, TODAY + DAY: 5}) == Nothing("below_threshold")


def test_later_households_join_the_window_and_are_counted_once() -> None:
    window = Window(TODAY - DAY, TODAY)
    joined = finding_of(displaced({TODAY - DAY: 6, TODAY: 9, TODAY + DAY: 3}, taken=[window]))
    assert (joined.situation.name, joined.households) == ((TODAY - DAY).isoformat(), 15)
    assert displaced({TODAY: 9, TODAY + DAY: 9}, TODAY + DAY, [window]) == Nothing("below_threshold")
    assert (
        finding_of(displaced({TODAY: 9, TODAY + DAY: 10}, TODAY + DAY, [window])).situation.name
        == (TODAY + DAY).isoformat()
    )


def test_a_date_between_two_windows_is_counted_alone() -> None:
    taken = [Window(TODAY - 2 * DAY, TODAY - DAY), Window(TODAY + DAY, TODAY + 2 * DAY)]
    finding = finding_of(displaced({TODAY - DAY: 50, TODAY: 10, TODAY + DAY: 50}, taken=taken))
    assert (finding.figures["first"], finding.figures["last"], finding.households) == ("2026-06-15", "2026-06-15", 10)


@pytest.mark.parametrize(("days", "is_suppressed"), [(0, False), (7, False), (8, True), (400, True)])
def test_a_displacement_older_than_a_week_notifies_nobody(days: int, is_suppressed: bool) -> None:
    day = TODAY - timedelta(days=days)
    assert finding_of(displaced({day: 12}, day)).is_suppressed is is_suppressed


def test_a_household_that_left_on_two_dates_of_a_window_counts_once_in_it() -> None:
    departed = {(TODAY - DAY,): 4, (TODAY - DAY, TODAY): 3, (TODAY,): 2}
    nine = decide_displacement(Status.ACTUAL, KADAMJAI, TODAY, left(departed), [], RULES, NOW)
    assert nine == Nothing("below_threshold")
    ten = decide_displacement(Status.ACTUAL, KADAMJAI, TODAY, left({**departed, (TODAY,): 3}), [], RULES, NOW)
    assert finding_of(ten).households == 10


def test_a_longer_span_counts_more_dates() -> None:
    three_days = rules(displacement={"hours": 72})
    assert three_days.displacement is not None and three_days.displacement.days == 4
    counts = left({(TODAY - n * DAY,): 3 for n in range(4)})
    finding = decide_displacement(Status.ACTUAL, KADAMJAI, TODAY, counts, [], three_days, NOW)
    assert finding_of(finding).households == 12


def test_each_district_has_its_own_exposure_alert() -> None:
    finding = finding_of(decide_exposure(mudflow(), KADAMJAI, 3, RULES, NOW))
    assert (finding.situation.kind, finding.situation.area, finding.households) == (RuleKind.EXPOSURE, KADAMJAI, 3)
    assert finding.severity is Severity.SEVERE
    assert decide_exposure(mudflow(), KADAMJAI, 0, RULES, NOW) == Nothing("below_threshold")
    assert decide_exposure(mudflow(severity="Minor"), KADAMJAI, 3, RULES, NOW) == Nothing("below_threshold")
    assert finding_of(decide_exposure(mudflow(onset=NOW - DAY, source="gdacs"), KADAMJAI, 3, RULES, NOW)).is_suppressed


def test_a_quake_without_a_severity_has_the_exposure_severity_of_its_intensity() -> None:
    assert effective_severity(hazard(magnitude=5.6), RULES) is Severity.SEVERE
    assert effective_severity(hazard(magnitude=5.6, severity="Extreme"), RULES) is Severity.EXTREME
    assert finding_of(decide_exposure(hazard(), ALAI, 1, RULES, NOW)).severity is Severity.MODERATE


@pytest.mark.parametrize(
    ("reported", "is_derived"),
    [
        (hazard(), True),
        (hazard(magnitude=5.6, severity="Minor"), True),
        # the stated severity equals the severity that follows from the intensity
        (hazard(magnitude=5.6, severity="Severe"), False),
        (hazard(magnitude=4.7, severity="Extreme"), False),
        (mudflow(severity="Unknown"), True),
        (mudflow(), False),
    ],
)
def test_a_severity_that_the_source_does_not_state_is_derived(reported: HazardReported, is_derived: bool) -> None:
    assert finding_of(decide(reported, RULES, WATCHED, NOW)).severity_is_derived is is_derived
    assert finding_of(decide_exposure(reported, KADAMJAI, 1, RULES, NOW)).severity_is_derived is is_derived


@pytest.mark.parametrize("name", ["quake", "severity", "displacement", "exposure"])
def test_a_rule_without_its_table_is_off(name: str) -> None:
    off = rules(**{name: None})
    spoken: list[Finding | Nothing] = [
        decide(hazard(), off, WATCHED, NOW),
        decide(mudflow(), off, WATCHED, NOW),
        decide_displacement(Status.ACTUAL, KADAMJAI, TODAY, left({(TODAY,): 99}), [], off, NOW),
        decide_exposure(mudflow(), KADAMJAI, 9, off, NOW),
    ]
    silent = [isinstance(decision, Nothing) for decision in spoken]
    assert silent == [name == other for other in ("quake", "severity", "displacement", "exposure")]


def test_an_invalid_rule_file_is_refused() -> None:
    product = Ruleset.load().model_dump(exclude_none=True)
    for slip in ({"reason": "No Code"}, {"max_age_hours": 0}, {"floor": "Awful"}, {"flor": "Severe"}):
        with pytest.raises(ValidationError):
            Ruleset.model_validate(product | {"severity": product["severity"] | slip})


def test_an_alert_is_dated_by_the_days_people_left_and_not_by_its_window() -> None:
    """All people left on one day. The alert must not state the window's two days."""
    finding = finding_of(displaced({TODAY: 12}))
    assert finding.figures["newest"] == TODAY.isoformat()
    figures = {**finding.figures, "first": TODAY.isoformat(), "last": (TODAY + DAY).isoformat()}
    text = sentence("households_displaced", figures, "en", NullTranslations(), Places.load())
    assert f"({filters('en')['day'](TODAY)})" in text
