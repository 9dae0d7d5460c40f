"""Tests places that have no boundaries. Dayar contains the codes and names of places, and no boundaries."""

from datetime import date
from random import Random
from typing import Any

import pytest
from shapely import box
from starlette.requests import Request

from shared.pages.settlements import SettlementsFile, offered
from shared.places import Places, UnitKind
from shared.places.areas import outline
from shared.places.gazetteer import Locality, LocalityKind

KADAMJAI = "KG05258000000"
BATKEN = "KG05000000000"


@pytest.fixture(scope="module")
def places() -> Places:
    return Places.load()


def test_the_seed_has_every_unit_of_the_first_two_levels(places: Places) -> None:
    assert (len(places.units(1)), len(places.units(2))) == (9, 53)
    assert all(unit.names[lang] for unit in places.units() for lang in ("ky", "ru", "en"))


def test_every_parent_is_a_unit_of_the_level_above(places: Places) -> None:
    assert all(unit.parent in {top.pcode for top in places.units(1)} for unit in places.units(2))


@pytest.mark.parametrize(
    ("lang", "name"),
    [("ky", "Кадамжай району"), ("ru", "Кадамжайский район"), ("en", "Kadamjai rayon"), ("fr", "Kadamjai rayon")],
)
def test_a_name_says_what_kind_of_unit_it_is(places: Places, lang: str, name: str) -> None:
    assert places.name(KADAMJAI, lang) == name


def test_three_units_named_naryn_are_distinguished(places: Places) -> None:
    names = [places.name(code, "en") for code in ("KG04000000000", "KG04245000000", "KG04400000010")]
    assert names == ["Naryn oblast", "Naryn rayon", "Naryn city"]


@pytest.mark.parametrize(
    ("lang", "name"), [("en", "Kadamjai rayon"), ("ru", "Кадамжайский район"), ("ky", "Кадамжай району")]
)
def test_a_village_that_is_not_listed_is_named_by_its_district_and_code(places: Places, lang: str, name: str) -> None:
    assert places.name("KG05258820010", lang) == f"{name} (KG05258820010)"


def test_an_unknown_code_is_shown_as_itself(places: Places) -> None:
    assert places.unit("KG99999999999") is None
    assert places.name("KG99999999999", "ru") == "KG99999999999"
    assert places.ancestors("KG99999999999") == ()


def test_a_renamed_place_is_found_by_both_names(places: Places) -> None:
    aitmatov, manas = places.unit("KG07215000000"), places.unit("KG03410000010")
    assert aitmatov is not None and manas is not None

    assert places.name(aitmatov.pcode, "ky") == "Айтматов району"
    assert {"Kara-Buura", "Aitmatov"} <= set(aitmatov.terms())
    assert {"Джалал-Абад", "Манас"} <= set(manas.terms())


def test_a_colloquial_town_name_leads_to_its_rayon(places: Places) -> None:
    pcodes = [unit.pcode for unit in places.units() if "Раззаков" in unit.terms()]
    assert pcodes == ["KG05236000000"]


def test_an_area_covers_the_units_below_it(places: Places) -> None:
    assert places.covers([BATKEN], KADAMJAI)
    assert places.covers(["KG"], "KG99999999999")
    assert places.covers([KADAMJAI], KADAMJAI)
    assert not places.covers([KADAMJAI], BATKEN)
    assert not places.covers(["KG06000000000"], KADAMJAI)


def test_the_parent_is_a_column_not_a_prefix(places: Places) -> None:
    assert places.ancestors("KG03220400010") == ("KG03000000000",)
    assert "KG03220400010" not in places.children("KG03220000000")


def test_levels(places: Places) -> None:
    assert (places.adm1(KADAMJAI), places.adm2(KADAMJAI)) == (BATKEN, KADAMJAI)
    assert (places.adm1("KG11000000000"), places.adm2("KG11000000000")) == ("KG11000000000", None)


def test_an_unlisted_village_belongs_to_the_unit_of_its_digits(places: Places) -> None:
    village, elsewhere = "KG05258820010", "KG05999820010"
    assert places.unit(village) is None
    assert places.ancestors(village) == (KADAMJAI, BATKEN)
    assert places.covers([BATKEN], village)
    assert (places.district(village), places.oblast(village)) == (KADAMJAI, BATKEN)
    assert (places.district(elsewhere), places.district("KG99123456789")) == (BATKEN, "KG99000000000")
    assert places.district("KG11000000000") == "KG11000000000"


def test_without_boundaries_nothing_is_located_and_nothing_fails(places: Places) -> None:
    assert not places.has_boundaries
    assert places.locate(39.474, 73.4257) is None
    assert places.areas_of(circles=[(39.5, 73.4, 50)]) == ()


