"""Writes the text of an alert in the receiver's language. Removes unsafe characters from a report's free text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from babel.support import Translations

from services.alerts.delivery.notices import Cause, page_of
from services.alerts.delivery.words import HazardWords, printable, site_lines
from services.alerts.message_templates.templates import Templates, filled
from services.alerts.rules.hazard import AHEAD
from shared.config import Settings
from shared.events import AlertRaised
from shared.events.vocabulary import Certainty, DeliveryChannel, Demand, Scope, Status, Verification
from shared.pages.catalogs import translations
from shared.pages.formats import filters
from shared.pages.reasons import sentence
from shared.pages.terms import N_, term
from shared.places import Places

LOCALES = Path(__file__).parent.parent / "locales"
LONGEST = 150
LONGEST_IN_BODY = 1000
NAMED_IN_SUBJECT = 3
BREAK = "-" * 40
NAMED_OF_OBLAST = 20  # No oblast has more than 20 districts.

CHANGED = "changed"
CAUSES: Mapping[str, str] = {
    Cause.RAISED: N_("New alert"),
    Cause.UPDATED: N_("More severe now"),
    Cause.WIDENED: N_("Covers new places now"),
    Cause.MORE_CASUALTIES: N_("More casualties expected now"),
    Cause.GROWN: N_("More people displaced now"),
    Cause.LAPSED: N_("No longer in force"),
    Cause.RETURNED: N_("In force again"),
    Cause.ESCALATED: N_("Not acknowledged"),
    Cause.STALLED: N_("Acknowledged, but nothing was done since"),
    Cause.WOKEN: N_("The snooze is over"),
    Cause.ABSENT: N_("Nobody works on it: the person in charge can no longer act"),
    Cause.UNSILENCED: N_("The silence is over"),
    Cause.UNINHIBITED: N_("No longer muted by an Extreme alert"),
    Cause.ACKNOWLEDGED: N_("Acknowledged"),
    Cause.ASSIGNED: N_("Assigned to you"),
    Cause.TAKEN_OVER: N_("Now with another person"),
    Cause.REOPENED: N_("Reopened: it must be acknowledged again"),
    Cause.RESOLVED: N_("Closed"),
    CHANGED: N_("The alert has changed"),
}


# An alert whose rule is missing here has the type of its hazard as title.
TITLES: Mapping[str, str] = {
    "displacement": N_("Displacement"),
    "budget": N_("A source reports unusually much"),
    "exposure": N_("{hazard} affects displaced people"),
    "test": N_("Test message"),
}
NOT_PLACED = N_("Where: the districts are not known. Look at the map: displaced people may be in the area.")
OF_UNKNOWN_ORIGIN = N_("Displacement, origin not known")


@dataclass(frozen=True, slots=True)
class Text:
    subject: str
    body: str


class Texts:
    """Writes texts in Kyrgyz, Russian and English. `institution` maps a language to the centre's name.

    A template replaces the facts of a text, and keeps the exercise banner, the cause, the link and the centre's name. A
    template never contains texts of the report, because only some receivers may read them.
    """

    def __init__(
        self, places: Places, public_url: str, institution: Mapping[str, str], templates: Templates | None = None
    ) -> None:
        self._places, self.public_url, self._institution = places, public_url, institution
        self.templates = templates or Templates()

    @classmethod
    def of_installation(cls, places: Places, settings: Settings) -> Self:
        named = {"ky": settings.institution_ky, "ru": settings.institution_ru, "en": settings.institution_en}
        return cls(places, settings.public_url, named)

    def institution(self, language: str) -> str:
        return self._institution.get(language, "")

    def with_templates(self, templates: Templates) -> "Texts":
        return Texts(self._places, self.public_url, self._institution, templates)

    def of(
        self,
        alert: AlertRaised,
        cause: str,
        language: str,
        words: HazardWords | None = None,
        channel: DeliveryChannel = DeliveryChannel.EMAIL,
        deeds: str = "",
    ) -> Text:
        known = translations(language, LOCALES)
        facts = self.worded(alert, language, channel) or self._facts(alert, language, known)
        lines = self._lines(alert, cause, language, known, [*deeds.splitlines(), "", *facts], words)
        return Text(self.subject(alert, cause, language), "\n".join(lines))

    def worded(self, alert: AlertRaised, language: str, channel: DeliveryChannel) -> list[str] | None:
        """Returns None if no template applies, or if one of the template's fields has no value."""
        template = self.templates.find(alert, channel, language)
        text = template and filled(template, self._fields(alert, language, channel))
        return text.splitlines() if text else None

    def digest(self, texts: Sequence[Text], language: str) -> Text:
        """Lists the subjects of all texts, and then adds every text in full."""
        known = translations(language, LOCALES)
        subject = known.ngettext("{count} notification: {subjects}", "{count} notifications: {subjects}", len(texts))
        titles = [text.subject for text in texts]
        contents = [f"{number}. {title}" for number, title in enumerate(titles, 1)]
        bodies = (f"{BREAK}\n{number}. {text.subject}\n\n{text.body}" for number, text in enumerate(texts, 1))
        return Text(
            clean(subject.format(count=len(texts), subjects="; ".join(titles))), "\n".join([*contents, "", *bodies])
        )

    def subject(self, alert: AlertRaised, cause: str, language: str) -> str:
        """The subject has no status if the status is Actual. For a new alert, the subject has no cause."""
        known = translations(language, LOCALES)
        severity = term("severity", alert.severity, known.gettext)
        line = f"{self.banner(alert, language)}{severity}: {self.title(alert, language)}"
        return clean(line if cause == Cause.RAISED else f"{line} – {known.gettext(cause_text(cause))}")

    def title(self, alert: AlertRaised, language: str) -> str:
        known = translations(language, LOCALES)
        return ", ".join(filter(None, [self._kind(alert, known), self._first_places(alert, language, known)]))

    def _kind(self, alert: AlertRaised, known: Translations) -> str:
        hazard = term("hazard", alert.hazard_type, known.gettext) if alert.hazard_type else ""
        title = OF_UNKNOWN_ORIGIN if alert.figures.get("is_origin_unknown") else TITLES.get(alert.rule, "{hazard}")
        return known.gettext(title).format(hazard=hazard)

    def _first_places(self, alert: AlertRaised, language: str, known: Translations) -> str:
        names = [self._places.name(pcode, language) for pcode in self._units(alert.pcodes)]
        return several(names, NAMED_IN_SUBJECT, known) if names else ""

    def _fields(self, alert: AlertRaised, language: str, channel: DeliveryChannel) -> dict[str, str]:
        """Fields for templates never contain text from a report."""
        known, is_short = translations(language, LOCALES), channel is DeliveryChannel.SMS
        moment = filters(language)["brief_moment" if is_short else "moment"]
        severity = term("severity", alert.severity, known.gettext) if is_short else severity_of(alert, known)
        return {
            "severity": severity,
            "hazard": self._kind(alert, known),
            "places": self._first_places(alert, language, known),
            "time": known.gettext(time_of(alert)).format(time=moment(alert.onset)),
            "all_places": self.where(alert, language),
            "raised": moment(alert.raised_at),
            "reason": self._reason(alert, language, known),
        }

    def _facts(self, alert: AlertRaised, language: str, known: Translations) -> list[str]:
        _, moment, where = known.gettext, filters(language)["moment"], self.where(alert, language)
        return [
            self._reason(alert, language, known),
            _("Severity: {severity}").format(severity=severity_of(alert, known)),
            *([_("Where: {places}").format(places=where)] if where else []),
            *([_(NOT_PLACED)] if alert.hazard_id and not where else []),
            _(time_of(alert)).format(time=moment(alert.onset)),
            _("Raised: {time}").format(time=moment(alert.raised_at)),
        ]

    def _reason(self, alert: AlertRaised, language: str, known: Translations) -> str:
        return printable(sentence(alert.reason, alert.figures, language, known, self._places))[:LONGEST_IN_BODY]

    def _lines(
        self,
        alert: AlertRaised,
        cause: str,
        language: str,
        known: Translations,
        facts: Sequence[str],
        words: HazardWords | None,
    ) -> list[str]:
        _ = known.gettext
        return [
            *self._exercise(alert, known),
            _(cause_text(cause)),
            *facts,
            *site_lines(alert, words, language, known),
            *self._free_text(words, language, known),
            "",
            *([_("Automatic, not confirmed by a person.")] if alert.verification is Verification.UNVERIFIED else []),
            _(invitation(alert)).format(address=page_of(alert.alert_id, self.public_url)),
            "",
            self.institution(language),
        ]

    def _free_text(self, words: HazardWords | None, language: str, known: Translations) -> list[str]:
        if words is None:
            return []
        text = words.text(language)
        locality = self._places.locality_name(words.locality, words.locality_pcode, language)
        parts = [
            words.scope not in (None, Scope.PUBLIC) and known.gettext("Not for publication."),
            locality and known.gettext("Place: {place}").format(place=locality),
            words.type_text,
            text and text.headline,
            text and text.description,
            text and text.instruction and known.gettext("What to do: {text}").format(text=text.instruction),
            words.web,
        ]
        lines = list(dict.fromkeys(printable(part)[:LONGEST_IN_BODY] for part in parts if part))
        return ["", *lines] if lines else []

    def where(self, alert: AlertRaised, language: str) -> str:
        """All places are listed, because the reader may have only the mail."""
        known = translations(language, LOCALES)
        by_oblast: dict[str | None, list[str]] = {}
        for pcode in self._units(alert.pcodes):
            by_oblast.setdefault(self._places.adm1(pcode), []).append(pcode)
        return printable("; ".join(self._within(top, pcodes, language, known) for top, pcodes in by_oblast.items()))

    def _units(self, pcodes: Iterable[str]) -> list[str]:
        """A village is replaced by its district.

        If the list has a place and a place inside that place, the inner place is dropped.
        """
        units = dict.fromkeys(self._unit(pcode) for pcode in pcodes)
        return [pcode for pcode in units if units.keys().isdisjoint(self._places.ancestors(pcode))]

    def _unit(self, pcode: str) -> str:
        district = self._places.district(pcode)
        return district if self._places.unit(district) else pcode

    def _within(self, top: str | None, pcodes: Sequence[str], language: str, known: Translations) -> str:
        names = [self._places.name(pcode, language) for pcode in pcodes]
        listed = several(names, NAMED_OF_OBLAST, known)
        return listed if top is None or top in pcodes else f"{self._places.name(top, language)} ({listed})"

    def banner(self, alert: AlertRaised, language: str) -> str:
        gettext = translations(language, LOCALES).gettext
        return "" if alert.status is Status.ACTUAL else f"{term('status', alert.status, gettext).upper()} "

    def _exercise(self, alert: AlertRaised, known: Translations) -> list[str]:
        if alert.status is Status.ACTUAL:
            return []
        return [f"*** {term('status', alert.status, known.gettext).upper()} ***", ""]


