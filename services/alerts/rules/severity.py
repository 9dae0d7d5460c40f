"""Raises an alert for a hazard if its source states at least a certain severity."""

from typing import ClassVar

from services.alerts.rules.findings import RANK
from services.alerts.rules.hazard import HazardRule
from shared.events import HazardReported
from shared.events.vocabulary import Severity


class SeverityRule(HazardRule):
    name: ClassVar[str] = "severity"

    floor: Severity

    def grade(self, hazard: HazardReported) -> Severity | None:
        return hazard.severity if RANK[hazard.severity] >= RANK[self.floor] else None
