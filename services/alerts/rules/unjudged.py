"""If a hazard has no stated severity, uses the usual severity of its type, until a person judges the hazard."""

from typing import ClassVar

from pydantic import Field

from services.alerts.rules.findings import UNJUDGED_RULE
from services.alerts.rules.hazard import OWN_SOURCE, HazardRule
from shared.events import HazardReported
from shared.events.vocabulary import HazardType, Severity, SubmissionChannel

BY_HAND = frozenset(
    {
        SubmissionChannel.CONSOLE,
        SubmissionChannel.FIELD,
        SubmissionChannel.SMS,
        SubmissionChannel.OPENROSA,
        SubmissionChannel.KOBO,
    }
)


class UnjudgedRule(HazardRule):
    """Does not apply to an earthquake that a source has measured, because `QuakeRule` judges such an earthquake."""

    name: ClassVar[str] = UNJUDGED_RULE

    severity: Severity
    severities: dict[HazardType, Severity] = Field(default_factory=dict)

    def grade(self, hazard: HazardReported) -> Severity | None:
        if hazard.severity is not Severity.UNKNOWN or is_measured(hazard):
            return None
        return self.severities.get(hazard.type, self.severity)


def is_measured(hazard: HazardReported) -> bool:
    is_quake = hazard.type is HazardType.EARTHQUAKE and hazard.magnitude is not None
    return is_quake and not is_from_person(hazard)


def is_from_person(hazard: HazardReported) -> bool:
    """Over the API, only reports whose source is the centre itself come from a person."""
    return hazard.channel in BY_HAND or (hazard.channel is SubmissionChannel.API and hazard.source == OWN_SOURCE)
