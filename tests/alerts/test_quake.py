"""Tests the expected intensities of earthquakes, and the alerts that earthquakes raise.

The expected numbers were computed by hand from the two equations of Bindi et al. 2011. In both equations, I is the
intensity, M is the magnitude, h is the depth in km, and s is the distance from the hypocentre in km. For a known depth:
I = 0.898 M + 1.215 - 1.809 log10(s / h) - 0.003447 (s - h). For a fixed depth of 15 km: I = 1.049 M + 0.686 - 2.706
log10(s / 15) - 0.0001811 (s - 15). One degree of latitude is 111.2 km.
"""

from typing import Any

import pytest

from services.alerts.rules.findings import Finding, Nothing
from services.alerts.rules.hazard import decide
from services.alerts.ruleset import Ruleset
from shared.pages.catalogs import translations
from shared.pages.reasons import sentence
from shared.places import LANGUAGES, Places
from shared.places.gazetteer import Locality, LocalityKind
from shared.places.points import KnownPoints, unit_points
from shared.places.watched import WatchedArea
from shared.quakes.intensity import AT_FIXED_DEPTH, BY_DEPTH, Equation, Tremor
from tests.alerts.factories import ALAI, KADAMJAI, NOW, hazard, rules

RULES, WATCHED, PLACES = rules(), WatchedArea.load(), Places.load()
OSH, KYZYL_KIA, CHON_ALAI = "KG21000000000", "KG05430000010", "KG06259000000"
BATKEN_CITY, ARAVAN = "KG05410000010", "KG06211000000"
NOOKAT, KARA_SUU = "KG06242000000", "KG06226000000"
# The quakes of the USGS files in these tests. Every epicentre lies beyond the border.
SARY_TASH = {"magnitude": 4.7, "depth_km": 23.31, "area": {"point": {"lat": 39.474, "lon": 73.4257}}}
MURGHOB = {"magnitude": 6.8, "depth_km": 20.522, "area": {"point": {"lat": 38.0726, "lon": 73.2077}}}
ASHKASHAM = {"magnitude": 6.6, "depth_km": 210.42, "area": {"point": {"lat": 36.492, "lon": 71.1563}}}
HINDU_KUSH = {"magnitude": 7.5, "depth_km": 212.0, "area": {"point": {"lat": 36.52, "lon": 70.37}}}
AT_OSH = {"point": {"lat": 40.53135, "lon": 72.79539}}


def judged(**changed: Any) -> Finding | Nothing:
    return decide(hazard(**changed), RULES, WATCHED, NOW)


def alerted(**changed: Any) -> Finding:
    finding = judged(**changed)
    assert isinstance(finding, Finding), finding
    return finding


@pytest.mark.parametrize(
    ("equation", "magnitude", "distance_km", "depth_km", "intensity"),
    [
        # With s = 22.361, the intensity is 4.2206 + 1.215 - 1.809 x 0.34949 - 0.003447 x 12.361
        (BY_DEPTH, 4.7, 20, 10, 4.761),
        # With s = 53.852, the intensity is 5.388 + 1.215 - 1.809 x 0.43017 - 0.003447 x 33.852
        (BY_DEPTH, 6.0, 50, 20, 5.708),
        # With s = 77.466, the intensity is 6.286 + 1.215 - 1.809 x 0.71302 - 0.003447 x 62.466.
        # An earthquake of magnitude 7 damages houses up to 76 km away.
        (BY_DEPTH, 7.0, 76, 15, 5.996),
        # With s = 330.341, the intensity is 6.286 + 1.215 - 1.809 x 1.34287 - 0.003447 x 315.341.
        # An earthquake of magnitude 7 is felt up to 330 km away.
        (BY_DEPTH, 7.0, 330, 15, 3.985),
        # With s = 77.466, the intensity is 7.343 + 0.686 - 2.706 x 0.71302 - 0.0001811 x 62.466
        (AT_FIXED_DEPTH, 7.0, 76, 15, 6.088),
    ],
)
def test_the_equation_gives_the_intensity_computed_by_hand(
    equation: Equation, magnitude: float, distance_km: float, depth_km: float, intensity: float
) -> None:
    assert equation.intensity(magnitude, distance_km, depth_km) == pytest.approx(intensity, abs=0.001)