def cause_text(cause: str) -> str:
    """A later release of Dayar may have stored a cause that is unknown here."""
    return CAUSES.get(cause, CAUSES[CHANGED])


def time_of(alert: AlertRaised) -> str:
    if alert.onset <= alert.raised_at + AHEAD:
        return N_("Since: {time}")
    is_forecast = alert.figures.get("certainty", Certainty.OBSERVED) != Certainty.OBSERVED
    return N_("Forecast for: {time}") if is_forecast else N_("Reported for a time still to come: {time}")


def severity_of(alert: AlertRaised, known: Translations) -> str:
    """A computed severity has a note, because readers may quote the severity to others."""
    severity = term("severity", alert.severity, known.gettext)
    if not alert.severity_is_derived:
        return severity
    return f"{severity} ({known.gettext('computed by Dayar, not stated by the source')})"


def invitation(alert: AlertRaised) -> str:
    needs_acknowledgement = alert.demand is Demand.ACKNOWLEDGEMENT
    return N_("Acknowledge here: {address}") if needs_acknowledgement else N_("Open it: {address}")


def several(names: Sequence[str], most: int, known: Translations) -> str:
    listed = ", ".join(names[:most])
    if len(names) <= most:
        return listed
    return known.gettext("{places} and {count} more").format(places=listed, count=len(names) - most)


def clean(text: str) -> str:
    return printable(text)[:LONGEST]
