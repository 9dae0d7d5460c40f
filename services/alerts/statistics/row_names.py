"""Names the rows of the statistics."""

from collections.abc import Callable

from services.alerts.statistics.filters import Grouping
from shared.pages.terms import N_, term
from shared.places import Places

COLUMNS = {Grouping.MONTH: N_("Month"), Grouping.HAZARD_TYPE: N_("Event type"), Grouping.AREA: N_("Area")}
WITHOUT_KEY = {Grouping.HAZARD_TYPE: N_("Displacement without a known hazard"), Grouping.AREA: N_("Place not known")}


def row_name(by: Grouping, key: str | None, places: Places, language: str, gettext: Callable[[str], str]) -> str:
    if key is None:
        return gettext(WITHOUT_KEY[by])
    if by is Grouping.MONTH:
        return ".".join(reversed(key.split("-")))
    return places.name(key, language) if by is Grouping.AREA else term("hazard", key, gettext)
