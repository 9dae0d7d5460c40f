"""The places of the country: units by P-code, with names and validity, and with boundaries if they were imported."""

from shared.places import bundle
from shared.places.areas import Areas
from shared.places.bundle import BadBundle
from shared.places.places import Places
from shared.places.units import LANGUAGES, Names, Unit, UnitKind

__all__ = ["LANGUAGES", "Areas", "BadBundle", "Names", "Places", "Unit", "UnitKind", "bundle"]
