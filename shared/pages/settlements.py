"""The settlements of the gazetteer as one file, for searches in browsers and on phones without signal."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from shared.pages.languages import LANGUAGES
from shared.pages.packed_files import PackedFile
from shared.places import Places
from shared.places.gazetteer import Locality


class SettlementsFile(PackedFile):
    """The settlements that exist on the day `today`."""

    def __init__(self, places: Places, today: date) -> None:
        settlements = list(offered(places, today))
        aymaks = {row["aymak"] for row in settlements if "aymak" in row}
        content = {
            "aymaks": {pcode: _names(known) for pcode in sorted(aymaks) if (known := places.gazetteer.get(pcode))},
            "settlements": settlements,
        }
        super().__init__(content)


def offered(places: Places, today: date) -> Iterator[dict[str, Any]]:
    """Yields each settlement with its district, its names in `LANGUAGES`, and other names, such as former names."""
    former = places.gazetteer.predecessors
    for settlement in sorted(places.gazetteer.settlements(), key=lambda known: known.pcode):
        if not settlement.is_valid(today):
            continue
        terms = {term for known in (settlement, *former.get(settlement.pcode, ())) for term in known.terms()}
        aymak = places.gazetteer.get(settlement.parent)
        yield {
            "pcode": settlement.pcode,
            "district": places.district(settlement.pcode),
            **({"aymak": aymak.pcode} if aymak else {}),
            "names": _names(settlement),
            "terms": sorted(terms - {*settlement.names.values()}),
        }


def _names(locality: Locality) -> list[str]:
    return [locality.names[language] for language in LANGUAGES]
