"""Tests `dayar places import` with lists of ayil aymaks and settlements."""

import json
from datetime import date
from pathlib import Path

import pytest

from shared.places import Places
from tests.cli.test_places import BATKEN, KADAMJAI, OBLAST, geojson, run, square
from tests.cli.test_places import row as boundary
from tests.gazetteers import AYMAK, DOBO, drawn, row, write

TOBEY = "KG05258811020"
NAMES = {"ky": "Чоко-Дөбө", "ru": "Чоко-Добо", "en": "Choko-Dobo"}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "places.geojson"


def test_a_list_of_two_and_a_half_thousand_settlements_is_loaded_with_the_units(tmp_path: Path, target: Path) -> None:
    rows = drawn(2500)
    code, output = run("import", write(tmp_path / "villages.csv", rows), "--to", target)

    places = Places.load(target)
    settlements = list(places.gazetteer.settlements())
    assert code == 0, output
    assert "2500 settlements" in output
    assert (len(settlements), len(places.units())) == (2500, 62)
    assert all(places.adm2(settlement.pcode) for settlement in settlements)
    first = run("import", tmp_path / "villages.csv", "--to", target)
    assert (first[0], Places.load(target).version) == (0, places.version)


def test_a_settlement_is_named_with_its_district_and_its_successor(tmp_path: Path, target: Path) -> None:
    ended = row(DOBO, AYMAK, **NAMES, valid_to="2024-12-31", successors=TOBEY)
    rows = [row(AYMAK, KADAMJAI, level=3, en="Maidan"), ended, row(TOBEY, AYMAK, ru="Тобей", lat="39,9", lon="71,5")]
    code, output = run("import", write(tmp_path / "villages.csv", rows), "--to", target)

    places = Places.load(target)
    assert code == 0, output
    assert places.name(TOBEY, "ru") == "с. Тобей, Кадамжайский район"
    assert places.name(DOBO, "en") == "Choko-Dobo village (now: Тобей village), Kadamjai rayon"
    assert places.ancestors(DOBO) == (AYMAK, KADAMJAI, OBLAST)
    dobo, tobey = places.gazetteer.get(DOBO), places.gazetteer.get(TOBEY)
    assert dobo is not None and tobey is not None
    assert (dobo.is_valid(date(2024, 12, 31)), dobo.is_valid(date(2025, 1, 1))) == (True, False)
    assert (tobey.lat, tobey.lon) == (39.9, 71.5)


def test_a_settlement_of_a_city_is_found_in_sql_as_in_the_list(tmp_path: Path, target: Path) -> None:
    city, village = "KG03220400010", "KG03220400020"  # by its digits, the village's code would belong to Suzak rayon
    run("import", write(tmp_path / "villages.csv", [row(village, city, en="Village")]), "--to", target)
    places = Places.load(target)
    assert places.district(village) == city
    assert village in places.codes
    assert village in (places.within((city,)) or ())


def test_boundaries_and_lists_do_not_replace_each_other(tmp_path: Path, target: Path) -> None:
    shape = geojson(tmp_path / "adm2.geojson", boundary(KADAMJAI, square(71.0, 39.5)))
    run("import", shape, "--to", target)
    run("import", write(tmp_path / "villages.csv", [row(DOBO, KADAMJAI, **NAMES)]), "--to", target)
    both = Places.load(target)
    run("import", shape, "--to", target)
    run("import", write(tmp_path / "more.csv", [row(TOBEY, KADAMJAI, en="Tobey")]), "--to", target)

    places = Places.load(target)
    assert both.locate(39.7, 71.2) == places.locate(39.7, 71.2) == KADAMJAI
    assert [locality.pcode for locality in places.gazetteer] == [DOBO, TOBEY]


