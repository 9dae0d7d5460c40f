"""A template is the centre's wording for one hazard type, one severity, one channel and one language.

A template is plain text with fields in braces, like {severity}. A field is a name and no expression.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from string import Template
from uuid import UUID

from services.alerts.delivery.notices import TRIAL_RULE
from shared.events import AlertRaised
from shared.events.vocabulary import DeliveryChannel
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault

KEY = ("hazard", "severity", "channel", "language")
EVERY = ""  # EVERY stands for all hazard types, or for all severities.
FIELDS: Mapping[str, str] = {
    "severity": N_("the severity"),
    "hazard": N_("the type of the hazard or of the alert"),
    "places": N_("the first 3 places, and the number of the others"),
    "time": N_("since when, or for when it is forecast"),
    "all_places": N_("all places, by oblast"),
    "raised": N_("when the alert was raised"),
    "reason": N_("why the alert was raised, with the figures"),
}
# A locked telephone also shows an SMS, so an SMS has only these fields.
OF_SMS = frozenset({"severity", "hazard", "places", "time"})
CHANNELS = (DeliveryChannel.SMS, DeliveryChannel.TELEGRAM, DeliveryChannel.EMAIL)
LONGEST = 1000
LONGEST_SMS = 300
LONGEST_SHOWN = 40
NOT_A_FIELD = N_("A field in braces is expected, like {severity}. For a brace as a character, type two: {{")
UNKNOWN_FIELD = N_("“{%(field)s}” is not a field of this channel. The fields are: %(fields)s")
TOO_MANY_CHARACTERS = N_("At most %(most)s characters are expected, not %(length)s.")
NOT_PRINTABLE = N_("Text without control characters is expected.")
NOT_ONE_LINE = N_("A short message is expected on one line.")


class Wording(Template):
    """`{{` stands for the character {."""

    delimiter = "{"
    flags = re.NOFLAG
    pattern = r"\{(?:(?P<escaped>\{)|(?P<named>[^{}\n]+)\}|(?P<braced>(?!))|(?P<invalid>))"  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class TemplateKey:
    """If only another release of Dayar knows a code, the template matches no alert."""

    hazard: str
    severity: str
    channel: str
    language: str


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """`skipped_at` is the time at which a worker first found the template unusable for a message."""

    hazard: str
    severity: str
    channel: str
    language: str
    text: str
    account_id: UUID
    changed_at: datetime
    skipped_at: datetime | None = None

    @property
    def key(self) -> TemplateKey:
        return TemplateKey(self.hazard, self.severity, self.channel, self.language)


def fields_of(channel: str) -> list[str]:
    return [field for field in FIELDS if channel != DeliveryChannel.SMS or field in OF_SMS]


def longest(channel: str) -> int:
    return LONGEST_SMS if channel == DeliveryChannel.SMS else LONGEST


def fault_of(text: str, channel: str, name: str = "text") -> Fault | None:
    wording, most, known = Wording(text), longest(channel), fields_of(channel)
    if len(text) > most:
        return Fault(name, TOO_MANY_CHARACTERS, {"most": most, "length": len(text)})
    if channel == DeliveryChannel.SMS and "\n" in text:
        return Fault(name, NOT_ONE_LINE)
    if not text.replace("\n", "").isprintable():
        return Fault(name, NOT_PRINTABLE)
    if not wording.is_valid():
        return Fault(name, NOT_A_FIELD)
    for field in wording.get_identifiers():
        if field not in known:
            listed = ", ".join(f"{{{field}}}" for field in known)
            return Fault(name, UNKNOWN_FIELD, {"field": field[:LONGEST_SHOWN], "fields": listed})
    return None


def is_usable(template: MessageTemplate) -> bool:
    """True if the template has no fault, and has fitted every message so far."""
    return template.skipped_at is None and fault_of(template.text, template.channel) is None


def filled(template: MessageTemplate, values: Mapping[str, str]) -> str | None:
    wording = Wording(template.text)
    if not all(values.get(field) for field in wording.get_identifiers()):
        return None
    return wording.substitute(values)


class Templates:
    """`unfit` has the templates that this release cannot use."""

    def __init__(self, stored: Iterable[MessageTemplate] = ()) -> None:
        self.skipped: dict[TemplateKey, MessageTemplate] = {}
        self.replace(stored)

    def replace(self, stored: Iterable[MessageTemplate]) -> None:
        by_key = {template.key: template for template in stored}
        self.unfit = {key: template for key, template in by_key.items() if fault_of(template.text, template.channel)}
        self._used = {key: template for key, template in by_key.items() if key not in self.unfit}

    def find(self, alert: AlertRaised, channel: str, language: str) -> MessageTemplate | None:
        """Of several templates, the narrowest decides.

        If the narrowest template is unfit, the standard text is used, which says more than a template with a wider
        condition. Test messages to a receiver never use a template.
        """
        if alert.rule == TRIAL_RULE:
            return None
        hazard = alert.hazard_type or EVERY
        for condition in ((hazard, alert.severity), (hazard, EVERY), (EVERY, alert.severity), (EVERY, EVERY)):
            key = TemplateKey(*condition, channel, language)
            if key in self.unfit or key in self._used:
                return self._used.get(key)
        return None

    def skip(self, template: MessageTemplate) -> None:
        self.skipped[template.key] = template

    def newly_skipped(self) -> list[MessageTemplate]:
        """The caller marks the returned templates."""
        skipped = [*self.unfit.values(), *self.skipped.values()]
        self.skipped = {}
        return [template for template in skipped if template.skipped_at is None]
