"""The form for the templates of one hazard type and one severity, and the check of the typed texts."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.alerts.message_templates.previews import name_of
from services.alerts.message_templates.templates import CHANNELS, EVERY, MessageTemplate, fault_of
from shared.events.vocabulary import HazardType, Severity
from shared.pages.languages import LANGUAGES
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, TypedForm

FIELDS = [(channel, language) for channel in CHANNELS for language in LANGUAGES]

NO_CONDITION = N_("A type of hazard and a severity of the lists are expected, or none.")


class TemplatesForm(TypedForm):
    """Each channel and language has its own field. An empty field removes the template."""

    @property
    def condition(self) -> tuple[str, str]:
        """An unknown hazard or severity counts as EVERY."""
        hazard, severity = self.value("hazard"), self.value("severity")
        return hazard if hazard in list(HazardType) else EVERY, severity if severity in list(Severity) else EVERY

    def with_text(self, name: str, text: str) -> "TemplatesForm":
        return TemplatesForm({**self._typed, name: [text]})

    def parsed(self, account_id: UUID, now: datetime) -> tuple[list[MessageTemplate], list[Fault]]:
        templates, wrong = list[MessageTemplate](), list[Fault]()
        if (self.value("hazard"), self.value("severity")) != self.condition:
            wrong.append(Fault("condition", NO_CONDITION))
        for channel, language in FIELDS:
            name = name_of(channel, language)
            text = "\n".join(" ".join(line.split()) for line in self.value(name).splitlines())
            if fault := fault_of(text, channel, name):
                wrong.append(fault)
            elif text:
                templates.append(MessageTemplate(*self.condition, channel, language, text, account_id, now))
        return templates, wrong


def form_of(hazard: str, severity: str, stored: Iterable[MessageTemplate]) -> TemplatesForm:
    of_both = [template for template in stored if (template.hazard, template.severity) == (hazard, severity)]
    texts = {name_of(template.channel, template.language): [template.text] for template in of_both}
    return TemplatesForm({"hazard": [hazard], "severity": [severity], **texts})
