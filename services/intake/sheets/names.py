"""The names for places and codes that the cells of a sheet may contain."""

from shared.places import Places
from shared.sheets.code_names import CodeNames
from shared.sheets.place_names import PlaceNames


class SheetNames:
    def __init__(self, places: Places) -> None:
        self.places = PlaceNames(places)
        self.hazards, self.reasons = CodeNames("hazard"), CodeNames("reason")
        self.shelters, self.needs = CodeNames("shelter"), CodeNames("need")
        self.sexes, self.relationships = CodeNames("sex"), CodeNames("relationship")
