"""If a person reports a hazard without a severity, the hazard gets its type's severity until somebody judges it."""

from typing import ClassVar

from pydantic import Field

from services.alerts.rules.hazard import HazardRule, is_from_person
from shared.events import HazardReported
from shared.events.vocabulary import HazardType, Severity


class UnjudgedRule(HazardRule):
    name: ClassVar[str] = "unjudged"

    severity: Severity
    severities: dict[HazardType, Severity] = Field(default_factory=dict)

    def grade(self, hazard: HazardReported) -> Severity | None:
        if hazard.severity is not Severity.UNKNOWN or not is_from_person(hazard):
            return None
        return self.severities.get(hazard.type, self.severity)
