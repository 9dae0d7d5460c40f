"""Adds to a message the words that events never have: the hazard's free text, and the names of exposed sites."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from babel.support import Translations
from pydantic import BaseModel, ConfigDict

from shared.events import AlertRaised, HazardReported, HazardText
from shared.events.vocabulary import Scope
from shared.pages.languages import LANGUAGES, name_in

if TYPE_CHECKING:
    from services.alerts.delivery.notices import PlannedDelivery

LONGEST = 1000
MOST_SITES = 20  # The stored content has at most this number of sites.
NAMED_SITES = 3  # The text of a message names at most this number of sites.


class ExposedSite(BaseModel):
    model_config = ConfigDict(frozen=True)

    site_id: UUID
    name_ky: str | None = None
    name_ru: str | None = None
    name_en: str | None = None

    def name(self, language: str) -> str:
        return name_in(language, (self.name_ky, self.name_ru, self.name_en))


class HazardWords(BaseModel):
    """`locality` says in words where the hazard is, for example a village, a road or a river.

    `locality_pcode` is the code of a village.

    `scope` tells the receiver whether the text may be published. Earlier releases of Dayar stored no scope. `sites` has
    the first 20 sites of an exposure alert. A site is a locality, so only internal receivers read the names of sites.
    """

    model_config = ConfigDict(frozen=True)

    scope: Scope | None = None
    texts: Mapping[str, HazardText] = {}
    type_text: str | None = None
    locality: str | None = None
    locality_pcode: str | None = None
    web: str | None = None
    sites: tuple[ExposedSite, ...] = ()

    def for_receiver(self, *, is_internal: bool) -> "HazardWords":
        """External receivers get neither the names of sites, nor the text of a hazard that is not Public."""
        if is_internal:
            return self
        return self.naming(()) if self.scope is Scope.PUBLIC else HazardWords(scope=self.scope)

    def naming(self, sites: Iterable[ExposedSite]) -> "HazardWords":
        return self.model_copy(update={"sites": tuple(sites)})

    def text(self, language: str) -> HazardText | None:
        """Returns the hazard's first text if no text is in the reader's language."""
        wanted = (language, *LANGUAGES, *self.texts)
        return next((self.texts[code] for code in wanted if code in self.texts), None)


def site_lines(
    alert: AlertRaised, words: HazardWords | None, language: str, known: Translations, most: int = NAMED_SITES
) -> list[str]:
    names = site_names(alert, words, language, known, most)
    return [known.gettext("Sites: {sites}").format(sites=names)] if names else []


def site_names(
    alert: AlertRaised, words: HazardWords | None, language: str, known: Translations, most: int = NAMED_SITES
) -> str:
    names = [site.name(language) for site in words.sites[:most]] if words else []
    others, listed = max(0, len(alert.figures.get("sites", ())) - len(names)), printable(", ".join(names))
    if not (names and others):
        return listed
    return known.gettext("{places} and {count} more").format(places=listed, count=others)


def contents(
    deliveries: Iterable["PlannedDelivery"],
    hazards: Mapping[UUID, HazardReported | None],
    sites: Mapping[UUID, ExposedSite],
) -> dict[UUID, str]:
    """Returns the content of each delivery, with the words that the delivery's receiver may read."""
    texts = {id: of(hazard) for id, hazard in hazards.items()}
    return {
        delivery.delivery_id: with_words(delivery.content, words_for(delivery, texts, sites)) for delivery in deliveries
    }


def words_for(
    delivery: "PlannedDelivery", texts: Mapping[UUID, HazardWords], sites: Mapping[UUID, ExposedSite]
) -> HazardWords | None:
    words = texts.get(delivery.hazard_id) if delivery.hazard_id else None
    if words is None:
        return None
    own = frozenset(delivery.site_ids)
    named = [names for site_id, names in sites.items() if site_id in own]
    return words.naming(named[:MOST_SITES]).for_receiver(is_internal=delivery.is_internal)


def of(hazard: HazardReported | None) -> HazardWords:
    """An unreadable hazard may be Restricted, so it counts as Restricted."""
    if hazard is None:
        return HazardWords(scope=Scope.RESTRICTED)
    texts = {language: cut(text) for language, text in hazard.text.items()}
    return HazardWords(
        scope=hazard.scope,
        texts=texts,
        type_text=hazard.type_text,
        locality=hazard.area.description,
        locality_pcode=hazard.locality_pcode,
        web=hazard.web,
    )


def cut(text: HazardText) -> HazardText:
    def first(part: str | None) -> str | None:
        return part and part[:LONGEST]

    return text.model_copy(update={"description": first(text.description), "instruction": first(text.instruction)})


def with_words(content: str, words: HazardWords | None) -> str:
    """An event has only codes and figures, so the hazard's free text and the sites are added here."""
    if words is None:
        return content
    unused = None if words.sites else {"sites"}
    members = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    hazard = msgspec.Raw(words.model_dump_json(exclude_none=True, exclude=unused).encode())
    return msgspec.json.encode({**members, "hazard": hazard}).decode()


def in_order(languages: Iterable[str], language: str) -> list[str]:
    order = (language, *LANGUAGES)
    return sorted(languages, key=lambda code: order.index(code) if code in order else len(order))


def printable(text: str) -> str:
    """Joins the text into one line without control and bidi characters.

    A line break in a header would make the mail invalid.
    """
    line = re.sub(r"\s+", " ", text)
    return "".join(char for char in line if unicodedata.category(char) not in ("Cc", "Cf", "Cs")).strip()