def test_a_name_means_the_only_settlement_of_its_district_that_has_it_now_or_had_it() -> None:
    aymak = locality("KG05258811000", KADAMJAI, "Майдан", kind=LocalityKind.AYMAK)
    dobo = locality("KG05258811010", aymak.pcode, "Чоко-Добо", "Choko-Dobo", "Чоко-Дөбө")
    old = locality("KG05258811020", aymak.pcode, "Комсомол", valid_to=date(2020, 1, 1), successors=(dobo.pcode,))
    twins = [locality(f"KG0525881{serial}010", KADAMJAI, "Таш") for serial in (2, 3)]
    left = locality("KG05258811040", KADAMJAI, "Кең", valid_to=date(2020, 1, 1), successors=("KG11000000000",))
    places = Places(Places.load().units(), "1", localities=[aymak, dobo, old, left, *twins])

    assert [places.settlement(KADAMJAI, name) for name in ("чоко добо", "CHOKO-DOBO", "Чоко-Дөбө")] == [dobo.pcode] * 3
    assert places.settlement(BATKEN, "Комсомол") == dobo.pcode
    assert places.settlement(KADAMJAI, "Кең") == left.pcode
    assert places.settlement(KADAMJAI, "Таш") is None
    assert places.settlement(KADAMJAI, "Майдан") is None
    assert places.settlement("KG06000000000", "Чоко-Добо") is None
    assert places.gazetteer.synonyms("комсомол") == {"комсомол", "чокодобо", "chokodobo"}
    assert places.gazetteer.synonyms("Чоко") == frozenset()


def test_localities_are_the_same_by_code_and_otherwise_by_name() -> None:
    dobo = locality("KG05258811010", KADAMJAI, "Чоко-Добо", "Choko-Dobo", "Чоко-Дөбө")
    twins = [locality(f"KG0525881{serial}010", KADAMJAI, "Таш") for serial in (2, 3)]
    places = Places(Places.load().units(), "1", localities=[dobo, *twins])
    stated = {name: places.locality(KADAMJAI, name, None) for name in ("Choko Dobo", "Чокодөбө", "Таш", "таш", "Ой")}
    assert stated["Choko Dobo"].is_same(stated["Чокодөбө"])
    assert stated["Choko Dobo"].key(KADAMJAI) == stated["Чокодөбө"].key(BATKEN) == (dobo.pcode, "")
    assert not stated["Choko Dobo"].is_same(stated["Ой"])
    chosen = [places.locality(KADAMJAI, "Таш", twin.pcode) for twin in twins]
    assert stated["Таш"].is_same(stated["таш"])
    assert not chosen[0].is_same(chosen[1])
    assert stated["Таш"].is_same(chosen[0])
    assert len({each.key(KADAMJAI) for each in (stated["Таш"], *chosen)}) == 3


def locality(
    pcode: str, parent: str, *names: str, kind: LocalityKind = LocalityKind.VILLAGE, **fields: Any
) -> Locality:
    ru, en, ky = names if len(names) == 3 else names * 3
    return Locality(pcode, parent, kind, {"ky": ky, "ru": ru, "en": en}, **fields)


def test_browsers_get_the_settlements_that_exist_with_the_names_of_their_predecessors() -> None:
    ended = locality("KG05258811020", KADAMJAI, "Комсомол", valid_to=date(2020, 1, 1), successors=("KG05258811010",))
    dobo = locality("KG05258811010", KADAMJAI, "Чоко-Добо", "Choko-Dobo", "Чоко-Дөбө")
    coming = locality("KG05258811030", KADAMJAI, "Жаңы", valid_from=date(2030, 1, 1))
    places = Places(Places.load().units(), "1", localities=[ended, dobo, coming])

    [shown] = offered(places, date(2026, 1, 1))

    assert (shown["pcode"], shown["district"]) == (dobo.pcode, KADAMJAI)
    assert (shown["names"], shown["terms"]) == (["Чоко-Дөбө", "Чоко-Добо", "Choko-Dobo"], ["Комсомол"])


@pytest.mark.parametrize(("asked", "expected"), [(None, "immutable"), ("0123456789abcdef", "no-store")])
async def test_a_browser_caches_the_settlements_only_under_their_own_version(asked: str | None, expected: str) -> None:
    """During an update, two web processes may have different lists.

    The page may come from one, and its list from the other.
    """
    file = SettlementsFile(Places.load(), date(2026, 1, 1))
    scope = {"type": "http", "headers": [], "path_params": {"version": asked or file.version}}
    answer = await file.answer(Request(scope))
    assert answer.headers["cache-control"].endswith(expected)


def test_a_ring_whose_edges_cross_encloses_both_sides() -> None:
    bow_tie = outline([(72, 39), (74, 41), (74, 39), (72, 41), (72, 39)])
    assert (bow_tie.area, bow_tie.bounds) == (2, (72, 39, 74, 41))


def test_two_thousand_unordered_corners_are_processed_quickly() -> None:
    draw = Random(7)
    ring = [(draw.uniform(70, 75), draw.uniform(39, 42)) for _ in range(1999)]
    assert outline([*ring, ring[0]]).covers(box(72, 40, 73, 41))


def test_a_picker_lists_each_oblast_with_its_rayons_and_cities(places: Places) -> None:
    options = places.options("ru")

    assert len(options) == 62
    assert [o["name"] for o in options[:3]] == ["Баткенская область", "Баткенский район", "Кадамжайский район"]
    assert options[-1]["pcode"] == "KG21000000000"


def test_the_version_depends_on_the_content(places: Places) -> None:
    assert places.version == Places.load().version
    assert all(unit.kind in UnitKind for unit in places.units())
