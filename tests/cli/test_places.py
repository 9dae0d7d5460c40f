"""Tests `dayar places import` with invented boundaries, in which each rayon is a square."""

import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import shapefile
from typer.testing import CliRunner

from cli.places import app
from shared.events import Area, Circle, Point
from shared.places import Places

KADAMJAI, BATKEN, OBLAST, OSH_CITY = "KG05258000000", "KG05214000000", "KG05000000000", "KG21000000000"

Corners = list[tuple[float, float]]


def square(west: float, south: float, side: float = 0.5) -> Corners:
    east, north = west + side, south + side
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


def row(pcode: str | None, corners: Corners, **columns: Any) -> dict[str, Any]:
    properties = {"ADM2_PCODE": pcode, "ADM2_EN": "Kadamjay", "ADM1_PCODE": OBLAST, "ADM0_PCODE": "KG", **columns}
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [corners]}}


def geojson(file: Path, *features: dict[str, Any]) -> Path:
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "state" / "places.geojson"


def test_boundaries_are_joined_by_code_and_the_products_names_are_kept(tmp_path: Path, target: Path) -> None:
    file = geojson(tmp_path / "adm2.geojson", row(KADAMJAI, square(71.0, 39.5)), row(BATKEN, square(70.5, 39.5)))

    code, _ = run("import", file, "--to", target)

    places = Places.load(target)
    assert code == 0
    assert places.locate(39.7, 71.2) == KADAMJAI
    assert places.locate(39.7, 70.7) == BATKEN
    assert places.locate(45.0, 71.2) is None
    assert places.name(KADAMJAI, "en") == "Kadamjai rayon"
    assert len(places.units()) == 62


def test_a_refused_file_is_named_as_the_person_wrote_it(tmp_path: Path, target: Path) -> None:
    file = tmp_path / "[" / "adm2].geojson"
    assert str(file) in run("import", file, "--to", target)[1].replace(" ", "")


def test_a_boundary_that_crosses_itself_is_repaired_and_named(tmp_path: Path, target: Path) -> None:
    crossing = [(71.0, 39.5), (71.5, 40.0), (71.5, 39.5), (71.0, 40.0), (71.0, 39.5)]
    file = geojson(tmp_path / "adm2.geojson", row(KADAMJAI, crossing), row(BATKEN, square(70.5, 39.5)))
    code, output = run("import", file, "--to", target)
    assert code == 0
    assert "Repaired, because the boundary crosses or touches itself: Kadamjai rayon. Compare" in output
    places = Places.load(target)
    assert [places.locate(39.75, lon) for lon in (71.05, 71.45, 70.7)] == [KADAMJAI, KADAMJAI, BATKEN]
    assert places.locate(39.55, 71.25) is None, "this point lies between the two halves"
    assert "Repaired" not in run("import", geojson(file, row(KADAMJAI, square(71.0, 39.5))), "--to", target)[1]


def test_an_area_has_its_own_codes_and_those_that_it_touches(tmp_path: Path, target: Path) -> None:
    file = geojson(tmp_path / "adm2.geojson", row(KADAMJAI, square(71.0, 39.5)), row(BATKEN, square(70.5, 39.5)))
    run("import", file, "--to", target)
    places = Places.load(target)

    assert places.pcodes_of(Area(pcodes=(OBLAST,))) == (OBLAST,)
    assert places.pcodes_of(Area(description="somewhere")) == ()
    assert places.pcodes_of(Area(pcodes=(OBLAST,), point=Point(lat=39.7, lon=71.2))) == (OBLAST, KADAMJAI)
    assert places.pcodes_of(Area(circles=(Circle(lat=39.7, lon=71.0, radius_km=5),))) == (BATKEN, KADAMJAI)
    assert places.pcodes_of(Area(polygons=(tuple(square(70.6, 39.6, 0.1)),))) == (BATKEN,)


def test_a_point_on_a_common_border_has_one_answer(tmp_path: Path, target: Path) -> None:
    file = geojson(tmp_path / "adm2.geojson", row(KADAMJAI, square(71.0, 39.5)), row(BATKEN, square(70.5, 39.5)))
    run("import", file, "--to", target)
    assert Places.load(target).locate(39.7, 71.0) == BATKEN


def test_the_bundle_is_read_only_and_its_version_is_its_content(tmp_path: Path, target: Path) -> None:
    file = geojson(tmp_path / "adm2.geojson", row(KADAMJAI, square(71.0, 39.5)))
    run("import", file, "--to", target)
    first = Places.load(target).version
    run("import", file, "--to", target)
    assert Places.load(target).version == first
    assert target.stat().st_mode & 0o777 == 0o444

    geojson(file, row(KADAMJAI, square(71.1, 39.5)))
    run("import", file, "--to", target)
    assert Places.load(target).version != first


def test_a_second_file_fills_the_cities_that_level_2_leaves_empty(tmp_path: Path, target: Path) -> None:
    districts = geojson(tmp_path / "adm2.geojson", row(KADAMJAI, square(71.0, 39.5)))
    holes = geojson(tmp_path / "holes.geojson", row(None, square(72.7, 40.4), ADM1_PCODE=OSH_CITY))

    _, alone = run("import", districts, "--to", target)
    _, both = run("import", districts, holes, "--to", target)

    assert "Osh city" in alone
    assert "Osh city" not in both
    assert Places.load(target).locate(40.5, 72.8) == OSH_CITY


