"""The registry's book, open at the pages a batch needs: pure; what it changes is written by `storage.Store.save`."""

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
    """A household or a group: who owns it, and each of its displacements (or counts) in the version that holds."""

    name: Name
    owner: Owner
    registered_at: datetime
    displacements: dict[str, Filed] = field(default_factory=dict)
    sequence: int = 0
    row_version: int = 0

    @property
    def is_new(self) -> bool:
        """Whether its row was never written: there is none to clear away."""
        return self.row_version == 0

    @property
    def current(self) -> Filed:
        """What was said of it last; practice counts only where nothing real was."""
        return latest(self._said)

    @property
    def told(self) -> Filed:
        """What the world is told of it: the latest in which it moved, where it did. Who is trapped where they fled to is displaced still."""
        said = self._said
        return latest([one for one in said if one.clear.mobility is not Mobility.UNABLE_TO_MOVE] or said)

    @property
    def _said(self) -> Collection[Filed]:
        said = self.displacements.values()
        return said if len(said) == 1 else [one for one in said if one.clear.status is Status.ACTUAL] or said


def latest(displacements: Collection[Filed]) -> Filed:
    """In the world, whatever order the reports came in."""
    if len(displacements) == 1:
        return next(iter(displacements))
    return max(displacements, key=order)


class Told(NamedTuple):
    """What the world is to hear of a household: its state after one change, and which displacement was changed.

    `latest` is what was said last, which is not `current` where the household could not move since.
    """

    subject: Name
    sequence: int
    current: Filed
    changed: Filed
    is_correction: bool
    latest: Filed


class Settled(NamedTuple):
    """What became of a report, and the outcome event that this one takes the place of."""

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
    filed: list[Filed] = field(default_factory=list)  # new to the book
    refiled: list[Filed] = field(default_factory=list)  # in it before, with another outcome now
    changed: dict[Name, Subject] = field(default_factory=dict)
    settled: list[Settled] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    @classmethod
    def of(cls, places: Places, subjects: Iterable[Subject] = (), reports: Iterable[Filed] = ()) -> "WorkingSet":
        known: defaultdict[str, list[Filed]] = defaultdict(list)
        for one in reports:
            known[one.report_id].append(one)
        return cls(places, {subject.name: subject for subject in subjects}, known)

    def file(self, filed: Filed) -> ReportDecision:
        """Decides what becomes of a report that is new to the book; those that waited for it are settled with it."""
        siblings = self.reports[filed.report_id]
        decision = self._settle(filed, siblings, filed.replaces)
        siblings.append(filed)
        self.filed.append(filed)
        self._free_waiting(filed, siblings, decision)
        return decision

    def accept(self, filed: Filed, *, is_expiry_only: bool = False) -> ReportDecision:
        """A person frees a held report: it takes effect as if its author had been entitled, or as if the sign-in had not ended."""
        siblings = self.reports[filed.report_id]
        filed.is_accepted, filed.is_expiry_lifted = not is_expiry_only, is_expiry_only
        decision = self._resettle(filed, siblings)
        self._free_waiting(filed, siblings, decision)
        return decision

    def refuse(self, filed: Filed) -> ReportDecision:
        """A person refuses a held report: it has no effect, and its author reads so."""
        replaced, filed.outcome_id = filed.outcome_id, random_id()
        filed.outcome, filed.reason = REFUSED.outcome, REFUSED.reason
        self.settled.append(Settled(filed, filed.outcome, filed.reason, filed.outcome_id, replaced))
        self.refiled.append(filed)
        return REFUSED

    def _free_waiting(self, filed: Filed, siblings: list[Filed], decision: ReportDecision) -> None:
        """Settles the corrections that waited for this version: it took effect, or it is held and yields to them."""
        has_begun = decision.effect in BEGINNINGS
        for waiting in sorted(
            (one for one in siblings if one.reason == Held.WAITING), key=lambda one: one.clear.version
        ):
            if has_begun or filed.precedent.yields_to(waiting.author, waiting.team):
                waiting.is_expiry_lifted = True  # expiry is judged first: a person lifted it, or there was none
                freed = self._resettle(waiting, siblings)
                has_begun = has_begun or freed.effect in BEGINNINGS

    def _settle(self, filed: Filed, siblings: list[Filed], replaces: str | None = None) -> ReportDecision:
        subject = self.subjects.get(filed.subject)
        precedents = [one.precedent for one in siblings if one is not filed]
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
        if not any(one is filed for one in self.filed):
            self.refiled.append(filed)
        return decision

    def _change(self, filed: Filed, subject: Subject | None, effect: Effect) -> None:
        if subject is None:
            subject = self.subjects[filed.subject] = Subject(
                filed.subject, Owner(filed.author, filed.team), filed.received_at
            )
        before = subject.told if subject.displacements else None
        subject.displacements[filed.report_id] = filed
        self.changed[subject.name] = subject
        subject.sequence += 1
        is_correction = effect is Effect.SUPERSEDE or subject.told is before  # it stands where it stood
        self.told.append(Told(subject.name, subject.sequence, subject.told, filed, is_correction, subject.current))