@pytest.mark.parametrize(
    ("depth_km", "intensity"),
    [
        # A depth of 1 km counts as 5 km. With a depth of 1 km, the intensity would be 4.00.
        # With s = 20.616, the intensity is 5.2084 + 1.215 - 1.809 x 0.61522 - 0.003447 x 15.616
        (1.0, 5.257),
        (-2.0, 5.257),
        # Default depths count as 15 km.
        # With s = 25, the intensity is 6.0842 + 0.686 - 2.706 x 0.22185 - 0.0001811 x 10
        (0.0, 6.168),
        (10.0, 6.168),
        (33.0, 6.168),
        (None, 6.168),
        # With s = 44.721, the intensity is 5.2084 + 1.215 - 1.809 x 0.04846 - 0.003447 x 4.721
        (40.0, 6.319),
    ],
)
def test_depths_are_limited_and_default_depths_count_as_unknown(depth_km: float | None, intensity: float) -> None:
    tremor = Tremor.of(5.8, depth_km)
    assert tremor is not None and tremor.intensity(20) == pytest.approx(intensity, abs=0.001)


def test_below_40_km_no_intensity_is_computed() -> None:
    assert Tremor.of(7.5, 40.1) is None


@pytest.mark.parametrize(
    ("magnitude", "severity"),
    [
        # At the epicentre, the intensity is 0.898 x magnitude + 1.215. One standard deviation is 0.737.
        # Moderate: the intensity plus one standard deviation is 6 at magnitude (6 - 0.737 - 1.215) / 0.898 = 4.508.
        # Severe: the intensity is 6 at magnitude (6 - 1.215) / 0.898 = 5.329.
        # Extreme: the intensity is 7 at magnitude (7 - 1.215) / 0.898 = 6.442.
        (4.51, "Moderate"),
        (5.32, "Moderate"),
        (5.33, "Severe"),
        (6.44, "Severe"),
        (6.45, "Extreme"),
        (7.8, "Extreme"),
    ],
)
def test_a_quake_is_as_severe_as_its_expected_intensity(magnitude: float, severity: str) -> None:
    finding = alerted(magnitude=magnitude)
    assert (finding.severity, finding.reason, finding.is_suppressed) == (severity, "quake_intensity", False)
    assert finding.figures["magnitude"] == magnitude


def test_the_same_magnitude_is_less_severe_far_away() -> None:
    assert alerted(magnitude=6.4).severity == "Severe"
    far = {"point": {"lat": 38.2, "lon": 75.5}}  # the nearest point of a district or city is about 240 km away
    assert judged(magnitude=6.4, area=far) == Nothing("below_threshold")


def test_the_quake_of_sary_tash_beyond_the_border_reaches_the_district_that_it_shakes() -> None:
    """The quake may damage houses in Alai.

    Nookat and Kara-Suu feel the quake. Chon-Alai does not feel the quake, because its intensity is below 4.

    At the epicentre, the intensity is 0.898 x 4.7 + 1.215 = 5.436. The point of Alai is 52 km from the epicentre, and
    no point within 60 km is nearer. Alai therefore gets the epicentre's intensity. The intensity plus one standard
    deviation (0.737) is 6.17. Damage is therefore possible. The depth is 23.31 km. All other intensities follow from
    the distance to the hypocentre. For Nookat, the distance is 95.9 km: 5.436 - 1.809 x log10(95.9 / 23.31) - 0.003447
    x (95.9 - 23.31) = 4.07. Kara-Suu, 97.4 km: 5.436 - 1.809 x log10(97.4 / 23.31) - 0.003447 x (97.4 - 23.31) = 4.06.
    Chon-Alai, 105.2 km: 5.436 - 1.809 x log10(105.2 / 23.31) - 0.003447 x (105.2 - 23.31) = 3.97.
    """
    finding = alerted(**SARY_TASH)
    assert (finding.severity, finding.pcodes) == ("Moderate", (ALAI,))
    assert finding.figures["intensity"] == pytest.approx(5.44, abs=0.01)
    assert (finding.figures["pcode"], finding.figures["felt"]) == (ALAI, [ALAI, NOOKAT, KARA_SUU])


