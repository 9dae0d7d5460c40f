"""The sums over the map's features equal the sums in the board's panels."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from shapely import Polygon

from services.alerts.ruleset import Ruleset
from services.console import board, groups
from services.console.map import features, intensities, shapes
from services.console.models import BoardHazard
from services.console.queries.groups import COUNTED, ENDS
from shared.events import Area
from shared.places import Places
from shared.places.gazetteer import Locality, LocalityKind
from shared.places.points import KnownPoints, unit_positions
from shared.places.units import seed
from tests import gazetteers
from tests.console.factories import BATKEN, KADAMJAI, KARA_SUU, LEILEK
from tests.console.factories import hazard as event
from tests.console.test_board import moved

PLACES = Places.load()
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DOBO = Locality(gazetteers.DOBO, KADAMJAI, LocalityKind.VILLAGE, gazetteers.NAMES, lat=40.14, lon=71.87)
WITH_DOBO = Places(seed(), "1", localities=[DOBO])
SQUARE = [(71.0, 40.0), (71.5, 40.0), (71.5, 40.5), (71.0, 40.5), (71.0, 40.0)]


def hazard(**changed: Any) -> features.Feature:
    fields = {
        "hazard_id": uuid4(),
        "type": "mudflow",
        "status": "Actual",
        "severity": "Severe",
        "pcodes": [KADAMJAI],
        "onset": NOW - timedelta(hours=1),
        "received_at": NOW,
    }
    return features.hazard(BoardHazard(**fields | changed), NOW, "en", PLACES)


def count(persons: int, pcode: str | None, country: str | None = None, **highest: int) -> SimpleNamespace:
    sites = ("site_id", "site_pcode", "site_locality", "site_locality_pcode")
    stated = dict.fromkeys((*sites, "origin_country", "origin_locality", "origin_locality_pcode"))
    numbers = {f"{name}_{end}": 0 for name in COUNTED for end in ENDS}
    return SimpleNamespace(
        **stated,
        **numbers | {"persons_lowest": persons, "persons_highest": highest.get("highest", persons)},
        **dict.fromkeys(("name_ky", "name_ru", "name_en", "destination_locality", "destination_locality_pcode")),
        destination_pcode=pcode,
        destination_country=country,
        origin_pcode=LEILEK,
        shelter="unknown",
        is_urgent=False,
        reported_at=NOW,
    )


def test_a_field_team_that_found_nothing_is_no_hazard_on_the_map() -> None:
    reports = [hazard(source=source, certainty=c) for source in ("field", "cmc") for c in ("Unlikely", "Observed")]
    assert [report["properties"]["is_nothing"] for report in reports] == [True, False, False, False]


@pytest.mark.parametrize(
    ("areas", "is_own", "is_whole"),
    [(["KG"], True, True), ([BATKEN], True, True), ([KADAMJAI], True, False), ([KARA_SUU], False, False)],
)
def test_a_unit_says_whether_the_reader_sees_its_people(areas: list[str], is_own: bool, is_whole: bool) -> None:
    batken = PLACES.unit(BATKEN)
    assert batken
    shown = features.unit(batken, "en", PLACES.within(areas), PLACES)["properties"]
    assert (shown["is_own"], shown["is_whole"]) == (is_own, is_whole)


def test_every_unit_has_a_point() -> None:
    assert set(unit_positions()) == {unit.pcode for unit in PLACES.units()}


def test_a_hazard_without_a_shape_is_shown_in_each_of_its_districts() -> None:
    shown = hazard(pcodes=[BATKEN, KADAMJAI, KARA_SUU])
    assert shown["properties"]["districts"] == [KADAMJAI, KARA_SUU]  # BATKEN, the oblast of Kadamjai, is left out
    points = [unit_positions()[pcode] for pcode in (KADAMJAI, KARA_SUU)]
    assert shown["geometry"] == {"type": "MultiPoint", "coordinates": points}


def test_a_boundary_keeps_its_outline_with_fewer_corners() -> None:
    dense = [(71 + step / 1000, 40.0) for step in range(501)] + [(71.5, 40.5), (71.0, 40.5)]
    shape = features.boundary(KADAMJAI, Polygon(dense))["geometry"]
    assert shape["type"] == "Polygon"
    assert set(shape["coordinates"][0]) == {(71.0, 40.0), (71.5, 40.0), (71.5, 40.5), (71.0, 40.5)}


def test_a_hazard_without_a_place_is_listed_but_not_drawn() -> None:
    assert hazard(pcodes=[])["geometry"] is None


def test_rings_circles_and_the_epicentre_are_drawn() -> None:
    area = Area.model_validate({"polygons": [SQUARE], "circles": [{"lat": 40.2, "lon": 72.1, "radius_km": 10}]})
    shown = hazard(shapes=shapes.stored(area), lat=40.2, lon=72.1)["geometry"]
    ring, circle, point = shown["geometries"]
    assert ring["coordinates"] == [[list(corner) for corner in SQUARE]]
    assert len(circle["coordinates"][0]) == 49
    assert point["coordinates"] == [72.1, 40.2]


def test_each_unit_has_the_highest_intensity_that_alerts_expect_there() -> None:
    measured = [(4.9, 12.0), (6.4, 12.0), (7.2, 180.0), (None, None)]
    quakes = [quake(magnitude=magnitude, depth_km=depth_km) for magnitude, depth_km in measured]
    points = KnownPoints(WITH_DOBO)
    expected = intensities.highest(quakes, points)
    assert (expected[0].pcode, expected[0].degree, expected[0].quake.magnitude) == (KADAMJAI, "VII", 6.4)
    assert [each.intensity for each in expected] == sorted((each.intensity for each in expected), reverse=True)
    rule = Ruleset.load(points=points).quake
    assert rule
    judged = rule.find(event(type="earthquake", area=EPICENTRE, magnitude=6.4, depth_km=12), NOW)
    assert judged
    figures = judged.figures["intensity"], judged.figures["felt"]
    assert (round(expected[0].intensity, 2), [each.pcode for each in expected]) == figures


@pytest.mark.parametrize(
    ("intensity", "degree"), [(3.96, "IV"), (4.44, "IV"), (4.5, "V"), (5.5, "VI"), (6.4999, "VII")]
)
def test_half_a_degree_is_rounded_up(intensity: float, degree: str) -> None:
    assert intensities.ExpectedIntensity(KADAMJAI, intensity, quake()).degree == degree


EPICENTRE = {"pcodes": [KADAMJAI], "point": {"lat": 40.1, "lon": 71.7}}


def quake(**changed: Any) -> BoardHazard:
    fields = {"hazard_id": uuid4(), "type": "earthquake", "pcodes": [KADAMJAI], "lat": 40.1, "lon": 71.7, "onset": NOW}
    return BoardHazard(**fields | changed)


@pytest.mark.parametrize(("expires", "is_over"), [(None, False), (NOW, True), (NOW + timedelta(hours=1), False)])
def test_a_hazard_is_over_when_it_has_expired(expires: datetime | None, is_over: bool) -> None:
    assert hazard(expires=expires)["properties"]["is_over"] is is_over


@pytest.mark.parametrize(("channel", "is_from_field"), [("field", True), ("sms", True), ("console", False)])
def test_a_hazard_from_a_phone_is_from_the_field(channel: str, is_from_field: bool) -> None:
    assert hazard(channel=channel)["properties"]["is_from_field"] is is_from_field


def test_shapes_have_a_bounded_number_of_corners() -> None:
    jagged = [(70 + step / 100, 40 + step % 2) for step in range(1999)]
    rings = shapes.thinned([[*jagged, jagged[0]]] * 49 + [SQUARE])
    assert rings[-1] == [list(corner) for corner in SQUARE]
    assert all(ring[0] == ring[-1] for ring in rings)
    assert sum(map(len, rings)) <= 1.1 * shapes.MOST_CORNERS


def test_the_sums_of_the_districts_equal_those_of_the_panel() -> None:
    rows = [
        moved(LEILEK, KADAMJAI, 3, newest=NOW),
        moved(LEILEK, "KG05258810010", 2, newest=NOW - timedelta(hours=1)),  # a village of Kadamjai
        moved(LEILEK, KARA_SUU, 5, newest=None),
        moved(LEILEK, None, 4, destination_country="UZ", newest=NOW),
        moved(LEILEK, None, 1, destination_country="ZZ", newest=NOW),
    ]
    counts = [count(283, KADAMJAI, highest=310), count(90, BATKEN), count(12, None), count(7, None, "UZ")]
    panel, counted = board.by_area(rows, PLACES), groups.by_place(counts, PLACES.district)
    shown = [feature["properties"] for feature in features.displaced(rows, counted, [], "en", PLACES)]
    here = [each for each in shown if not each["country"]]
    assert sum(each["households"] for each in here) == panel.total.here == 11
    assert sum(each["persons"] for each in here) == panel.total.persons == 44
    total = counted.total.persons
    assert sum(each["counted_lowest"] for each in here) == total.lowest == 385
    assert sum(each["counted_highest"] for each in here) == total.highest == 412
    assert sum(each["households"] for each in shown if each["country"]) == panel.households_abroad == 4


def test_counted_groups_are_shown_in_their_villages_with_the_sum_of_the_board() -> None:
    site_id = uuid4()
    dobo = {"destination_locality_pcode": gazetteers.DOBO}
    school = {"site_id": site_id, "site_pcode": LEILEK, "name_en": "School No. 5"}
    counts = [
        stated(count(70, KADAMJAI), **dobo, shelter="host_family"),
        stated(count(30, KADAMJAI, highest=35), **dobo, shelter="open_air", reported_at=NOW + timedelta(minutes=200)),
        stated(count(26, KADAMJAI), **school),
        count(5, KADAMJAI),
        count(4, None),
        count(7, None, "UZ"),
    ]
    counted = groups.by_place(counts)
    village, site, district, nowhere = features.localities(counted, "en", WITH_DOBO)
    assert village["properties"]["name"] == "Choko-Dobo village"
    assert (village["properties"]["counted_lowest"], village["properties"]["counted_highest"]) == (100, 105)
    assert datetime.fromisoformat(village["properties"]["reported_at"]) == NOW + timedelta(hours=3), "to the hour"
    assert datetime.fromisoformat(site["properties"]["reported_at"]) == NOW
    assert village["geometry"] == {"type": "Point", "coordinates": (DOBO.lon, DOBO.lat)}
    assert (site["properties"]["name"], site["properties"]["site_id"]) == ("School No. 5", str(site_id))
    assert site["properties"]["districts"] == [LEILEK]
    assert (district["properties"]["name"], district["properties"]["place"]) == ("", "Kadamjai rayon")
    assert [each["geometry"] for each in (site, district, nowhere)] == [None, None, None]
    shown = [each["properties"] for each in (village, site, district, nowhere)]
    assert sum(each["counted_highest"] for each in shown) == counted.total.persons.highest == 140


def test_a_settlement_has_its_point_and_its_district() -> None:
    known = features.settlement(DOBO, "ru", WITH_DOBO)
    assert known["geometry"] == {"type": "Point", "coordinates": (DOBO.lon, DOBO.lat)}
    assert (known["properties"]["name"], known["properties"]["districts"]) == ("Чоко-Добо", [KADAMJAI])


def stated(row: SimpleNamespace, **place: Any) -> SimpleNamespace:
    return SimpleNamespace(**vars(row) | place)


def test_a_district_names_only_the_hour_of_its_newest_report() -> None:
    rows = [moved(LEILEK, KADAMJAI, newest=NOW - timedelta(hours=3))]
    newest = NOW.replace(minute=47, second=11, microsecond=5)
    shown = features.displaced(rows, groups.by_place([]), [("KG05258810010", newest)], "en", PLACES)
    assert shown[0]["properties"]["reported_at"] == NOW.isoformat()


def test_people_without_a_known_place_have_no_point() -> None:
    rows = [moved(LEILEK, None, destination_country=country, newest=None) for country in ("UZ", "ZZ")]
    shown = features.displaced(rows, groups.by_place([]), [], "en", PLACES)
    assert {each["properties"]["id"]: each["properties"]["country"] for each in shown} == {
        "UZ": "Uzbekistan",
        "ZZ": None,
    }
    assert all(each["geometry"] is None for each in shown)
