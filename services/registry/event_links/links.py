"""Adds an event to a report, if a person has answered that this event made the people leave. No I/O.

An answer is about one report of one household or group. The answer is valid as long as the report states the departure
for which the question was asked.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from services.registry.reports import AnyFiled
from shared.events.displacements import GroupClear, HouseholdClear
from shared.events.vocabulary import HazardType


class EventAnswered(StrEnum):
    YES = "yes"
    NO = "no"
    OPEN = "open"  # an earlier answer was reversed, so the question is open again


class EventLink(NamedTuple):
    """The answer of a person that this hazard caused the departure from `origin_pcode` at `occurred_at`."""

    hazard_id: UUID
    hazard_type: HazardType
    origin_pcode: str
    occurred_at: datetime

    def concerns(self, clear: HouseholdClear | GroupClear) -> bool:
        is_same = (clear.origin.pcode, clear.occurred_at) == (self.origin_pcode, self.occurred_at)
        return is_same and clear.hazard_id is None and clear.hazard_type in (None, self.hazard_type)

    @property
    def hazard(self) -> dict[str, Any]:
        return {"hazard_id": self.hazard_id, "hazard_type": self.hazard_type}


EventLinks = Mapping[tuple[str, str], EventLink]


def add_event(filed: AnyFiled, links: EventLinks) -> None:
    """The stored text of the report does not change."""
    link, clear = links.get((filed.subject[1], filed.report_id)), filed.clear
    if link and isinstance(clear, HouseholdClear | GroupClear) and link.concerns(clear):
        filed.clear = clear.model_copy(update=link.hazard)
