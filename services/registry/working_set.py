"""`storage.Store` loads and saves a working set."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from services.registry.decisions import HELD, RECORDED, SITE, Held, Name, ReportDecision, refused
from services.registry.event_links.links import add_event
from services.registry.filing import Filing
from services.registry.held.people import HeldChange, held_changes, newest_held
from services.registry.households.unidentified_movements import is_unidentified, is_unnamed
from services.registry.reports import AnyFiled, Filed, FiledMovement
from services.registry.subjects import Subject
from shared.crypto.randomness import random_id
from shared.events.vocabulary import RefusalReason
from shared.places import Places


@dataclass(slots=True)
class WorkingSet(Filing):
    """Files the new reports of a batch, and executes people's decisions about stored reports."""

    @classmethod
    def of(cls, places: Places, subjects: Iterable[Subject] = (), reports: Iterable[AnyFiled] = ()) -> "WorkingSet":
        known: defaultdict[str, list[AnyFiled]] = defaultdict(list)
        early: defaultdict[Name, list[AnyFiled]] = defaultdict(list)
        for report in reports:
            known[report.report_id].append(report)
            if report.reason == Held.HOUSEHOLD_UNKNOWN:
                early[report.subject].append(report)
        by_name = {subject.name: subject for subject in subjects}
        sites = {subject_id: subject for (kind, subject_id), subject in by_name.items() if kind == SITE}
        for subject in by_name.values():
            subject.sites = sites
        held_before = newest_held(chain.from_iterable(known.values()), by_name)
        return cls(places, by_name, known, early=early, sites=sites, held_before=held_before)

    def accept(self, filed: AnyFiled, *, is_expiry_only: bool = False) -> ReportDecision:
        """Accept a held report, because a person has decided to accept it.

        After the acceptance, the author's right to send the report is not checked any more.

        If `is_expiry_only` is true, the expired sign-in is ignored, but the author's right is still checked.
        """
        siblings = self.reports[filed.report_id]
        filed.is_accepted, filed.is_expiry_lifted = not is_expiry_only, is_expiry_only
        decision = self._resettle(filed, siblings)
        self._free_waiting(filed, siblings, decision)
        return decision

    def refuse(self, filed: AnyFiled, reason: RefusalReason = RefusalReason.UNSTATED) -> ReportDecision:
        """Refuse a held report, because a person has decided to refuse it.

        The author learns of the refusal by the new outcome. If the report was the valid version of a movement, the
        version before the refused one takes effect again.
        """
        subject = self.subjects.get(filed.subject)
        if isinstance(filed, FiledMovement) and subject and subject.movements.get(filed.report_id) is filed:
            self._withdraw(filed, subject)
        replaced, filed.outcome_id = filed.outcome_id, random_id()
        decision = refused(reason)
        self._decide(filed, decision, replaced)
        self.refiled.append(filed)
        return decision

    def publish_again(self, subject: Subject, filed: Filed) -> None:
        """A person has answered which event made the household leave."""
        if subject.has_movements:
            self._to_judge(subject)
        self.changed[subject.name] = subject
        self._note_change(subject, filed, is_correction=True)

    def identify(self, movement: FiledMovement, household: Name) -> None:
        """If the movement waits only for its household, the registry decides about the movement again.

        If the movement is held because of an expired sign-in, a person must decide. Nothing changes if another
        transaction has decided about the movement meanwhile.
        """
        siblings, version = self.reports[movement.report_id], (movement.clear.version, movement.author)
        for filed in filter(is_unnamed, siblings):
            if (filed.clear.version, filed.author) == version:
                is_waiting = is_unidentified(filed)
                self.early.pop(filed.subject, None)
                self.move(filed, household)
                if is_waiting:
                    # a movement with an invalid sign-in is never held as HOUSEHOLD_UNKNOWN
                    filed.is_expiry_lifted = True
                    self._free_waiting(filed, siblings, self._resettle(filed, siblings))

    def move(self, filed: AnyFiled, household: Name) -> None:
        """After this call, the caller decides about the report again."""
        self.former_ids.add(filed.subject[1])
        filed.subject = household
        add_event(filed, self.links)
        self.identified.append(filed)

    def replace_current(self, subject: Subject, replaced: Filed) -> None:
        """Remove the household's current report, because another report about the displacement replaces it.

        All versions of the removed report get the outcome of a duplicate. In their authors' receipts, the versions of
        the removed report are still shown as recorded. If the author of the removed report corrects it later, the
        correction waits for a person.
        """
        if subject.movements or subject.has_movements:
            self._to_judge(subject)
        subject.set_aside(replaced)
        for version in self.reports[replaced.report_id]:
            if version.subject == subject.name and version.precedent.took_effect:
                self._judge(version, refused(RefusalReason.DUPLICATE))

    def give_back(self, filed: AnyFiled, former: Name, reason: Held, replaced: Iterable[Filed]) -> None:
        """Take a report away from its household, because a person has reversed the report's acceptance.

        The report is held again, under the household that the report names itself. The household gets the highest
        earlier version of the report that took effect. If the accepted report had replaced another report, the
        household gets back the versions `replaced`. Versions may be held as OTHER_HOUSEHOLD, because the accepted
        version belonged to another household. If no version of the report has an effect any more, each held version
        waits for the version that it corrects. A movement that waited for its own household is judged, if this
        household is registered now.
        """
        subject = self.subjects[filed.subject]
        if subject.movements or subject.has_movements:
            self._to_judge(subject)
        self.changed[subject.name] = subject
        subject.remove(filed)
        for earlier in self.effective_below(filed):
            subject.add(earlier)
        for version in replaced:
            self._judge(version, RECORDED)
            subject.add(version)
        self.move(filed, former)
        is_awaited = reason is Held.HOUSEHOLD_UNKNOWN and former in self.subjects
        if not is_awaited:
            self._judge(filed, HELD[reason])
        siblings = self.reports[filed.report_id]
        known = [sibling.precedent for sibling in siblings if sibling is not filed]
        if not any(version.took_effect or version.is_duplicate for version in known):
            for sibling in siblings:
                if sibling.reason == Held.OTHER_HOUSEHOLD:
                    self._judge(sibling, HELD[Held.WAITING])
        if is_awaited:
            filed.is_expiry_lifted = True  # only a movement with a valid sign-in is held as HOUSEHOLD_UNKNOWN
            self._free_waiting(filed, siblings, self._resettle(filed, siblings))
        if isinstance(filed, Filed):
            self._note_change(subject, subject.current, is_correction=True)

    def refuse_unidentified(self, movement: FiledMovement) -> None:
        version = (movement.clear.version, movement.author)
        for filed in filter(is_unidentified, self.reports[movement.report_id]):
            if (filed.clear.version, filed.author) == version:
                self.refuse(filed, RefusalReason.CODE_UNKNOWN)

    def held_changes(self) -> list[HeldChange]:
        """Held reports of a registered household or group are not published."""
        held = newest_held(chain.from_iterable(self.reports.values()), self.subjects)
        return list(held_changes(self.held_before, held))

    def _withdraw(self, movement: FiledMovement, subject: Subject) -> None:
        self._to_judge(subject)
        self.changed[subject.name] = subject
        subject.remove(movement)
        for earlier in self.effective_below(movement):
            subject.add(earlier)

    def effective_below(self, filed: AnyFiled) -> list[AnyFiled]:
        """Returns the newest earlier version that took effect, or an empty list."""
        below = [
            sibling
            for sibling in self.reports[filed.report_id]
            if sibling.clear.version < filed.clear.version
            and sibling.subject == filed.subject
            and sibling.precedent.took_effect
        ]
        return sorted(below, key=lambda sibling: sibling.clear.version)[-1:]
