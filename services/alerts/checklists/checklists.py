"""Loads the checklists: which steps follow an alert, in which order, and which services each step calls.

Each file in the folder `checklists/` is one checklist, for certain hazards or kinds of alerts.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from services.alerts.alerts import Alert
from services.alerts.duty_numbers.duty_numbers import DutyService
from services.alerts.rules.findings import RANK, RuleKind
from services.alerts.rules.rule import Code
from shared.errors import DocumentedError
from shared.events.vocabulary import HazardType, Severity
from shared.pages.languages import LANGUAGES

PRODUCT = Path(__file__).parent
DEFAULT = "default"
MOST_STEPS = 30
KINDS = frozenset({RuleKind.HAZARD, RuleKind.DISPLACEMENT, RuleKind.EXPOSURE})
Keys = Callable[["Checklist"], Sequence[str]]
StepText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class BadChecklists(DocumentedError):
    """The checklists cannot be used."""


class ChecklistModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ChecklistStep(ChecklistModel):
    """The step is only for alerts of severity `floor` and above. An alert of Unknown severity has all steps."""

    id: Code
    floor: Severity = Severity.MINOR
    calls: tuple[DutyService, ...] = ()
    text: dict[str, StepText]

    @model_validator(mode="after")
    def _has_all_languages(self) -> Self:
        if set(self.text) != set(LANGUAGES):
            raise ValueError(f"a text in each of the languages {', '.join(LANGUAGES)} is expected")
        return self

    def is_for(self, severity: Severity) -> bool:
        return severity is Severity.UNKNOWN or RANK[severity] >= RANK[self.floor]


class Checklist(ChecklistModel):
    """`reviewed_by` is the person who reviewed the checklist for the centre.

    Without `reviewed_by`, the checklist is a draft.
    """

    reviewed_by: str = ""
    hazards: tuple[HazardType, ...] = ()
    kinds: tuple[RuleKind, ...] = ()
    steps: Annotated[tuple[ChecklistStep, ...], Field(min_length=1, max_length=MOST_STEPS)]

    @model_validator(mode="after")
    def _has_each_step_once(self) -> Self:
        if len({step.id for step in self.steps}) < len(self.steps):
            raise ValueError("each step is expected once")
        return self

    @cached_property
    def by_id(self) -> Mapping[str, ChecklistStep]:
        return {step.id: step for step in self.steps}

    def steps_for(self, severity: Severity) -> list[ChecklistStep]:
        return [step for step in self.steps if step.is_for(severity)]


class Checklists:
    def __init__(self, lists: Mapping[str, Checklist]) -> None:
        """Raises BadChecklists."""
        if DEFAULT not in lists:
            raise BadChecklists(f"{DEFAULT}.toml is expected, for alerts that no other list is for")
        self._default = lists[DEFAULT]
        self._by_hazard = _by(lists, lambda checklist: checklist.hazards)
        self._by_kind = _by(lists, lambda checklist: checklist.kinds)

    @classmethod
    def load(cls, folder: Path | None = None) -> "Checklists":
        """Raises BadChecklists, with the name of the file and the expected content."""
        return cls({file.stem: _read(file) for file in sorted((folder or PRODUCT).glob("*.toml"))})

    def of(self, alert: Alert) -> Checklist | None:
        """Returns None for an alert about Dayar itself, such as an alert about a source of reports."""
        if alert.kind not in KINDS:
            return None
        of_kind = self._by_kind.get(alert.kind)
        if of_kind is not None or alert.hazard_type is None:
            return of_kind or self._default
        return self._by_hazard.get(alert.hazard_type, self._default)


def _by(lists: Mapping[str, Checklist], keys: Keys) -> dict[str, Checklist]:
    known = dict[str, Checklist]()
    for name, checklist in lists.items():
        for key in keys(checklist):
            if key in known:
                raise BadChecklists(f"{name}.toml: another list is for {key} already")
            known[key] = checklist
    return known


def _read(file: Path) -> Checklist:
    try:
        return Checklist.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (ValidationError, ValueError) as error:
        raise BadChecklists(f"{file}: {error}") from None
