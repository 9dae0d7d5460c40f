"""The field form's map shows the points of all places. If the installation has boundaries, the map shows them too."""

import asyncio
import json

import shapely
from starlette.requests import Request

from services.intake.field.map_places import MapPlacesFile
from shared.places import Places
from shared.places.units import seed

KADAMJAI = "KG05258000000"


def content(places: Places) -> dict[str, object]:
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": [], "path_params": {}})
    answer = asyncio.run(MapPlacesFile(places).answer(request))
    return dict(json.loads(bytes(answer.body)))


def test_every_unit_has_a_point_on_the_map() -> None:
    points = content(Places.load())["points"]
    assert isinstance(points, dict)
    assert {unit.pcode for unit in seed()} == set(points)


def test_the_map_has_boundaries_only_if_the_installation_has_them() -> None:
    bounded = Places(seed(), "1", {KADAMJAI: shapely.box(71, 39, 72, 40)})
    assert content(Places.load())["boundaries"] == []
    [boundary] = json.loads(json.dumps(content(bounded)["boundaries"]))
    assert shapely.geometry.shape(boundary).equals(shapely.box(71, 39, 72, 40))
