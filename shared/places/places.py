"""Queries about places, which are loaded once at the start and never change."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Self

from shapely.geometry.base import BaseGeometry

from shared.country import COUNTRY
from shared.events import Area, Point
from shared.places import bundle
from shared.places.areas import Areas, Ring
from shared.places.gazetteer import Gazetteer, Locality
from shared.places.localities import StatedLocality, joined
from shared.places.units import Unit, UnitKind, seed

DIGITS = {1: 4, 2: 7}


class Places:
    """Units and their relations.

    `locate` and `areas_of` need boundaries.

    Units are of level 1 and 2. Ayil aymaks and settlements are in the `gazetteer`, which is empty until an import.
    """

    def __init__(
        self,
        units: Iterable[Unit],
        version: str,
        shapes: Mapping[str, BaseGeometry] | None = None,
        localities: Iterable[Locality] = (),
    ) -> None:
        self._units = {unit.pcode: unit for unit in units}
        self.version = version
        self._areas = Areas(shapes) if shapes else None
        self.gazetteer = Gazetteer(localities)
        # The codes for `known` in `is_within`: all units, and the localities whose digits name a wrong unit.
        self.codes = (*self._units, *(place.pcode for place in self.gazetteer if self._has_misleading_digits(place)))

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load a bundle. Without a path, load the list of codes and names that is part of Dayar."""
        if path is not None:
            loaded = bundle.load(path)
            return cls(loaded.units, loaded.version, loaded.shapes, loaded.localities)
        return cls(seed(), _seed_version())

    @property
    def has_boundaries(self) -> bool:
        return self._areas is not None

    @property
    def boundaries(self) -> Mapping[str, BaseGeometry]:
        """The boundaries of level-2 units, and of cities without level-2 units.

        Empty if no boundaries were imported.
        """
        return self._areas.shapes if self._areas else {}

    def unit(self, pcode: str) -> Unit | None:
        return self._units.get(pcode)

    def units(self, level: int | None = None) -> tuple[Unit, ...]:
        return tuple(unit for unit in self._units.values() if level is None or unit.level == level)

    def children(self, pcode: str) -> tuple[str, ...]:
        return tuple(unit.pcode for unit in self._units.values() if unit.parent == pcode)

    def name(self, pcode: str, lang: str) -> str:
        """Return the name with the kind.

        For a locality, add its district and its successors. For an unknown code, return the smallest known unit around
        the place, and the code. The codes of villages are unknown before an import.
        """
        if unit := self._units.get(pcode):
            return unit.label(lang)
        around = next((self._units[code] for code in self.ancestors(pcode) if code in self._units), None)
        if (locality := self.gazetteer.get(pcode)) and around:
            return f"{self._label(locality, lang)}, {around.label(lang)}"
        return f"{around.label(lang)} ({pcode})" if around else pcode

    def address(self, unit: str | None, locality: str | None, locality_pcode: str | None, lang: str) -> str:
        named = self.locality_name(locality, locality_pcode, lang)
        return ", ".join(filter(None, (named, unit and self.name(unit, lang))))

    def locality_name(self, locality: str | None, locality_pcode: str | None, lang: str) -> str | None:
        """Return the name of the settlement with this code.

        If the report's text is not one of the settlement's names, add the text in brackets. For an unknown code, return
        only the text.
        """
        known = self.gazetteer.get(locality_pcode) if locality_pcode else None
        if known is None:
            return locality
        label, names = self._label(known, lang), self.gazetteer.names(known)
        return label if not locality or joined(locality) in names else f"{label} ({locality})"

    def ancestors(self, pcode: str) -> tuple[str, ...]:
        """Return the units around the place, smallest first, without the country.

        For an unknown code, the digits show the units.
        """
        place = self._units.get(pcode) or self.gazetteer.get(pcode)
        parent = place.parent if place else self._above_by_digits(pcode)
        return () if parent is None else (parent, *self.ancestors(parent))

    def settlement(self, pcode: str, name: str) -> str | None:
        """Return the code of the settlement with this name, if the unit has exactly one.

        A former settlement counts as its only successor, so that the old and the new name mean the same place.
        """
        present = {code: self.gazetteer.now(code) for code in self.gazetteer.named(name) if self.covers((pcode,), code)}
        named = {now if self.covers((pcode,), now) else code for code, now in present.items()}
        return named.pop() if len(named) == 1 else None

    def locality(self, unit: str | None, name: str | None, pcode: str | None) -> StatedLocality:
        """Return the stated locality. If the code is missing, look for the name in the unit (see `settlement`)."""
        if pcode is None and unit and name and self.gazetteer:
            pcode = self.settlement(unit, name)
        return StatedLocality.of(name, pcode)

    def adm1(self, pcode: str) -> str | None:
        return self._at_level(pcode, 1)

    def adm2(self, pcode: str) -> str | None:
        """Return the level-2 unit.

        Return None for an oblast. Return None for Bishkek and Osh city as well, because these cities have no level-2
        units.
        """
        return self._at_level(pcode, 2)

    def district(self, pcode: str) -> str:
        """Return the level-2 unit, else the level-1 unit. The code may be unknown."""
        return self.adm2(pcode) or self.oblast(pcode)

    def oblast(self, pcode: str) -> str:
        return self.adm1(pcode) or by_digits(pcode, 1)

    def covered_areas(self, pcodes: Iterable[str]) -> tuple[str, ...]:
        """Return the districts of the codes.

        An oblast stands for all its districts. The oblast itself is also returned, because some reports state an oblast
        without a district.
        """
        areas: dict[str, None] = {}
        for pcode in pcodes:
            district = self.district(pcode)
            is_oblast = district == pcode and self.adm2(pcode) is None
            areas.update(dict.fromkeys([pcode, *self.children(pcode)] if is_oblast else [district]))
        return tuple(areas)

    def covers(self, areas: Iterable[str], pcode: str | None) -> bool:
        """True if the place is in one of the areas. The area `KG` contains every code."""
        codes = set(areas)
        return COUNTRY in codes or (pcode is not None and not codes.isdisjoint((pcode, *self.ancestors(pcode))))

    def concerns(self, areas: Iterable[str], pcode: str) -> bool:
        """True if the unit lies in one of the areas, or if one of the areas lies in the unit."""
        codes = set(areas)
        return self.covers(codes, pcode) or any(pcode in self.ancestors(area) for area in codes)

    def within(self, areas: Iterable[str]) -> frozenset[str] | None:
        """Return the areas and all units in them. None means the whole country (`KG`)."""
        return self._selected(areas, self.covers)

    def around(self, areas: Iterable[str]) -> frozenset[str] | None:
        """Return the areas, the units in them, and the units around them.

        None means the whole country (`KG`). The units around an area are needed, because an alert for an oblast also
        concerns a reader of one of its districts.
        """
        return self._selected(areas, self.concerns)

    def _selected(self, areas: Iterable[str], holds: Callable[[frozenset[str], str], bool]) -> frozenset[str] | None:
        codes = frozenset(areas)
        if COUNTRY in codes:
            return None
        return codes.union(pcode for pcode in self.codes if holds(codes, pcode))

    def locate(self, lat: float, lon: float) -> str | None:
        return self._areas.at(lat, lon) if self._areas else None

    def areas_of(
        self,
        polygons: Iterable[Ring] = (),
        circles: Iterable[tuple[float, float, float]] = (),
        point: Point | None = None,
    ) -> tuple[str, ...]:
        """The points of a ring are (lon, lat); a circle is (lat, lon, km)."""
        points = [(point.lat, point.lon)] if point else []
        return self._areas.touching(polygons, circles, points) if self._areas else ()

    def pcodes_of(self, area: Area) -> tuple[str, ...]:
        """Return the area's codes, the districts of its villages, and the units that its geometry touches.

        The districts are added for readers: their areas consist of units, and a village is no unit.
        """
        circles = [(circle.lat, circle.lon, circle.radius_km) for circle in area.circles]
        above = (self.district(pcode) for pcode in area.pcodes if pcode not in self._units)
        known = (pcode for pcode in above if pcode in self._units)
        return tuple(dict.fromkeys((*area.pcodes, *known, *self.areas_of(area.polygons, circles, area.point))))

    def options(self, lang: str) -> list[dict[str, object]]:
        """Return the choices of a place picker: each level-1 unit, followed by its districts."""
        tops = sorted(self.units(1), key=lambda unit: (unit.kind is not UnitKind.OBLAST, unit.label(lang)))
        return [self._option(unit, lang) for top in tops for unit in (top, *self._below(top, lang))]

    def _below(self, top: Unit, lang: str) -> list[Unit]:
        return sorted((self._units[pcode] for pcode in self.children(top.pcode)), key=lambda unit: unit.label(lang))

    def _label(self, locality: Locality, lang: str) -> str:
        successors = (self._units.get(code) or self.gazetteer.get(code) for code in locality.successors)
        return locality.label(lang, ", ".join(place.label(lang) for place in successors if place))

    def _option(self, unit: Unit, lang: str) -> dict[str, object]:
        return {
            "pcode": unit.pcode,
            "name": unit.label(lang),
            "level": unit.level,
            "parent": unit.parent,
            "parent_name": self.name(unit.parent, lang) if unit.parent else None,
            "terms": list(unit.terms()),
        }

    def _above_by_digits(self, pcode: str) -> str | None:
        return next((unit for level in (2, 1) if (unit := by_digits(pcode, level)) in self._units), None)

    def _has_misleading_digits(self, locality: Locality) -> bool:
        unit = next((code for code in self.ancestors(locality.pcode) if code in self._units), None)
        return unit != self._above_by_digits(locality.pcode)

    def _at_level(self, pcode: str, level: int) -> str | None:
        chain = (pcode, *self.ancestors(pcode))
        return next((code for code in chain if (unit := self._units.get(code)) and unit.level == level), None)


def by_digits(pcode: str, level: int) -> str:
    """Return the unit that the first digits of the code name. For some cities, the digits are wrong."""
    return pcode[: DIGITS[level]].ljust(len(pcode), "0")


@cache
def _seed_version() -> str:
    return bundle.units_version(seed())
