"""A form for a new event shows the place that the person chose on the map."""

import shapely

from services.console.hazards.spots import spot
from shared.places import Places
from shared.places.units import seed
from tests.console.factories import KADAMJAI, KARA_SUU

BOUNDED = Places(seed(), "1", {KADAMJAI: shapely.box(71, 39, 72, 40)})


def test_the_boundaries_decide_the_district_of_a_point() -> None:
    assert spot(39.5, 71.5, KARA_SUU, BOUNDED) == {"point": {"lat": 39.5, "lon": 71.5}, "pcode": KADAMJAI}


def test_a_point_outside_the_boundaries_has_the_district_that_was_chosen() -> None:
    point = {"lat": 41.5, "lon": 71.5}
    assert spot(41.5, 71.5, KARA_SUU, BOUNDED) == {"point": point, "pcode": KARA_SUU}
    assert spot(41.5, 71.5, None, Places.load()) == {"point": point, "pcode": None}


def test_half_a_point_and_an_unknown_district_are_ignored() -> None:
    assert spot(39.5, None, "KG99999999999", BOUNDED) == {"point": None, "pcode": None}
