"""Puts together the course of a hazard: its revisions and what they changed, its alerts, and people's actions.

No I/O.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any
from uuid import UUID

from services.alerts.alerts import Alert
from services.alerts.models import Act
from services.alerts.pages import Sent
from shared.events import HazardReported
from shared.pages.terms import N_

COMPARED: Mapping[str, str] = {
    "type": N_("Kind"),
    "type_text": N_("Kind"),
    "severity": N_("Severity"),
    "urgency": N_("Urgency"),
    "certainty": N_("Certainty"),
    "magnitude": N_("Magnitude"),
    "depth_km": N_("Depth, km"),
    "place": N_("Where"),
    "onset": N_("Begins"),
    "expires": N_("Expected end"),
    "scope": N_("Who may read it"),
    "headline": N_("Headline"),
    "description": N_("Text"),
    "instruction": N_("What to do"),
}
OF_TEXT = ("headline", "description", "instruction")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """`language` is set if the field is a text. None stands for a missing value."""

    field: str
    before: Any
    after: Any
    language: str | None = None

    @property
    def label(self) -> str:
        return COMPARED[self.field]


@dataclass(frozen=True, slots=True)
class CourseEntry:
    at: datetime
    revision: HazardReported | None = None
    changes: Sequence[FieldChange] = ()
    alert: Alert | None = None
    act: Act | None = None
    sent: Sent | None = None


def course(
    revisions: Sequence[HazardReported],
    alerts: Iterable[Alert],
    acts: Mapping[UUID, Sequence[Act]],
    sent: Mapping[UUID, Sequence[Sent]],
) -> list[CourseEntry]:
    """The first entry is the newest. `revisions` must be sorted from the newest to the oldest."""
    entries = list(_revised(revisions))
    for alert in alerts:
        entries.append(CourseEntry(alert.raised_at, alert=alert))
        entries += [CourseEntry(act.acted_at, alert=alert, act=act) for act in acts.get(alert.alert_id, ())]
        entries += [
            CourseEntry(delivery.created_at, alert=alert, sent=delivery) for delivery in sent.get(alert.alert_id, ())
        ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _revised(revisions: Sequence[HazardReported]) -> Iterator[CourseEntry]:
    for revision, before in zip_longest(revisions, revisions[1:]):
        yield CourseEntry(revision.received_at, revision=revision, changes=changes(before, revision) if before else ())


def changes(before: HazardReported, after: HazardReported) -> list[FieldChange]:
    """The texts of each language are compared with each other."""
    fields = [
        FieldChange(field, _value(before, field), _value(after, field)) for field in COMPARED if field not in OF_TEXT
    ]
    texts = [
        FieldChange(field, _text(before, language, field), _text(after, language, field), language)
        for language in dict.fromkeys((*after.text, *before.text))
        for field in OF_TEXT
    ]
    return [change for change in (*fields, *texts) if change.before != change.after]


def _value(revision: HazardReported, field: str) -> Any:
    """A place is compared by its P-codes and its description."""
    if field == "place":
        return revision.area.pcodes, revision.area.description, revision.locality_pcode
    return getattr(revision, field)


def _text(revision: HazardReported, language: str, field: str) -> str | None:
    text = revision.text.get(language)
    return getattr(text, field) if text else None
