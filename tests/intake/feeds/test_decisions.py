"""For each entry of a source, intake decides whether to publish the entry.

Earlier entries of the same hazard affect the decision.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from services.intake.feeds import usgs
from services.intake.feeds.events import Stamp, wire
from services.intake.feeds.infos import HazardInfo
from services.intake.feeds.items import Cancellation, Item, ItemKind
from shared.events import Area, Circle, HazardCancelled, HazardReported, HazardText, HazardUpdated, Point, derived_id
from shared.events.vocabulary import Certainty, HazardType, Severity, Status, Urgency
from shared.places.areas import destination
from shared.places.points import unit_points
from shared.places.watched import BadArea, WatchedArea
from tests.intake.feeds.documents import ONSET_MS, deleted, feature
from tests.intake.feeds.reading import AREA, LATER, NOW, PLACES, Reading


def test_a_new_quake_is_reported_under_the_first_id_seen(reading: Reading) -> None:
    assert reading.take(feature("us1", ids=",us1,ak2,")).kind is ItemKind.PUBLISHED

    [event] = reading.published
    assert type(event) is HazardReported
    assert (event.source_id, event.aliases) == ("us1", ("ak2",))
    assert event.hazard_id == derived_id("hazard", "usgs", "us1")
    assert (event.certainty, event.urgency) == (Certainty.OBSERVED, Urgency.PAST)


def test_the_same_entry_again_is_unchanged(reading: Reading) -> None:
    reading.take(feature())
    assert reading.take(feature()).kind is ItemKind.UNCHANGED
    assert len(reading.published) == 1


@pytest.mark.parametrize(
    "changed", [{"url": "https://elsewhere.example/us1"}, {"felt": 900}, {"title": "M 5.1 - reworded"}]
)
def test_links_and_felt_reports_are_not_material(reading: Reading, changed: dict[str, Any]) -> None:
    reading.take(feature())
    assert reading.take(feature(updated=LATER, **changed)).kind is ItemKind.UNCHANGED


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"mag": 5.3}, "magnitude"),
        ({"at": (71.6, 40.0)}, "location"),
        ({"depth": 14.0}, "depth"),
        ({"time": ONSET_MS + 2000}, "onset"),
        ({"status": "automatic"}, "certainty"),
    ],
)
def test_a_change_that_people_act_on_is_an_update(reading: Reading, changed: dict[str, Any], reason: str) -> None:
    reading.take(feature())

    decision = reading.take(feature(updated=LATER, **changed))

    assert (decision.kind, decision.reason) == (ItemKind.PUBLISHED, reason)
    first, second = reading.published
    assert type(second) is HazardUpdated
    assert second.hazard_id == first.hazard_id
    assert second.revision > first.revision


def test_an_older_reading_changes_nothing(reading: Reading) -> None:
    reading.take(feature(updated=LATER))
    assert reading.take(feature(updated=LATER - 1, mag=7.0)).kind is ItemKind.UNCHANGED


def test_a_change_or_deletion_at_the_same_instant_is_published_as_newer(reading: Reading) -> None:
    """Consumers keep only the highest revision.

    Each change needs a higher revision, even if `updated` did not change.
    """
    for entry in (feature(updated=LATER), feature(updated=LATER, mag=5.4), deleted(updated=LATER)):
        assert reading.take(entry).kind is ItemKind.PUBLISHED
    assert [event.revision - LATER for event in reading.published] == [0, 1, 2]


def test_small_drifts_are_measured_from_the_published_state(reading: Reading) -> None:
    reading.take(feature())
    for step in range(1, 4):
        last = reading.take(feature(updated=LATER + step, at=(71.5 + step * 0.005, 40.0)))
    assert last.reason == "location"


def test_a_second_id_leads_to_the_same_hazard(reading: Reading) -> None:
    reading.take(feature("us1", ids=",us1,"))
    reading.take(feature("us1", ids=",us1,ak2,", updated=LATER))
    reading.take(feature("ak2", ids=",ak2,", updated=LATER + 1, mag=5.4))

    assert {event.source_id for event in reading.published} == {"us1"}
    assert reading.published[-1].aliases == ("ak2",)


def test_two_quakes_that_are_one_leave_one_hazard(reading: Reading) -> None:
    reading.take(feature("us1"))
    reading.take(feature("ak2"))

    assert reading.take(feature("us1", ids=",us1,ak2,", updated=LATER)).kind is ItemKind.PUBLISHED

    assert [(type(event), event.source_id) for event in reading.published[2:]] == [(HazardCancelled, "ak2")]
    assert reading.take(feature("ak2", ids=",ak2,us1,", updated=LATER)).kind is ItemKind.UNCHANGED


def test_a_deleted_quake_is_cancelled_once(reading: Reading) -> None:
    reading.take(feature())
    assert reading.take(deleted(updated=LATER)).kind is ItemKind.PUBLISHED
    assert reading.take(deleted(updated=LATER)).kind is ItemKind.UNCHANGED

    assert [type(event) for event in reading.published] == [HazardReported, HazardCancelled]
    assert reading.published[1].magnitude == 5.1


def test_a_network_that_deletes_its_own_reading_cancels_nothing(reading: Reading) -> None:
    reading.take(feature("us1", ids=",us1,ak2,"))
    assert reading.take(deleted("ak2", updated=LATER)).kind is ItemKind.UNCHANGED


def test_a_deletion_of_an_unpublished_quake_publishes_nothing(reading: Reading) -> None:
    assert reading.take(deleted(updated=LATER)).kind is ItemKind.UNCHANGED


def test_a_deleted_quake_that_returns_is_published_again(reading: Reading) -> None:
    reading.take(feature())
    reading.take(deleted(updated=LATER))
    assert reading.take(feature(updated=LATER + 1)).reason == "back"


def test_a_quake_found_to_be_an_explosion_is_cancelled(reading: Reading) -> None:
    reading.take(feature())
    reading.take(feature(updated=LATER, type="quarry blast"))
    assert type(reading.published[-1]) is HazardCancelled


def test_not_a_hazard_comes_before_out_of_area(reading: Reading) -> None:
    assert reading.take(feature(type="quarry blast", at=(-117.4, 33.7))).kind is ItemKind.NOT_A_HAZARD
    assert reading.take(feature(at=(-117.4, 33.7))).kind is ItemKind.OUT_OF_AREA
    assert reading.published == []


def test_a_published_quake_that_moves_out_of_the_area_is_still_updated(reading: Reading) -> None:
    reading.take(feature())
    assert reading.take(feature(updated=LATER, at=(60.0, 40.0))).kind is ItemKind.PUBLISHED


def test_the_same_entry_gives_the_same_event(reading: Reading) -> None:
    again = Reading()
    reading.take(feature())
    again.take(feature())

    [first], [second] = reading.published, again.published
    assert dict(wire(first).headers)["ce_id"] == dict(wire(second).headers)["ce_id"]


@pytest.mark.parametrize("magnitude", [None, 4.49, 5.5, 6.5])
def test_no_severity_is_derived_from_the_magnitude(reading: Reading, magnitude: float | None) -> None:
    """A severity derived from the magnitude would alert people about earthquakes that nobody in the country feels."""
    reading.take(feature(mag=magnitude))
    assert reading.published[0].severity is Severity.UNKNOWN


BATKEN, URUMQI = ((70.8, 40.0), (71.0, 40.0), (71.0, 40.2), (70.8, 40.0)), ((87, 43), (88, 43), (88, 44), (87, 43))
KADAMJAI, LEILEK = "KG05258000000", "KG05236000000"
WARNING = HazardInfo(
    type=HazardType.FLASH_FLOOD,
    severity=Severity.SEVERE,
    urgency=Urgency.EXPECTED,
    certainty=Certainty.LIKELY,
    area=Area(polygons=(BATKEN,), description="Batken"),
    onset=NOW,
    expires=NOW + timedelta(hours=6),
    text={"ky": HazardText(headline="Сел коркунучу"), "ru": HazardText(headline="Угроза селя")},
)


def warning(sent_ms: int = ONSET_MS, status: Status = Status.ACTUAL, **changed: Any) -> Item:
    return Item(("warning 7",), sent_ms, WARNING.model_copy(update=changed), status)


def test_a_warning_keeps_its_area_end_and_texts(reading: Reading) -> None:
    assert reading.take_entry(warning()).kind is ItemKind.PUBLISHED

    [event] = reading.published
    assert (event.type, event.severity, event.urgency) == (HazardType.FLASH_FLOOD, Severity.SEVERE, Urgency.EXPECTED)
    assert event.area.polygons == (BATKEN,)
    assert event.expires == NOW + timedelta(hours=6)
    assert {language: text.headline for language, text in event.text.items()} == {
        "ky": "Сел коркунучу",
        "ru": "Угроза селя",
    }


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"severity": Severity.EXTREME}, "severity"),
        ({"type_text": "a dam may fail"}, "type_text"),
        ({"expires": NOW + timedelta(hours=9)}, "expires"),
        ({"text": {"ky": HazardText(headline="Сел коркунучу", instruction="Суудан алыс туруңуз")}}, "text"),
        ({"area": Area(polygons=(BATKEN, URUMQI), description="Batken")}, "area"),
        ({"area": Area(polygons=(BATKEN,), pcodes=("KG05258000000",), description="Batken")}, "area"),
    ],
)
def test_whatever_changes_in_a_warning_is_an_update(reading: Reading, changed: dict[str, Any], reason: str) -> None:
    reading.take_entry(warning())
    assert reading.take_entry(warning(ONSET_MS + 1)).kind is ItemKind.UNCHANGED
    assert reading.take_entry(warning(LATER, **changed)).reason == reason


def test_a_warning_that_withdraws_a_district_is_an_update(reading: Reading) -> None:
    reading.take_entry(warning(area=Area(pcodes=(KADAMJAI, LEILEK))))
    same = Area(pcodes=(LEILEK, KADAMJAI))
    assert reading.take_entry(warning(ONSET_MS + 1, area=same)).kind is ItemKind.UNCHANGED
    assert reading.take_entry(warning(LATER, area=Area(pcodes=(KADAMJAI,)))).reason == "area"
    assert reading.published[-1].area.pcodes == (KADAMJAI,)


def test_a_new_version_of_the_places_is_no_change_of_a_warning(reading: Reading) -> None:
    reading.take_entry(warning(area=Area(pcodes=(KADAMJAI,))))
    [published] = reading.published
    among_others = {"area": Area(pcodes=(KADAMJAI, LEILEK)), "places_version": "the one before"}
    info = WARNING.model_copy(update={"area": Area(pcodes=(KADAMJAI,))})
    assert info.changes(published.model_copy(update=among_others), PLACES) == []


def test_a_warning_for_an_area_elsewhere_is_out_of_area(reading: Reading) -> None:
    assert reading.take_entry(warning(area=Area(polygons=(URUMQI,)))).kind is ItemKind.OUT_OF_AREA
    around = Area(circles=(Circle(lat=43.8, lon=87.6, radius_km=900),))
    assert reading.take_entry(warning(area=around)).kind is ItemKind.PUBLISHED


def test_a_warning_whose_area_is_only_words_is_published(reading: Reading) -> None:
    """Intake cannot locate a place that is described only in words.

    Intake therefore publishes a warning without a place.
    """
    assert reading.take_entry(warning(area=Area(description="Лейлек району"))).kind is ItemKind.PUBLISHED


@pytest.mark.parametrize("status", [Status.DRAFT, Status.SYSTEM])
def test_drafts_and_system_messages_publish_and_cancel_nothing(reading: Reading, status: Status) -> None:
    assert reading.take_entry(warning(status=status)).kind is ItemKind.NOT_A_HAZARD
    reading.take_entry(warning())
    assert reading.take_entry(Cancellation(("warning 7",), LATER, status)).kind is ItemKind.NOT_A_HAZARD
    assert len(reading.published) == 1


@pytest.mark.parametrize(
    ("own", "counted", "status"),
    [
        (Status.ACTUAL, Status.ACTUAL, Status.ACTUAL),
        (Status.TEST, Status.ACTUAL, Status.TEST),
        (Status.EXERCISE, Status.ACTUAL, Status.EXERCISE),
        (Status.ACTUAL, Status.EXERCISE, Status.EXERCISE),
        (Status.TEST, Status.EXERCISE, Status.TEST),
    ],
)
def test_a_test_of_the_source_remains_a_test(own: Status, counted: Status, status: Status) -> None:
    assert Stamp("cap", counted, NOW, PLACES, own_status=own).status is status


@pytest.mark.parametrize(
    ("lon", "lat", "is_inside"),
    [
        (73.4257, 39.474, True),  # Sary-Tash
        (72.2869, 37.5163, True),  # Roshtqal'a is 185 km from the border
        (71.1563, 36.492, False),  # Ashkasham is 313 km from the border
        (74.6, 42.87, True),  # Bishkek
        (76.9, 43.25, True),  # Almaty is 30 km from the border
        (82.6, 42.0, True),  # 195 km east of Khan Tengri
        (69.28, 41.31, True),  # Tashkent
        (65.3, 40.1, False),  # Nurata
        (87.6, 43.8, False),  # Urumqi
    ],
)
def test_the_area_is_three_hundred_kilometres_around_the_country(lon: float, lat: float, is_inside: bool) -> None:
    assert AREA.meets(Area(point=Point(lat=lat, lon=lon))) is is_inside


@pytest.mark.parametrize(
    ("at", "changed", "kind"),
    [
        # Ashkasham: 313 km from the border, 348 km from a district's point. Hindu Kush: 330 and 370 km.
        ((71.1563, 36.492), {"mag": 6.6}, ItemKind.PUBLISHED),
        ((70.37, 36.52), {"mag": 6.0}, ItemKind.PUBLISHED),
        ((70.37, 36.52), {"mag": 5.9}, ItemKind.OUT_OF_AREA),
        ((70.37, 36.52), {"mag": None}, ItemKind.OUT_OF_AREA),
        ((70.37, 36.52), {"mag": 6.0, "type": "landslide"}, ItemKind.OUT_OF_AREA),
        ((70.37, 34.0), {"mag": 7.5}, ItemKind.OUT_OF_AREA),  # 612 km from Chon-Alai
    ],
)
def test_a_strong_quake_is_read_up_to_500_km_from_a_district(
    reading: Reading, at: tuple[float, float], changed: dict[str, Any], kind: ItemKind
) -> None:
    assert reading.take(feature(at=at, depth=212, **changed)).kind is kind


def test_a_quake_that_becomes_strong_is_read_then(reading: Reading) -> None:
    there: dict[str, Any] = {"at": (70.37, 36.52), "depth": 212}
    assert reading.take(feature(mag=5.9, **there)).kind is ItemKind.OUT_OF_AREA
    assert reading.take(feature(mag=6.1, updated=LATER, **there)).kind is ItemKind.PUBLISHED
    assert reading.take(feature(mag=5.9, updated=LATER + 1, **there)).reason == "magnitude"


def test_an_own_area_has_no_strong_quakes_beyond_its_polygons(tmp_path: Path) -> None:
    file = tmp_path / "area.geojson"
    file.write_text('{"type":"Polygon","coordinates":[[[69,39],[81,39],[81,44],[69,44],[69,39]]]}')
    own = Reading(WatchedArea.load(str(file)))
    assert own.take(feature(at=(70.37, 36.52), mag=7.5)).kind is ItemKind.OUT_OF_AREA


def test_the_usgs_is_asked_about_every_place_where_a_strong_quake_is_watched() -> None:
    terms = parse_qs(usgs.FEEDS[1])
    lats, lons = ([float(terms[f"{end}{axis}"][0]) for end in ("min", "max")] for axis in ("latitude", "longitude"))
    corners = [destination(unit.lat, unit.lon, bearing, 500) for unit in unit_points() for bearing in range(0, 360, 5)]
    assert all(lons[0] < lon < lons[1] and lats[0] < lat < lats[1] for lon, lat in corners)


def test_the_world_contains_every_point() -> None:
    assert WatchedArea.load("world").meets(Area(point=Point(lat=-4.9, lon=94.3)))


def test_an_area_of_points_is_refused(tmp_path: Any) -> None:
    file = tmp_path / "area.geojson"
    for text in ('{"type":"Point","coordinates":[1,2]}', "{}", "no"):
        file.write_text(text)
        with pytest.raises(BadArea):
            WatchedArea.load(str(file))
