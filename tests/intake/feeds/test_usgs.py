"""The parser of USGS documents returns the valid entries, and reports the faulty entries."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.feeds import usgs
from services.intake.feeds.items import BadDocument, Cancellation, Item, Unreadable
from shared.events.hazards import SourceShaking
from shared.events.vocabulary import Certainty, HazardType, ImpactLevel
from shared.places import Places
from tests.intake.feeds.documents import ONSET_MS, deleted, document, feature


def entry_of(entry: Any) -> Any:
    [read] = usgs.read(document(entry))
    return read


def test_a_quake_is_read() -> None:
    item = entry_of(feature())

    assert isinstance(item, Item)
    quake = item.hazard
    assert quake is not None
    assert (quake.type, quake.magnitude, quake.depth_km) == (HazardType.EARTHQUAKE, 5.1, 12.5)
    assert quake.area.point is not None
    assert (quake.area.point.lon, quake.area.point.lat) == (71.5, 40.0)
    assert quake.onset.timestamp() * 1000 == ONSET_MS
    assert quake.certainty is Certainty.OBSERVED


def test_the_sources_intensities_and_the_magnitudes_type_are_kept() -> None:
    quake = entry_of(feature(magType="mwb", mmi=3.96, cdi=5.8, felt=117, alert="green")).hazard
    assert quake.magnitude_type == "mwb"
    assert quake.shaking == SourceShaking(mmi=3.96, cdi=5.8, felt_reports=117, impact=ImpactLevel.GREEN)


def test_an_invalid_secondary_value_is_left_out_and_the_quake_is_kept() -> None:
    quake = entry_of(feature(magType="<b>", mmi=99, cdi="strong", felt=-1, alert="purple")).hazard
    assert (quake.magnitude, quake.magnitude_type, quake.shaking) == (5.1, None, None)


def test_a_changed_intensity_or_impact_is_a_change_but_more_answers_are_not() -> None:
    def read(**changed: Any) -> Any:
        return entry_of(feature(mmi=5.0, felt=10, alert="yellow", **changed)).hazard

    published = read()
    places = Places.load()
    assert read().changes(published, places) == []
    grown = entry_of(feature(mmi=5.4, cdi=6.0, felt=900, alert="yellow")).hazard
    assert grown.changes(published, places) == []
    worse = entry_of(feature(mmi=5.5, felt=10, alert="orange")).hazard
    assert worse.changes(published, places) == ["intensity", "impact"]


def test_ids_between_commas_are_split_and_the_preferred_one_comes_first() -> None:
    item = entry_of(feature("us1", ids=",gcmt2016,us1,,at9,"))
    assert item.ids == ("us1", "gcmt2016", "at9")


@pytest.mark.parametrize(
    "kind", ["quarry blast", "quarry_blast", "explosion", "chemical explosion", "ice quake", "sonic boom"]
)
def test_an_event_that_only_shakes_like_a_quake_is_not_a_hazard(kind: str) -> None:
    assert entry_of(feature(type=kind)).hazard is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("earthquake", HazardType.EARTHQUAKE),
        ("induced or triggered event", HazardType.EARTHQUAKE),
        ("landslide", HazardType.LANDSLIDE),
        ("snow_avalanche", HazardType.AVALANCHE),
    ],
)
def test_event_types_that_are_hazards(kind: str, expected: HazardType) -> None:
    assert entry_of(feature(type=kind)).hazard.type is expected


def test_a_deleted_event_needs_neither_place_nor_time() -> None:
    assert entry_of(deleted("us1", updated=5, ids=",us1,ak2,")) == Cancellation(("us1", "ak2"), 5)


def test_a_detail_document_is_one_entry() -> None:
    [item] = usgs.read(json.dumps(feature("us1", url="/earthquakes/eventpage/us1")).encode())

    assert isinstance(item, Item)
    assert item.hazard is not None
    assert item.hazard.web == "https://earthquake.usgs.gov/earthquakes/eventpage/us1"


@pytest.mark.parametrize(
    ("entry", "pointer"),
    [
        ("no object", ""),
        (None, ""),
        ({"type": "Feature"}, "/id"),
        (feature(time=None), "/properties/time"),
        (feature(time=10**30), "/properties/time"),
        (feature(time=7_258_118_400_000), "/properties/time"),  # a time in the year 2200
        (feature(updated="never"), "/properties/updated"),
        (feature(mag=99), "/properties/mag"),
        (feature(at=(710.0, 40.0)), "/geometry/coordinates"),
        ({**feature(), "geometry": None}, "/geometry"),
        ({**feature(), "id": "line\nbreak"}, "/id"),
        ({**feature(), "properties": {"status": 7, "updated": 1}}, "/properties/status"),
    ],
)
def test_an_unreadable_entry_is_set_aside_alone(entry: Any, pointer: str) -> None:
    before, wrong, after = usgs.read(document(feature("us1"), entry, feature("us2")))

    assert isinstance(before, Item)
    assert isinstance(after, Item)
    assert isinstance(wrong, Unreadable)
    assert wrong.pointer.startswith(pointer)


def test_a_title_becomes_one_line() -> None:
    quake = entry_of(feature(title="M 5\n\u202eevil" + "x" * 500)).hazard
    assert quake.text["en"].headline == "M 5 evil" + "x" * 141 + "…"


@pytest.mark.parametrize(
    "url",
    [
        "http://[x",
        "javascript:alert(1)",
        "https://" + "x" * 600,
        "https://us1/\x00",
        "/us1\x00",
        "https://us1/a b",
        "",
    ],
)
def test_an_invalid_link_is_left_out(url: str) -> None:
    assert entry_of(feature(url=url)).hazard.web is None


def named(values: Any) -> Any:
    names = st.sampled_from(["type", "id", "properties", "geometry", "ids", "updated", "time", "status", "coordinates"])
    return st.dictionaries(names, values)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | named(inner),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {}, optional={"id": st.text(), "properties": named(json_values), "geometry": named(json_values)}
    )
)
def test_no_entry_stops_a_feed(entry: Any) -> None:
    assert isinstance(usgs.entry(entry, 0), Item | Cancellation | Unreadable)
    assert isinstance(usgs.entry({**feature(), **entry}, 0), Item | Cancellation | Unreadable)


def test_a_magnitude_may_be_missing() -> None:
    assert entry_of(feature(mag=None)).hazard.magnitude is None


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"[]",
        b"{",
        b'{"type":"FeatureCollection","features":{}}',
        b'{"type":"Point"}',
        b"[" * 100_000,
        b"\xff\xfe{}",
    ],
)
def test_an_invalid_document_is_refused_whole(wrong: bytes) -> None:
    with pytest.raises(BadDocument):
        usgs.read(wrong)


def test_an_empty_feed_has_no_entries() -> None:
    assert usgs.read(b'{"type":"FeatureCollection"}') == []
