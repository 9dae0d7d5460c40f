"""The file of places for the map of the field form.

The file contains points of oblasts, districts and settlements, and boundaries if boundaries were imported.
"""

from shapely.geometry import mapping

from shared.pages.packed_files import PackedFile
from shared.places import Places
from shared.places.areas import simplified
from shared.places.points import unit_positions


class MapPlacesFile(PackedFile):
    def __init__(self, places: Places) -> None:
        settlements = {
            known.pcode: (known.lon, known.lat)
            for known in sorted(places.gazetteer.settlements(), key=lambda known: known.pcode)
            if known.lat is not None and known.lon is not None
        }
        super().__init__(
            {
                "points": unit_positions() | settlements,
                "boundaries": [mapping(simplified(shape)) for shape in places.boundaries.values()],
            }
        )
