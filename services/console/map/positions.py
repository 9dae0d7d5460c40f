"""The points at which the map shows units and settlements."""

from collections.abc import Iterable

from shared.places import Places
from shared.places.points import Position, unit_positions


def of_settlement(pcode: str | None, places: Places) -> Position | None:
    settlement = places.gazetteer.get(pcode) if pcode else None
    if settlement is None or settlement.lat is None or settlement.lon is None:
        return None
    return settlement.lon, settlement.lat


def districts(pcodes: Iterable[str], places: Places) -> list[str]:
    """Returns the districts of the P-codes. An oblast is left out if one of its districts is in the list."""
    named = dict.fromkeys(pcode if places.unit(pcode) else places.district(pcode) for pcode in pcodes)
    above = {parent for pcode in named for parent in places.ancestors(pcode)}
    return [pcode for pcode in named if pcode not in above and pcode in unit_positions()]
