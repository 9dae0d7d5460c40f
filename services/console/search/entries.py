"""The words by which a search finds a hazard, an alert, a group or a site. No I/O."""

from collections.abc import Iterable, Iterator
from functools import cache
from html import unescape
from typing import Any

from services.console.models import BoardGroup, BoardHazard, BoardSite
from services.console.search.words import words_of
from shared.events.vocabulary import HazardType
from shared.pages import TERMS, Pages
from shared.pages.languages import LANGUAGES
from shared.pages.synonyms import SYNONYMS
from shared.places import Places

RULES = 1  # raise this number after a change of these rules or of the folding: the worker then renews all words
FAILED = ""  # the version of an entry after an error; the next start of the worker tries again


class SearchWords:
    def __init__(self, pages: Pages, places: Places) -> None:
        self._pages, self._places = pages, places
        self._place, self._term = cache(self._names_of_place), cache(self._names_of_code)
        self._title = cache(self._titles)

    @property
    def version(self) -> str:
        return f"{RULES}/{self._places.version}"

    def of_hazard(self, hazard: BoardHazard) -> str:
        return words_of(self._hazard(hazard))

    def of_alert(self, alert: Any, hazard: BoardHazard | None) -> str:
        """Returns the alert's words and the words of its hazard."""
        is_origin_unknown = bool(alert.figures.get("is_origin_unknown"))
        own = (*self._title(alert.rule, alert.hazard_type, is_origin_unknown), *self._at(alert.pcodes))
        return words_of((*own, *(self._hazard(hazard) if hazard else ())))

    def of_group(self, group: BoardGroup, site: BoardSite | None) -> str:
        codes = (
            group.destination_pcode,
            group.destination_locality_pcode,
            group.origin_pcode,
            group.origin_locality_pcode,
        )
        localities = (group.destination_locality, group.origin_locality)
        return words_of((*localities, *self._at(codes), *(self._site(site) if site else ())))

    def of_site(self, site: BoardSite) -> str:
        return words_of(self._site(site))

    def _hazard(self, hazard: BoardHazard) -> Iterator[str | None]:
        yield from (hazard.type_text, hazard.area, hazard.source)
        yield from self._term("hazard", hazard.type)
        yield from self._term("source", hazard.source)
        yield from _synonyms(hazard.type)
        for text in hazard.text.values():
            yield from (part for part in text.values() if isinstance(part, str))
        yield from self._at((*hazard.pcodes, hazard.locality_pcode))

    def _site(self, site: BoardSite) -> Iterator[str | None]:
        yield from (site.name_ky, site.name_ru, site.name_en, site.locality)
        yield from self._at((site.pcode, site.locality_pcode))

    def _at(self, pcodes: Iterable[str | None]) -> Iterator[str]:
        for pcode in dict.fromkeys(pcodes):
            if pcode:
                yield from self._place(pcode)

    def _names_of_place(self, pcode: str) -> tuple[str, ...]:
        known = (self._places.unit(code) or self._places.gazetteer.get(code) for code in self._with_ancestors(pcode))
        return tuple(name for place in known if place for name in place.terms())

    def _with_ancestors(self, pcode: str) -> tuple[str, ...]:
        return (pcode, *self._places.ancestors(pcode))

    def _names_of_code(self, kind: str, code: str) -> tuple[str, ...]:
        text = TERMS[kind].get(code)
        return tuple(self._pages.gettext(language, text) for language in LANGUAGES) if text else ()

    def _titles(self, rule: str, hazard_type: str | None, is_origin_unknown: bool) -> tuple[str, ...]:
        titles = (alert_title(self._pages, language, rule, hazard_type, is_origin_unknown) for language in LANGUAGES)
        return (*titles, *_synonyms(hazard_type))


def alert_title(pages: Pages, language: str, rule: str, hazard_type: str | None, is_origin_unknown: bool) -> str:
    alert = {"rule": rule, "hazard_type": hazard_type, "figures": {"is_origin_unknown": is_origin_unknown}}
    return unescape(pages.text(language, "search/alert-title.html", alert=alert)).strip()


def _synonyms(hazard_type: str | None) -> tuple[str, ...]:
    """Returns the synonyms of a type, and none for a type from a later version of Dayar."""
    return SYNONYMS.get(HazardType(hazard_type), ()) if hazard_type and hazard_type in TERMS["hazard"] else ()