def test_a_quake_of_default_depth_zero_uses_the_equation_of_the_fixed_depth() -> None:
    """At Osh, the intensity is 1.049 x 4.9 + 0.686 = 5.826. Aravan is 25.35 km from the hypocentre.

    The intensity in Aravan is 5.826 - 2.706 x log10(25.35 / 15) - 0.0001811 x (25.35 - 15) = 5.21.
    """
    finding = alerted(magnitude=4.9, depth_km=0.0, area=AT_OSH)
    assert (finding.severity, finding.pcodes, finding.figures["pcode"]) == ("Moderate", (OSH,), OSH)
    assert finding.figures["intensity"] == pytest.approx(5.83, abs=0.01)
    assert finding.figures["felt"][:2] == [OSH, ARAVAN]


def test_the_area_is_every_district_with_possible_damage_and_a_wider_one_feels_it() -> None:
    """At the epicentre, in Kyzyl-Kia, the intensity is 5.5676 + 1.215 = 6.783.

    The intensity plus one standard deviation is 6.30 in Kadamjai (56.4 km away), 6.41 in Aravan (50.1 km), 6.10 in Osh
    (69.5 km), and 5.62 in Batken city (110 km).
    """
    finding = alerted(magnitude=6.2, depth_km=15.0, area={"point": {"lat": 40.2, "lon": 72.1}})
    assert (finding.severity, finding.pcodes[0]) == ("Severe", KYZYL_KIA)
    assert {KADAMJAI, ARAVAN, NOOKAT, OSH} <= set(finding.pcodes)
    assert BATKEN_CITY not in finding.pcodes and BATKEN_CITY in finding.figures["felt"]
    assert "is_rupture" not in finding.figures


def test_a_report_without_a_point_counts_where_it_says() -> None:
    finding = alerted(magnitude=5.6, area={"pcodes": [KADAMJAI, ALAI]})
    assert (finding.severity, finding.pcodes) == ("Severe", (KADAMJAI, ALAI))
    assert "pcode" not in alerted(area={"description": "above Sary-Tash"}).figures


@pytest.mark.parametrize(
    ("shaking", "severity"),
    [
        ({"mmi": 5.9}, None),
        # only Moderate, because the strongest shaking may be far beyond the border
        ({"mmi": 6.0}, "Moderate"),
        ({"mmi": 8.2}, "Moderate"),
        ({"mmi": 3.96, "impact": "green", "cdi": 5.8, "felt_reports": 117}, None),  # as the USGS states for ASHKASHAM
        ({"impact": "yellow"}, "Moderate"),
        ({"impact": "orange"}, "Severe"),
        ({"mmi": 6.5, "impact": "red"}, "Extreme"),
        ({"mmi": 6.5, "impact": "green"}, "Moderate"),
        ({"cdi": 7.0, "felt_reports": 20}, "unjudged"),  # people who felt the quake stated `cdi`
    ],
)
def test_below_40_km_the_sources_own_intensity_or_impact_decides(shaking: dict[str, Any], severity: str | None) -> None:
    if severity is None:
        assert judged(**ASHKASHAM, shaking=shaking) == Nothing("below_threshold")
    elif severity == "unjudged":
        assert alerted(**ASHKASHAM, shaking=shaking).reason == "quake_unjudged"
    else:
        finding = alerted(**ASHKASHAM, shaking=shaking)
        assert (finding.severity, finding.reason) == (severity, "quake_by_source")


def test_a_far_deep_quake_raises_no_alert_by_its_sources_figures() -> None:
    far = {"point": {"lat": 34.0, "lon": 70.37}}  # 612 km south of Chon-Alai (5.5 degrees of latitude)
    assert judged(**{**HINDU_KUSH, "area": far}, shaking={"mmi": 8.0}) == Nothing("below_threshold")


def test_a_shallow_quake_is_judged_by_the_computed_intensity_alone() -> None:
    finding = alerted(**SARY_TASH, shaking={"mmi": 9.0, "impact": "red"})
    assert (finding.severity, finding.reason) == ("Moderate", "quake_intensity")


@pytest.mark.parametrize("quake", [ASHKASHAM, HINDU_KUSH])
def test_a_strong_deep_quake_is_to_be_judged_without_an_intensity(quake: dict[str, Any]) -> None:
    finding = alerted(**quake)
    assert (finding.severity, finding.reason, finding.pcodes) == ("Moderate", "quake_unjudged", ())
    assert not {"intensity", "felt"} & finding.figures.keys()


