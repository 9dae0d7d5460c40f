"""The note of an acknowledgement on somebody's behalf: who asked for the acknowledgement, how and when."""

import re
from contextlib import suppress
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from services.alerts.delivery.texts import LOCALES
from shared.pages.catalogs import translations
from shared.pages.formats import filters
from shared.pages.terms import N_

# People may also ask through these channels, and the timeline then shows the channel's name.
WAYS = {"telephone": N_("by telephone"), "radio": N_("by radio"), "word of mouth": N_("in person")}
CHANNELS = frozenset({"SMS", "Telegram", "e-mail"})
# Parses the sentence that an earlier release of Dayar stored as the note.
SENTENCE = re.compile(
    rf"by (?P<by>{'|'.join((*WAYS, *sorted(CHANNELS)))}), (?P<name>.+?)"
    r"(?:, (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d[+-]\d\d:\d\d))?",
    re.DOTALL,
)


class BehalfNote(BaseModel):
    """`name` is the person who asked. `by` is a key of `WAYS`, a channel, or other words that say how the person asked.

    Earlier releases of Dayar stored the note as an English sentence. For a sentence that cannot be parsed, `name` is
    the whole sentence and `by` is None.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    by: str | None = None
    at: datetime | None = None

    @classmethod
    def read(cls, stored: str) -> Self:
        written = SENTENCE.fullmatch(stored)
        with suppress(ValidationError):
            return cls.model_validate(written.groupdict()) if written else cls.model_validate_json(stored)
        return cls(name=stored)

    @property
    def stored(self) -> str:
        return self.model_dump_json(exclude_none=True)

    @property
    def sentence(self) -> str:
        way = f"by {self.by}" if self.by else None
        at = self.at.isoformat(timespec="minutes") if self.at else None
        return ", ".join(filter(None, (way, self.name, at)))

    def worded(self, language: str) -> str:
        way = None if self.by in CHANNELS else self.by
        if self.by in WAYS:
            way = translations(language, LOCALES).gettext(WAYS[self.by])
        at = filters(language)["moment"](self.at) if self.at else None
        return ", ".join(filter(None, (self.name, way, at)))