def test_an_oblast_drawn_over_its_rayons_is_not_located(tmp_path: Path, target: Path) -> None:
    districts = geojson(tmp_path / "adm2.geojson", row(KADAMJAI, square(71.0, 39.5)))
    oblasts = geojson(tmp_path / "adm1.geojson", row(None, square(69.5, 39.0, 3)))

    code, _ = run("import", districts, oblasts, "--to", target)

    assert code == 0
    assert Places.load(target).locate(39.2, 69.8) is None


def test_enclaves_and_neighbouring_countries_are_left_out_and_counted(tmp_path: Path, target: Path) -> None:
    file = geojson(
        tmp_path / "adm2.geojson",
        row(KADAMJAI, square(71.0, 39.5)),
        row(None, square(71.2, 39.9, 0.1), ADM1_PCODE=None),
        row("TJ03", square(69.0, 39.5), ADM1_PCODE="TJ"),
    )
    _, output = run("import", file, "--to", target)
    assert "2 rows without a code of the country" in output


def test_finer_units_are_merged_into_their_rayon(tmp_path: Path, target: Path) -> None:
    east, west = row(KADAMJAI, square(71.0, 39.5), ADM3_PCODE="a"), row(KADAMJAI, square(71.5, 39.5), ADM3_PCODE="b")
    run("import", geojson(tmp_path / "adm3.geojson", east, west), "--to", target)
    assert Places.load(target).areas_of(circles=[(39.7, 71.8, 1)]) == (KADAMJAI,)


def test_an_unknown_unit_is_added_with_its_parent(tmp_path: Path, target: Path) -> None:
    new = row(
        "KG05299000000", square(71.0, 39.5), ADM2_EN="New", ADM2_RU="Новый", ADM2_KY="Жаңы", ADM2TYP_EN="district"
    )
    _, output = run("import", geojson(tmp_path / "adm2.geojson", new), "--to", target)

    places = Places.load(target)
    assert "KG05299000000" in output
    assert places.ancestors("KG05299000000") == (OBLAST,)
    assert places.name("KG05299000000", "ky") == "Жаңы району"


def test_a_shapefile_is_read(tmp_path: Path, target: Path) -> None:
    with shapefile.Writer(str(tmp_path / "adm2.shp")) as writer:
        writer.field("ADM2_PCODE", "C")
        writer.field("ADM1_PCODE", "C")
        writer.poly([list(reversed(square(71.0, 39.5)))])
        writer.record(KADAMJAI, OBLAST)

    code, output = run("import", tmp_path / "adm2.shp", "--to", target)

    assert code == 0, output
    assert Places.load(target).locate(39.7, 71.2) == KADAMJAI


def test_a_workbook_gives_only_codes_and_names(tmp_path: Path, target: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["ADM2_EN", "ADM2_PCODE", "ADM1_PCODE", "validOn"])
    sheet.append(["Kadamjai", KADAMJAI, OBLAST, "2018-11-19"])
    book.save(tmp_path / "adm2.xlsx")

    code, output = run("import", tmp_path / "adm2.xlsx", "--to", target)

    assert code == 0, output
    assert "Codes and names only" in output
    assert not Places.load(target).has_boundaries


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.geojson", "{", "not a geojson file"),
        ("a.geojson", '{"features":[{}]}', "not a geojson file"),
        ("a.geojson", '{"features":[]}', "no row has a code of the country"),
        ("a.txt", "", "is expected"),
        ("a.xlsx", "no workbook", "not a xlsx file"),
        ("a.shp", "no shapes", "not a shp file"),
    ],
)
def test_an_unusable_file_is_named_and_nothing_is_written(
    tmp_path: Path, target: Path, name: str, content: str, message: str
) -> None:
    (tmp_path / name).write_text(content)

    code, output = run("import", tmp_path / name, "--to", target)

    assert code == 1
    assert message in output
    assert not target.exists()


def test_a_workbook_of_broken_xml_is_named(tmp_path: Path, target: Path) -> None:
    whole, broken = tmp_path / "whole.xlsx", tmp_path / "broken.xlsx"
    openpyxl.Workbook().save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(broken, "w") as copied:
        for name in source.namelist():
            copied.writestr(name, b"<no" if name == "xl/workbook.xml" else source.read(name))

    code, output = run("import", broken, "--to", target)

    assert code != 0
    assert "broken.xlsx: it is not a xlsx file" in output
    assert not target.exists()


def test_a_missing_file_metres_and_duplicate_boundaries_are_refused(tmp_path: Path, target: Path) -> None:
    metres = geojson(tmp_path / "m.geojson", row(KADAMJAI, square(500_000.0, 4_400_000.0)))
    first = geojson(tmp_path / "one.geojson", row(KADAMJAI, square(71.0, 39.5)))

    assert "no such file" in run("import", tmp_path / "none.geojson", "--to", target)[1]
    assert "WGS 84" in run("import", metres, "--to", target)[1]
    assert "already has a boundary" in run("import", first, first, "--to", target)[1]