def test_a_list_in_geojson_has_the_points_of_its_features(tmp_path: Path, target: Path) -> None:
    properties = {"pcode": DOBO, "parent": KADAMJAI, "kind": "village", **NAMES, "aliases": ["Комсомол"]}
    feature = {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": [71.5, 39.9]}}
    code, output = run("import", geojson(tmp_path / "villages.geojson", feature), "--to", target)

    locality = Places.load(target).gazetteer.get(DOBO)
    assert code == 0, output
    assert locality is not None
    assert (locality.lat, locality.lon, locality.aliases) == (39.9, 71.5, ("Комсомол",))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"pcode": "05258811010"}, "line 3: `pcode`: KG and 11 digits are expected."),
        ({"pcode": AYMAK}, f"line 3: `pcode`: {AYMAK} is in the file twice."),
        ({"parent": OBLAST}, "line 3: `parent`: the code of an ayil aymak, a district or a city is expected."),
        ({"parent": "KG05258999000"}, "line 3: `parent`: the code of an ayil aymak, a district or a city is expected."),
        ({"level": "2"}, "line 3: `level`: 3 (ayil aymak) or 4 (settlement) is expected."),
        ({"ky": "", "ru": "", "en": ""}, "line 3: one of `ky`, `ru`, `en` is expected."),
        ({"ru": "12"}, "line 3: `ru`: a name of at most 100 letters is expected."),
        ({"lat": "39.9"}, "line 3: `lat` and `lon`: two numbers are expected."),
        ({"lat": "nan", "lon": "71"}, "line 3: `lat` and `lon`: degrees (WGS 84) in the country are expected."),
        (
            {"aliases": ";".join(f"Dobo {number}" for number in range(21))},
            "line 3: `aliases`: at most 20 are expected, separated by `;`.",
        ),
        ({"valid_to": "31.12.2024"}, "line 3: `valid_to`: a day such as 2024-12-31 is expected."),
        ({"successors": TOBEY}, "line 3: `valid_to`: the last day is expected for a locality with `successors`."),
        ({"valid_to": "2024-12-31", "successors": TOBEY}, f"line 3: `successors`: {TOBEY} is in no list."),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_written(
    tmp_path: Path, target: Path, columns: dict[str, str], message: str
) -> None:
    run("import", write(tmp_path / "before.csv", [row(BATKEN[:7] + "811010", BATKEN, en="Before")]), "--to", target)
    before = target.read_bytes()
    wrong = {**row(DOBO, AYMAK, **NAMES), **columns}
    file = write(tmp_path / "villages.csv", [row(AYMAK, KADAMJAI, level=3, en="Maidan"), wrong])

    code, output = run("import", file, "--to", target)

    assert code == 1
    assert message in output
    assert target.read_bytes() == before


def test_the_faults_of_all_rows_are_listed_up_to_fifty(tmp_path: Path, target: Path) -> None:
    rows = [row(f"KG{number}", KADAMJAI, en="Village") for number in range(60)]
    _, output = run("import", write(tmp_path / "villages.csv", rows), "--to", target)
    assert "line 51: `pcode`" in output
    assert "line 52" not in output
    assert "10 more rows are wrong." in output


def test_a_list_without_its_columns_and_a_foreign_bundle_are_refused(tmp_path: Path, target: Path) -> None:
    nameless = tmp_path / "names.csv"
    nameless.write_text("name\nTobey\n")
    assert "a header with the columns pcode, parent" in run("import", nameless, "--to", target)[1]

    target.write_text(json.dumps({"features": []}))
    file = write(tmp_path / "villages.csv", [row(TOBEY, KADAMJAI, en="Tobey")])
    assert "not a places bundle" in run("import", file, "--to", target)[1]


def test_a_file_that_is_too_large_is_refused_before_it_is_parsed(tmp_path: Path, target: Path) -> None:
    list_file, boundary_file = tmp_path / "villages.csv", tmp_path / "boundaries.geojson"
    for file, mebibytes in ((list_file, 17), (boundary_file, 65)):
        with file.open("wb") as opened:
            opened.truncate(mebibytes * 1024 * 1024)  # a sparse file takes no space on the disk
    assert "a list of at most 16 MiB is expected." in run("import", list_file, "--to", target)[1]
    assert "a GeoJSON file of at most 64 MiB is expected." in run("import", boundary_file, "--to", target)[1]


def test_a_geojson_list_may_have_no_more_bytes_than_a_csv_list(tmp_path: Path, target: Path) -> None:
    feature = {"type": "Feature", "geometry": None, "properties": {**row(TOBEY, KADAMJAI, en="Tobey")}}
    file = tmp_path / "villages.geojson"
    file.write_text(json.dumps({"features": [feature]}) + " " * 17 * 1024 * 1024)
    assert "a list of at most 16 MiB is expected." in run("import", file, "--to", target)[1]


def test_a_city_that_is_a_unit_is_left_out_and_counted(tmp_path: Path, target: Path) -> None:
    rows = [row("KG05410000010", OBLAST, en="Batken"), row(TOBEY, KADAMJAI, en="Tobey")]
    code, output = run("import", write(tmp_path / "villages.csv", rows), "--to", target)
    assert code == 0, output
    assert "1 rows name a district or city that is known already" in output
