"""Tests the texts in the rows of the board's panels."""

from collections import Counter
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from services.console import board
from shared.auth.tokens import Principal, Role
from shared.places import Places
from tests.console.factories import BATKEN, KADAMJAI, KARA_SUU, LEILEK

PLACES = Places.load()
OSH_CITY, OSH = "KG21000000000", "KG06000000000"


def moved(origin: str | None, destination: str | None, households: int = 1, **more: Any) -> SimpleNamespace:
    countries = {"origin_country": None, "destination_country": None, "persons": 4 * households, "new": 0, "urgent": 0}
    return SimpleNamespace(
        origin_pcode=origin, destination_pcode=destination, households=households, **countries | more
    )


def test_two_places_are_named_with_their_oblast() -> None:
    shown = board.whereabouts([KADAMJAI, KARA_SUU], PLACES, "en")
    assert shown.named == (("Kadamjai rayon", "Batken oblast"), ("Kara-Suu rayon", "Osh oblast"))


def test_many_places_are_counted_by_oblast() -> None:
    everywhere = [unit.pcode for unit in PLACES.units(2) if unit.parent == BATKEN]
    shown = board.whereabouts([*everywhere, KARA_SUU], PLACES, "en")
    assert shown.grouped == (("Batken oblast", 6), ("Osh oblast", 1))


def test_an_oblast_named_beside_its_district_is_not_named_twice() -> None:
    assert board.whereabouts([BATKEN, KADAMJAI], PLACES, "en").named == (("Kadamjai rayon", "Batken oblast"),)


def test_an_unknown_code_does_no_harm() -> None:
    assert board.whereabouts(["KG99999999999"], PLACES, "ky") == board.Whereabouts()


def test_households_count_at_their_place_and_as_departed_from_their_origin() -> None:
    shown = board.by_area([moved(LEILEK, KADAMJAI, 3), moved(KADAMJAI, OSH_CITY, 2)], PLACES)
    batken = next(area for area in shown.areas if area.code == BATKEN)
    assert (batken.here, batken.left) == (3, 5)
    assert (batken.within[KADAMJAI].here, batken.within[KADAMJAI].left) == (3, 2)
    assert (shown.total.here, shown.total.persons) == (5, 20)


def test_a_city_without_districts_stands_alone() -> None:
    (area,) = board.by_area([moved(None, OSH_CITY, origin_country="KZ")], PLACES).areas
    assert list(area.within) == [OSH_CITY]


def test_households_abroad_are_counted_by_country() -> None:
    shown = board.by_area([moved(LEILEK, None, 2, destination_country="KZ")], PLACES)
    assert [(each.code, each.here) for each in shown.abroad] == [("KZ", 2)]


def test_households_abroad_are_never_added_to_those_in_the_country() -> None:
    rows = [
        moved(LEILEK, KADAMJAI, 3),
        moved(LEILEK, None, 4, destination_country="ZZ"),
        moved(LEILEK, None, 2, destination_country="KZ"),
        moved(LEILEK, None, 5, destination_country="UZ"),
    ]
    shown = board.by_area(rows, PLACES)
    assert (shown.total.here, shown.total.persons, shown.households_abroad) == (7, 28, 7)


def test_households_in_the_country_without_a_place_are_not_abroad() -> None:
    rows = [moved(LEILEK, None, destination_country=country) for country in ("KG", "ZZ")]
    assert [(each.code, each.here) for each in board.by_area(rows, PLACES).abroad] == [("ZZ", 2)]


def test_outcomes_are_a_table_and_those_that_need_a_person_have_a_reason() -> None:
    rows = [
        SimpleNamespace(kind="household", outcome="recorded", reason=None, count=7),
        SimpleNamespace(kind="household", outcome="held", reason="not_author", count=1),
        SimpleNamespace(kind="hazard", outcome="alerted", reason=None, count=2),
    ]
    shown = board.settled(rows)
    assert shown.kinds == ["hazard", "household"]
    assert shown.table == [("recorded", [0, 7]), ("alerted", [2, 0]), ("held", [0, 1])]
    assert shown.reasons == [("household", "held", "not_author", 1)]
    assert shown.counts["household"] == Counter(recorded=7, held=1)


def test_movements_of_households_groups_and_sites_share_a_column() -> None:
    movements = ("household_movement", "group_movement", "site_movement")
    rows = [SimpleNamespace(kind=kind, outcome="held", reason="waiting", count=2) for kind in movements]
    shown = board.settled(rows)
    assert shown.table == [("held", [6])]
    assert {kind for kind, *_ in shown.reasons} == set(movements)


def test_an_area_includes_its_districts() -> None:
    principal = Principal(uuid4(), uuid4(), 0, 0, roles=frozenset({Role.OPERATOR}), areas=(BATKEN,))
    covered = board.covered(principal, PLACES)
    assert covered is not None
    assert {BATKEN, KADAMJAI} <= set(covered) and not {KARA_SUU, OSH} & set(covered)
