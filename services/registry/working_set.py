"""The working set of a batch: households, groups and reports. `storage.Store` loads and saves a working set."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from services.registry.decisions import REFUSED, Claim, Effect, Held, Name, Owner, ReportDecision, decide, registers
from services.registry.reports import Filed, order
from shared.crypto.randomness import random_id
from shared.events.vocabulary import Mobility, OutcomeKind, Status
from shared.places import Places

BEGINNINGS = (Effect.CREATE, Effect.BEGIN)


@dataclass(slots=True)
class Subject:
    """A household or a group, with its owner. `displacements` has the valid report of each displacement or count."""

    name: Name
    owner: Owner
    registered_at: datetime
    displacements: dict[str, Filed] = field(default_factory=dict)
    sequence: int = 0
    row_version: int = 0

    @property
    def is_new(self) -> bool:
        """Whether the subject has no stored row yet."""
        return self.row_version == 0

    @property
    def current(self) -> Filed:
        """The latest displacement. Exercise and Test reports are ignored if there is an Actual report."""
        return latest(self._reported)

    @property
    def published(self) -> Filed:
        """The displacement in published events: the latest move, or the latest report if there was no move.

        A household that is trapped at its destination stays displaced by its latest move.
        """
        moves = [filed for filed in self._reported if filed.clear.mobility is not Mobility.UNABLE_TO_MOVE]
        return latest(moves or self._reported)

    @property
    def _reported(self) -> Collection[Filed]:
        reported = self.displacements.values()
        if len(reported) == 1:
            return reported
        return [filed for filed in reported if filed.clear.status is Status.ACTUAL] or reported


def latest(displacements: Collection[Filed]) -> Filed:
    """The displacement that happened last. The order in which the reports arrived does not matter."""
    if len(displacements) == 1:
        return next(iter(displacements))
    return max(displacements, key=order)


class SubjectChange(NamedTuple):
    """The data for a household event: the state after one change, and the changed displacement.

    If the latest report says that the household was unable to move, `latest` is this report and `current` is not.
    """

    subject: Name
    sequence: int
    current: Filed
    changed: Filed
    is_correction: bool
    latest: Filed


class Settled(NamedTuple):
    """The outcome of a report. `replaces` is the id of the outcome event that this outcome replaces."""

    filed: Filed
    outcome: OutcomeKind
    reason: str | None
    outcome_id: str
    replaces: str | None = None


@dataclass(slots=True)
class WorkingSet:
    places: Places
    subjects: dict[Name, Subject]
    reports: defaultdict[str, list[Filed]]
    filed: list[Filed] = field(default_factory=list)  # new reports
    refiled: list[Filed] = field(default_factory=list)  # stored reports with a new outcome
    changed: dict[Name, Subject] = field(default_factory=dict)
    settled: list[Settled] = field(default_factory=list)
    changes: list[SubjectChange] = field(default_factory=list)

    @classmethod
    def of(cls, places: Places, subjects: Iterable[Subject] = (), reports: Iterable[Filed] = ()) -> "WorkingSet":
        known: defaultdict[str, list[Filed]] = defaultdict(list)
        for report in reports:
            known[report.report_id].append(report)
        return cls(places, {subject.name: subject for subject in subjects}, known)

    def file(self, filed: Filed) -> ReportDecision:
        """Decide about a new report, and then about the reports that waited for this report."""
        siblings = self.reports[filed.report_id]
        decision = self._settle(filed, siblings, filed.replaces)
        siblings.append(filed)
        self.filed.append(filed)
        self._free_waiting(filed, siblings, decision)
        return decision

    def accept(self, filed: Filed, *, is_expiry_only: bool = False) -> ReportDecision:
        """Accept a held report by a person's decision. The author then counts as entitled to send the report.

        If `is_expiry_only` is true, decide about the report as if the sign-in had not expired.
        """
        siblings = self.reports[filed.report_id]
        filed.is_accepted, filed.is_expiry_lifted = not is_expiry_only, is_expiry_only
        decision = self._resettle(filed, siblings)
        self._free_waiting(filed, siblings, decision)
        return decision

    def refuse(self, filed: Filed) -> ReportDecision:
        """Refuse a held report by a person's decision.

        The report has no effect. The new outcome informs the author of the refusal.
        """
        replaced, filed.outcome_id = filed.outcome_id, random_id()
        filed.outcome, filed.reason = REFUSED.outcome, REFUSED.reason
        self.settled.append(Settled(filed, filed.outcome, filed.reason, filed.outcome_id, replaced))
        self.refiled.append(filed)
        return REFUSED

    def _free_waiting(self, filed: Filed, siblings: list[Filed], decision: ReportDecision) -> None:
        """Decide again about corrections that waited for this version and can be decided now."""
        has_begun = decision.effect in BEGINNINGS
        for waiting in sorted(
            (sibling for sibling in siblings if sibling.reason == Held.WAITING),
            key=lambda sibling: sibling.clear.version,
        ):
            if has_begun or filed.precedent.yields_to(waiting.author, waiting.team):
                waiting.is_expiry_lifted = True  # the sign-in was valid, or a person ignored its expiry
                freed = self._resettle(waiting, siblings)
                has_begun = has_begun or freed.effect in BEGINNINGS

    def _settle(self, filed: Filed, siblings: list[Filed], replaces: str | None = None) -> ReportDecision:
        subject = self.subjects.get(filed.subject)
        precedents = [sibling.precedent for sibling in siblings if sibling is not filed]
        decision = decide(self._claim(filed, subject), subject.owner if subject else None, precedents)
        filed.outcome, filed.reason = decision.outcome, decision.reason
        self.settled.append(Settled(filed, decision.outcome, decision.reason, filed.outcome_id, replaces))
        if decision.effect is not Effect.NOTHING:
            self._change(filed, subject, decision.effect)
        return decision

    def _claim(self, filed: Filed, subject: Subject | None) -> Claim:
        if subject is None or not filed.flags:
            return filed.claim
        known = subject.current.clear.pcode
        return filed.claim._replace(is_registrars=registers(filed.flags, filed.clear.pcode, known, self.places))

    def _resettle(self, filed: Filed, siblings: list[Filed]) -> ReportDecision:
        replaced, filed.outcome_id = filed.outcome_id, random_id()
        decision = self._settle(filed, siblings, replaced)
        if not any(new is filed for new in self.filed):
            self.refiled.append(filed)
        return decision

    def _change(self, filed: Filed, subject: Subject | None, effect: Effect) -> None:
        if subject is None:
            subject = self.subjects[filed.subject] = Subject(
                filed.subject, Owner(filed.author, filed.team), filed.received_at
            )
        before = subject.published if subject.displacements else None
        subject.displacements[filed.report_id] = filed
        self.changed[subject.name] = subject
        subject.sequence += 1
        is_correction = effect is Effect.SUPERSEDE or subject.published is before
        self.changes.append(
            SubjectChange(subject.name, subject.sequence, subject.published, filed, is_correction, subject.current)
        )