def test_a_strong_deep_quake_beyond_the_drawn_area_is_to_be_judged_whoever_reports_it() -> None:
    institute = {"channel": "api", "source": "seismology"}
    assert alerted(**HINDU_KUSH, **institute).reason == "quake_unjudged"
    assert judged(**{**HINDU_KUSH, "magnitude": 5.9}, **institute) == Nothing("out_of_area")


@pytest.mark.parametrize(
    "changed",
    [
        {"magnitude": 5.9},
        {"severity": "Minor"},  # the source states a severity, so nobody needs to judge
        {"area": {"point": {"lat": 34.0, "lon": 70.37}}},  # 612 km (5.5 degrees of latitude) south of Chon-Alai
    ],
)
def test_a_weaker_farther_or_judged_deep_quake_raises_no_alert(changed: dict[str, Any]) -> None:
    assert judged(**{**HINDU_KUSH, **changed}) == Nothing("below_threshold")


def test_a_long_rupture_without_expected_damage_is_to_be_judged() -> None:
    """Chon-Alai is 181.7 km from the hypocentre, which is 20.522 km deep.

    The intensity there is 0.898 x 6.8 + 1.215 - 1.809 x log10(181.7 / 20.522) - 0.003447 x (181.7 - 20.522) = 5.05.
    """
    finding = alerted(**MURGHOB)
    assert (finding.severity, finding.reason) == ("Moderate", "quake_unjudged")
    assert finding.figures["intensity"] == pytest.approx(5.05, abs=0.01)
    assert (finding.figures["pcode"], finding.figures["is_rupture"]) == (CHON_ALAI, True)


def test_the_settlement_that_is_nearest_to_the_epicentre_counts_for_its_district() -> None:
    """Daroot is 60.0 km west of the epicentre, and 64.37 km from the hypocentre.

    The intensity there is 5.436 - 1.809 x log10(64.37 / 23.31) - 0.003447 x (64.37 - 23.31) = 4.50.
    """
    daroot = Locality(
        "KG06259800010", CHON_ALAI, LocalityKind.VILLAGE, dict.fromkeys(LANGUAGES, "Daroot"), 39.474, 72.7266
    )
    known = Ruleset.load(points=KnownPoints(Places(PLACES.units(), "1", localities=[daroot])))
    finding = decide(hazard(**SARY_TASH), known, WATCHED, NOW)
    assert isinstance(finding, Finding)
    assert finding.pcodes == (ALAI,)
    assert finding.figures["felt"] == [ALAI, CHON_ALAI, NOOKAT, KARA_SUU]


def test_every_district_and_city_has_a_point() -> None:
    cities = [unit for unit in PLACES.units(1) if unit.kind == "city"]
    expected = {unit.pcode for unit in (*PLACES.units(2), *cities)}
    assert {point.pcode for point in unit_points()} == expected


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "magnitude 4.7 at a depth of 23 km. Expected intensity (computed): up to 5.4 on MSK-64, Alai rayon"),
        ("ru", "Ожидаемая интенсивность (расчёт): до 5,4 балла MSK-64, Алайский район"),
        ("ky", "MSK-64 боюнча 5,4 баллга чейин, Алай району"),
    ],
)
def test_the_reason_has_magnitude_and_intensity_each_with_its_scale(language: str, words: str) -> None:
    assert words in reason_of(alerted(**SARY_TASH), language)


def test_the_reason_says_what_is_not_computed() -> None:
    assert reason_of(alerted(**MURGHOB), "en").endswith("Rupture not modelled")
    deep = reason_of(alerted(**ASHKASHAM), "en")
    assert deep.startswith("Severity to be judged. Earthquake of magnitude 6.6 at a depth of 210 km")
    assert "MSK" not in deep


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "stated by the source: up to 6.5 on MMI. Expected impact stated by the source (PAGER): orange"),
        ("ru", "до 6,5 балла MMI. Ожидаемые последствия по данным источника (PAGER): оранжевый уровень"),
        ("ky", "MMI боюнча 6,5 баллга чейин. Булактын маалыматы боюнча күтүлгөн кесепет (PAGER): кызгылт сары"),
    ],
)
def test_the_reason_names_the_scale_of_the_sources_figures(language: str, words: str) -> None:
    assert words in reason_of(alerted(**ASHKASHAM, shaking={"mmi": 6.5, "impact": "orange"}), language)


def reason_of(finding: Finding, language: str) -> str:
    return sentence(finding.reason, finding.figures, language, translations(language), PLACES)
