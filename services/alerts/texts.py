"""What a person reads of an alert, in the receiver's language: from codes and figures, never from outside text unclean."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from babel.support import Translations

from services.alerts.notices import Cause
from shared.config import Settings
from shared.events import AlertRaised
from shared.events.vocabulary import Status
from shared.pages.catalogs import translations
from shared.pages.formats import filters
from shared.pages.reasons import sentence
from shared.pages.terms import N_, term
from shared.places import Places

LOCALES = Path(__file__).parent / "locales"
LONGEST = 150
NAMED_IN_SUBJECT = 3
NAMED_OF_OBLAST = 20  # more than any has: only codes without a name are ever so many

CAUSES: Mapping[str, str] = {
    Cause.RAISED: N_("New alert"),
    Cause.UPDATED: N_("The alert is more severe now"),
    Cause.WIDENED: N_("The alert covers more places now"),
    Cause.LAPSED: N_("The alert is taken back"),
    Cause.RETURNED: N_("The alert holds again"),
    Cause.ESCALATED: N_("Not acknowledged"),
    Cause.STALLED: N_("Acknowledged, but nothing was done since"),
    Cause.WOKEN: N_("The snooze is over"),
    Cause.ACKNOWLEDGED: N_("Acknowledged"),
    Cause.REOPENED: N_("Reopened: it must be acknowledged again"),
    Cause.RESOLVED: N_("Closed"),
}


@dataclass(frozen=True, slots=True)
class Text:
    subject: str
    body: str


class Texts:
    """Writes in the three languages; `institution` is how the centre calls itself in each."""

    def __init__(self, places: Places, public_url: str, institution: Mapping[str, str]) -> None:
        self._places, self._public_url, self._institution = places, public_url, institution

    @classmethod
    def of_installation(cls, places: Places, settings: Settings) -> Self:
        named = {"ky": settings.institution_ky, "ru": settings.institution_ru, "en": settings.institution_en}
        return cls(places, settings.public_url, named)

    def institution(self, language: str) -> str:
        return self._institution.get(language, "")

    def of(self, alert: AlertRaised, cause: str, language: str) -> Text:
        known = translations(language, LOCALES)
        subject = f"{self._banner(alert, known)}{term('severity', alert.severity, known.gettext)}: {self._title(alert, language, known)}"
        return Text(clean(subject), "\n".join(self._lines(alert, cause, language, known)))

    def _lines(self, alert: AlertRaised, cause: str, language: str, known: Translations) -> list[str]:
        _, moment = known.gettext, filters(language)["moment"]
        return [
            *self._exercise(alert, known),
            _(CAUSES[cause]),
            "",
            clean(sentence(alert.reason, alert.figures, language, known, self._places)),
            _("Severity: {severity}").format(severity=term("severity", alert.severity, _)),
            *self._where(alert, language, known),
            _("Since: {time}").format(time=moment(alert.onset)),
            _("Raised: {time}").format(time=moment(alert.raised_at)),
            "",
            _("Made by a machine; not official until a person confirms it."),
            _("Open it to answer: {address}").format(address=f"{self._public_url}/?alert={alert.alert_id}"),
            "",
            self.institution(language),
        ]

    def _title(self, alert: AlertRaised, language: str, known: Translations) -> str:
        what = term("hazard", alert.hazard_type, known.gettext) if alert.hazard_type else known.gettext("Displacement")
        names = [self._places.name(pcode, language) for pcode in self._units(alert.pcodes)]
        return ", ".join([what, several(names, NAMED_IN_SUBJECT, known)]) if names else what

    def _where(self, alert: AlertRaised, language: str, known: Translations) -> list[str]:
        """By oblast, and whole: a mail may be all that its reader has."""
        by_oblast: dict[str | None, list[str]] = {}
        for pcode in self._units(alert.pcodes):
            by_oblast.setdefault(self._places.adm1(pcode), []).append(pcode)
        places = "; ".join(self._within(top, pcodes, language, known) for top, pcodes in by_oblast.items())
        return [printable(known.gettext("Where: {places}").format(places=places))] if places else []

    def _units(self, pcodes: Iterable[str]) -> list[str]:
        """Districts, and what is larger: a village as its district, and nothing beside a larger place that it lies in."""
        told = dict.fromkeys(self._unit(pcode) for pcode in pcodes)
        return [pcode for pcode in told if told.keys().isdisjoint(self._places.ancestors(pcode))]

    def _unit(self, pcode: str) -> str:
        district = self._places.district(pcode)
        return district if self._places.unit(district) else pcode

    def _within(self, top: str | None, pcodes: Sequence[str], language: str, known: Translations) -> str:
        names = [self._places.name(pcode, language) for pcode in pcodes]
        listed = several(names, NAMED_OF_OBLAST, known)
        return listed if top is None or top in pcodes else f"{self._places.name(top, language)} ({listed})"

    def _banner(self, alert: AlertRaised, known: Translations) -> str:
        return "" if alert.status is Status.ACTUAL else f"{term('status', alert.status, known.gettext).upper()} "

    def _exercise(self, alert: AlertRaised, known: Translations) -> list[str]:
        if alert.status is Status.ACTUAL:
            return []
        return [f"*** {term('status', alert.status, known.gettext).upper()} ***", ""]


def several(names: Sequence[str], most: int, known: Translations) -> str:
    """Whole names, and how many more there are."""
    listed = ", ".join(names[:most])
    if len(names) <= most:
        return listed
    return known.gettext("{places} and {count} more").format(places=listed, count=len(names) - most)


def clean(text: str) -> str:
    """At most 150 characters of it."""
    return printable(text)[:LONGEST]


def printable(text: str) -> str:
    """One line, without control and bidi characters: a line break would stop the mail."""
    line = re.sub(r"\s+", " ", text)
    return "".join(char for char in line if unicodedata.category(char) not in ("Cc", "Cf", "Cs")).strip()
