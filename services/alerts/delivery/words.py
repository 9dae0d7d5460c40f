"""The free text of a hazard report, for the messages and the page of an alert."""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict

from shared.events import HazardReported, HazardText
from shared.events.vocabulary import Scope
from shared.pages.languages import LANGUAGES

LONGEST = 1000  # each text in a message's body is cut to this length


class HazardWords(BaseModel):
    """`locality` describes the place in words: a village, a road, a river. `locality_pcode` is the village's code.

    `scope` tells receivers whether they may publish the text. Contents that earlier releases stored have no scope.
    """

    model_config = ConfigDict(frozen=True)

    scope: Scope | None = None
    texts: Mapping[str, HazardText] = {}
    type_text: str | None = None
    locality: str | None = None
    locality_pcode: str | None = None
    web: str | None = None

    def for_receiver(self, *, is_internal: bool) -> "HazardWords":
        """The words that the receiver may read.

        Only internal receivers read the text of a hazard that is not Public.
        """
        return self if is_internal or self.scope is Scope.PUBLIC else HazardWords(scope=self.scope)

    def text(self, language: str) -> HazardText | None:
        """The text in the reader's language or, if it is missing, in the first language that has a text."""
        wanted = (language, *LANGUAGES, *self.texts)
        return next((self.texts[code] for code in wanted if code in self.texts), None)


def of(hazard: HazardReported) -> HazardWords:
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


def in_order(languages: Iterable[str], language: str) -> list[str]:
    """Sorts the languages. The reader's own language comes first."""
    order = (language, *LANGUAGES)
    return sorted(languages, key=lambda code: order.index(code) if code in order else len(order))
