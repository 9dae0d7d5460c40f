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
        # The codes that SQL must know (`known` in `is_within`): all units, and localities whose digits name another
        # unit than their own.
        self.codes = (*self._units, *(place.pcode for place in self.gazetteer if self._has_misleading_digits(place)))

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Without a path, loads the product's own list of codes and names."""
        if path is not None:
            loaded = bundle.load(path)
            return cls(loaded.units, loaded.version, loaded.shapes, loaded.localities)
        return cls(seed(), _seed_version())

    @property
    def has_boundaries(self) -> bool:
        return self._areas is not None

    @property
    def boundaries(self) -> Mapping[str, BaseGeometry]:
        """Units of level 2, and cities without such units. Empty without boundaries."""
        return self._areas.shapes if self._areas else {}

    def unit(self, pcode: str) -> Unit | None:
        return self._units.get(pcode)

    def units(self, level: int | None = None) -> tuple[Unit, ...]:
        return tuple(unit for unit in self._units.values() if level is None or unit.level == level)

    def children(self, pcode: str) -> tuple[str, ...]:
        return tuple(unit.pcode for unit in self._units.values() if unit.parent == pcode)

    def name(self, pcode: str, lang: str) -> str:
        """The name with its kind and, for a locality, with its district and successors.

        For an unknown code, the result is the name of the smallest known unit that contains the place, and the code.
        Until an import, the codes of villages are unknown.
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
        """The settlement's name, and in brackets the report's text if this text is not one of the settlement's names.

        Without a known code, only the text is returned.
        """
        known = self.gazetteer.get(locality_pcode) if locality_pcode else None
        if known is None:
            return locality
        label, names = self._label(known, lang), self.gazetteer.names(known)
        return label if not locality or joined(locality) in names else f"{label} ({locality})"

    def ancestors(self, pcode: str) -> tuple[str, ...]:
        """Without the country. The units of an unknown code are derived from its digits."""
        place = self._units.get(pcode) or self.gazetteer.get(pcode)
        parent = place.parent if place else self._above_by_digits(pcode)
        return () if parent is None else (parent, *self.ancestors(parent))

    def settlement(self, pcode: str, name: str) -> str | None:
        """The code of the only settlement in the unit that has this name.

        If the settlement has ended, its only successor is returned, so that the old name means the same place as the
        new name.
        """
        present = {code: self.gazetteer.now(code) for code in self.gazetteer.named(name) if self.covers((pcode,), code)}
        named = {now if self.covers((pcode,), now) else code for code, now in present.items()}
        return named.pop() if len(named) == 1 else None

    def locality(self, unit: str | None, name: str | None, pcode: str | None) -> StatedLocality:
        """A locality without a code gets the code of the only settlement in the unit with this name."""
        if pcode is None and unit and name and self.gazetteer:
            pcode = self.settlement(unit, name)
        return StatedLocality.of(name, pcode)

    def adm1(self, pcode: str) -> str | None:
        return self._at_level(pcode, 1)

    def adm2(self, pcode: str) -> str | None:
        """None for an oblast, and for Bishkek and Osh city, which have no level-2 units."""
        return self._at_level(pcode, 2)

    def district(self, pcode: str) -> str:
        """The level-2 unit or, if there is none, the level-1 unit. The code may be unknown."""
        return self.adm2(pcode) or self.oblast(pcode)

    def oblast(self, pcode: str) -> str:
        return self.adm1(pcode) or by_digits(pcode, 1)

    def covered_areas(self, pcodes: Iterable[str]) -> tuple[str, ...]:
        """For an oblast, all its districts, and the oblast itself, because some households report only an oblast."""
        areas: dict[str, None] = {}
        for pcode in pcodes:
            district = self.district(pcode)
            is_oblast = district == pcode and self.adm2(pcode) is None
            areas.update(dict.fromkeys([pcode, *self.children(pcode)] if is_oblast else [district]))
        return tuple(areas)

    def covers(self, areas: Iterable[str], pcode: str | None) -> bool:
        """The area `KG` is the whole country, and contains every code."""
        codes = set(areas)
        return COUNTRY in codes or (pcode is not None and not codes.isdisjoint((pcode, *self.ancestors(pcode))))

    def concerns(self, areas: Iterable[str], pcode: str) -> bool:
        """The unit lies in an area, or an area lies in the unit."""
        codes = set(areas)
        return self.covers(codes, pcode) or any(pcode in self.ancestors(area) for area in codes)

    def within(self, areas: Iterable[str]) -> frozenset[str] | None:
        """The areas and all units that lie in the areas. None if `KG` is one of the areas."""
        return self._selected(areas, self.covers)

    def around(self, areas: Iterable[str]) -> frozenset[str] | None:
        """The areas, the units in the areas, and the units that contain an area.

        None if `KG` is one of the areas.

        An alert for an oblast, for example, also concerns a reader whose area is a district of this oblast.
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
        """The P-codes of an area, completed so that everybody who may read the area's places finds the area.

        The result has the area's own codes, the districts of codes that are not units, and the units that the geometry
        touches. The district of a village is added, because the areas of readers consist of units, and a village is not
        a unit.
        """
        circles = [(circle.lat, circle.lon, circle.radius_km) for circle in area.circles]
        above = (self.district(pcode) for pcode in area.pcodes if pcode not in self._units)
        known = (pcode for pcode in above if pcode in self._units)
        return tuple(dict.fromkeys((*area.pcodes, *known, *self.areas_of(area.polygons, circles, area.point))))

    def options(self, lang: str) -> list[dict[str, object]]:
        """For a place picker: each level-1 unit, followed by its districts, with all search terms."""
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
    """Derived from the first digits of the place's code, which is wrong for some cities."""
    return pcode[: DIGITS[level]].ljust(len(pcode), "0")


@cache
def _seed_version() -> str:
    return bundle.units_version(seed())
