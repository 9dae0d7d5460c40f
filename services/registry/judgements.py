"""The subjects and reports of a batch, and the decisions about the movements of its households and sites."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from services.registry.decisions import CONTRADICTIONS, OLDER, RECORDED, SAME_PLACE, Held, Name, ReportDecision
from services.registry.households.courses import HouseholdStanding, Onward, changed
from services.registry.reports import AnyFiled, Filed, FiledMovement
from services.registry.subjects import Subject, SubjectChange
from shared.crypto.randomness import random_id
from shared.events.vocabulary import OutcomeKind, ReportKind
from shared.places import Places

# a newer version replaces a version that is held for one of these reasons
REPLACEABLE = (*CONTRADICTIONS, Held.REMOVAL_BY_OTHER_TEAM, Held.WHOLE_SITE, Held.TOO_LARGE)
# a group's movement with one of these outcomes took effect
RESULTS = (RECORDED[1:], SAME_PLACE[1:])


@dataclass(slots=True)
class Unjudged:
    """`movements` are movements of the batch, each with the id of the event about its previous outcome."""

    before: HouseholdStanding | None
    onward: dict[str, Onward]
    movements: list[tuple[FiledMovement, str | None]] = field(default_factory=list)


class Settled(NamedTuple):
    """`replaces` is the id of the event about the previous outcome."""

    filed: AnyFiled
    outcome: OutcomeKind
    reason: str | None
    outcome_id: str
    replaces: str | None = None


@dataclass(slots=True)
class Judgements:
    """The part of a working set that judges movements."""

    places: Places
    subjects: dict[Name, Subject]
    reports: defaultdict[str, list[AnyFiled]]
    filed: list[AnyFiled] = field(default_factory=list)
    refiled: list[AnyFiled] = field(default_factory=list)
    changed: dict[Name, Subject] = field(default_factory=dict)
    settled: list[Settled] = field(default_factory=list)
    changes: list[SubjectChange] = field(default_factory=list)
    unjudged: dict[Name, Unjudged] = field(default_factory=dict)
    judged: int = 0  # the first `judged` of the `changes` already contain the whereabouts of the people

    def judge(self, unmoved: Collection[str] = (), others: Iterable[FiledMovement] = ()) -> None:
        """Judge the movements of each changed household or group, once for all reports of the batch.

        Each decision depends on all reports of the household or group. Judging the movements after each report would
        take much longer. `unmoved` are reports of movements of groups that moved nobody: the people were at the
        destination before. `others` are movements of unchanged groups: a movement of their site, or a person's
        decision, may have changed their effect.
        """
        for name, unjudged in self.unjudged.items():
            subject = self.subjects[name]
            decisions = subject.decisions if name[0] != ReportKind.GROUP else noted(subject.decisions, unmoved)
            added = {id(movement) for movement, _ in unjudged.movements}
            for movement, replaces in unjudged.movements:
                is_newest = subject.movements.get(movement.report_id) is movement
                self._decide(movement, decisions[movement.report_id] if is_newest else OLDER, replaces)
            self._judge_again(subject, decisions, besides=added)
            if subject.displacements:
                self._publish_standing(subject, unjudged)
        for movement in others:
            decision = SAME_PLACE if movement.report_id in unmoved else RECORDED
            if movement.subject not in self.unjudged and movement.result in RESULTS and movement.result != decision[1:]:
                self._judge(movement, decision)
        self.unjudged.clear()
        self.judged = len(self.changes)

    def undecided(self, movements: Iterable[FiledMovement]) -> list[FiledMovement]:
        """Returns the stored movements that the batch has not judged yet."""
        decided = {id(filed) for filed in (*self.filed, *self.refiled)}
        return [movement for movement in movements if id(movement) not in decided]

    def _publish_standing(self, subject: Subject, before: Unjudged) -> None:
        """Add the present whereabouts of the people to the household's changes.

        A new displacement that a movement reports is a further change.
        """
        new = range(self.judged, len(self.changes))
        own = [number for number in new if self.changes[number].subject == subject.name]
        for number in own:
            change = self.changes[number]
            self.changes[number] = change._replace(standing=subject.standing_since(change.current))
        displaced = changed(before.onward, subject.onward)
        for forced in displaced:
            self._note_change(subject, subject.published, is_movement=True, forced=forced)
        if not own and not displaced and subject.standing != before.before:
            self._note_change(subject, subject.published, is_movement=True)

    def _judge_again(
        self, subject: Subject, decisions: Mapping[str, ReportDecision], *, besides: Collection[int]
    ) -> None:
        """The decision about a movement may change because of other reports about the household."""
        for report_id, decision in decisions.items():
            movement = subject.movements[report_id]
            if id(movement) not in besides and movement.result != decision[1:]:
                self._judge(movement, decision)

    def _judge(self, movement: AnyFiled, decision: ReportDecision) -> None:
        replaced, movement.outcome_id = movement.outcome_id, random_id()
        self._decide(movement, decision, replaced)
        self._refile(movement)

    def _decide(self, filed: AnyFiled, decision: ReportDecision, replaces: str | None) -> None:
        filed.outcome, filed.reason = decision.outcome, decision.reason
        self.settled.append(Settled(filed, filed.outcome, filed.reason, filed.outcome_id, replaces))

    def _refile(self, filed: AnyFiled) -> None:
        if not any(known is filed for known in (*self.filed, *self.refiled)):
            self.refiled.append(filed)

    def _note_change(
        self,
        subject: Subject,
        changed: Filed,
        *,
        is_correction: bool = False,
        is_movement: bool = False,
        forced: Onward | None = None,
    ) -> None:
        subject.sequence += 1
        self.changes.append(
            SubjectChange(
                subject.name,
                subject.sequence,
                subject.published,
                changed,
                is_correction,
                subject.current,
                subject.standing if is_movement else None,
                is_movement,
                forced,
            )
        )

    def _to_judge(self, subject: Subject) -> Unjudged:
        return self.unjudged.get(subject.name) or self.unjudged.setdefault(
            subject.name, Unjudged(subject.standing, subject.onward)
        )


def noted(decisions: Mapping[str, ReportDecision], unmoved: Collection[str]) -> dict[str, ReportDecision]:
    """If a movement moved nobody, the decision becomes SAME_PLACE."""
    return {
        report_id: SAME_PLACE if decision is RECORDED and report_id in unmoved else decision
        for report_id, decision in decisions.items()
    }


def is_replaceable(older: AnyFiled, subject: Name) -> bool:
    return older.reason in REPLACEABLE and older.subject == subject
