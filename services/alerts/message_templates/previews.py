"""Shows the templates in use: an example alert in each channel and language."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.alerts.delivery.messages import Messages, ShownMessage
from services.alerts.delivery.notices import Cause, Content
from services.alerts.message_templates.templates import CHANNELS, EVERY, MessageTemplate, Templates
from services.alerts.sms.alphabets import Alphabet
from services.alerts.sms.segments import Segments
from services.alerts.telegram.chat_messages import units
from shared.events import AlertRaised
from shared.events.vocabulary import DeliveryChannel, Demand, HazardType, Severity, Status
from shared.pages.languages import LANGUAGES
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault

EXAMPLE_ID = UUID(int=0)
EXAMPLE_PLACES = ("KG05258000000", "KG05236000000")  # These are the districts Kadamjai and Leilek.
EXAMPLE_FIGURES = {"source": "cmc", "urgency": "Immediate", "certainty": "Observed"}
TOO_LONG = N_("The example has more than two parts, also with a single place. A shorter text is expected.")


@dataclass(frozen=True, slots=True)
class Preview:
    """`spellings` maps an alphabet to the SMS parts that the text has in this alphabet."""

    message: ShownMessage
    length: int
    is_worded: bool
    spellings: Mapping[Alphabet, Segments]


def name_of(channel: str, language: str) -> str:
    return f"text-{channel}-{language}"


def previews(
    messages: Messages,
    stored: Iterable[MessageTemplate],
    wanted: Collection[MessageTemplate],
    condition: tuple[str, str],
    now: datetime,
) -> tuple[dict[str, Preview], list[Fault]]:
    """An SMS of more than two parts is a fault.

    `condition` is a hazard type and a severity, or EVERY in place of either. `wanted` has the templates for this
    condition. If `wanted` lacks a template, the example uses the `stored` template that a real alert would get.
    """
    used = [*(template for template in stored if is_wider(template, *condition)), *wanted]
    alert, templates = example(*condition, now), Templates(used)
    texts = messages.texts.with_templates(templates)
    worded = Messages(texts, messages.sms.with_texts(texts))
    shown = {
        name_of(channel, language): preview(worded, used, alert, channel, language)
        for channel in CHANNELS
        for language in LANGUAGES
    }
    too_long = [
        name_of(template.channel, template.language) for template in wanted if template.key in templates.skipped
    ]
    return shown, [Fault(name, TOO_LONG) for name in too_long]


def preview(
    messages: Messages,
    used: Iterable[MessageTemplate],
    alert: AlertRaised,
    channel: DeliveryChannel,
    language: str,
) -> Preview:
    kind = {"cause": Cause.RAISED, "language": language, "channel": channel}
    delivery = {**kind, "delivery_id": EXAMPLE_ID, "is_internal": True}
    message, templates = messages.of(delivery, Content(data=alert)), messages.texts.templates
    template = templates.find(alert, channel, language)
    is_worded = template is not None and template.key not in templates.skipped
    length = units(f"{message.text.subject}\n{message.text.body}".strip())
    # A template that is too long in only one alphabet must not count as skipped. The examples therefore have
    # `Templates` of their own.
    texts = messages.texts.with_templates(Templates(used))
    spellings = {
        alphabet: messages.sms.with_texts(texts, alphabet).of(alert, Cause.RAISED, language)
        for alphabet in Alphabet
        if channel is DeliveryChannel.SMS
    }
    return Preview(message, message.segments.units if message.segments else length, is_worded, spellings)


def is_wider(template: MessageTemplate, hazard: str, severity: str) -> bool:
    is_own = (template.hazard, template.severity) == (hazard, severity)
    return not is_own and template.hazard in (hazard, EVERY) and template.severity in (severity, EVERY)


def example(hazard: str, severity: str, now: datetime) -> AlertRaised:
    return AlertRaised(
        alert_id=EXAMPLE_ID,
        sequence=1,
        status=Status.ACTUAL,
        rule="hazard",
        reason="source_severity",
        figures=EXAMPLE_FIGURES,
        severity=Severity(severity or Severity.SEVERE),
        hazard_type=HazardType(hazard or HazardType.MUDFLOW),
        pcodes=EXAMPLE_PLACES,
        onset=now,
        raised_at=now,
        demand=Demand.ACKNOWLEDGEMENT,
    )
