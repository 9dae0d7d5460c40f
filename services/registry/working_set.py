"""The working set of a batch: households, groups and reports. `storage.Store` loads and saves a working set."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from services.registry import decisions
from services.registry.decisions import (
    HELD,
    NOBODY,
    OLDER,
    RECORDED,
    SITE,
    Claim,
    Effect,
    Held,
    Name,
    Owner,
    ReportDecision,
    decide,
    decide_movement,
    refused,
    registers,
)
from services.registry.event_links.links import EventLinks, add_event
from services.registry.held.people import HeldChange, held_changes, newest_held
from services.registry.households.unidentified_movements import is_mistyped, is_unidentified, is_unnamed
from services.registry.judgements import Judgements, Settled, Unjudged, is_replaceable
from services.registry.places.settlements import add_settlements
from services.registry.reports import AnyFiled, Filed, FiledMovement
from services.registry.subjects import Subject
from shared.crypto.randomness import random_id
from shared.events.vocabulary import Flag, RefusalReason, ReportKind, SubmissionChannel
from shared.places import Places

BEGINNINGS = (Effect.CREATE, Effect.BEGIN)
# Phones draw short codes themselves. If a report comes from the desk or from a list, the registry draws the code.
WITHOUT_CODES = (SubmissionChannel.CONSOLE, SubmissionChannel.IMPORT)


@dataclass(slots=True)
class WorkingSet(Judgements):
    identified: list[AnyFiled] = field(default_factory=list)  # the household of these stored reports is known now
    former_ids: set[str] = field(default_factory=set)  # before, these ids stood for the household's id in the reports
    given_codes: list[Filed] = field(default_factory=list)  # these reports gave their household a new short code
    # movements that wait for the first report of their household
    early: defaultdict[Name, list[AnyFiled]] = field(default_factory=lambda: defaultdict(list))
    sites: dict[str, Subject] = field(default_factory=dict)
    site_pcodes: Mapping[str, str] = field(default_factory=dict)
    # the teams that reported people at each site
    site_reporters: dict[str, Collection[Owner]] = field(default_factory=dict)
    moved_sites: set[str] = field(default_factory=set)  # this batch changes the movements of these sites
    # These movements of the batch concern everybody at a site.
    site_movements: list[FiledMovement] = field(default_factory=list)
    # households to which this batch applies movements that earlier batches listed
    noted: set[Name] = field(default_factory=set)
    links: EventLinks = field(default_factory=dict)  # people gave these answers about events
    # Before the batch, these were the newest held reports.
    held_before: Mapping[Name, Filed] = field(default_factory=dict)

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

    def file(self, filed: AnyFiled) -> ReportDecision:
        """Decide about a new report, and then again about the reports that were waiting for it."""
        add_settlements(filed, self.places)
        add_event(filed, self.links)
        siblings = self.reports[filed.report_id]
        decision = self._settle(filed, siblings, filed.replaces)
        siblings.append(filed)
        self.filed.append(filed)
        if decision.reason == Held.HOUSEHOLD_UNKNOWN:
            self.early[filed.subject].append(filed)
        self._free_waiting(filed, siblings, decision)
        return decision

    def accept(self, filed: AnyFiled, *, is_expiry_only: bool = False) -> ReportDecision:
        """Accept a held report after a person's decision. The right of its author is then no longer checked.

        If `is_expiry_only` is true, only the expiry of the sign-in is ignored, and the author's right is still checked.
        """
        siblings = self.reports[filed.report_id]
        filed.is_accepted, filed.is_expiry_lifted = not is_expiry_only, is_expiry_only
        decision = self._resettle(filed, siblings)
        self._free_waiting(filed, siblings, decision)
        return decision

    def refuse(self, filed: AnyFiled, reason: RefusalReason = RefusalReason.UNSTATED) -> ReportDecision:
        """Refuse a held report after a person's decision.

        The report has no effect. The new outcome informs the author of the refusal. If the report was the valid version
        of a movement, the previous version takes effect again.
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
        """Store and publish the household again, because a person has answered which event made it leave."""
        if subject.has_movements:
            self._to_judge(subject)
        self.changed[subject.name] = subject
        self._note_change(subject, filed, is_correction=True)

    def identify(self, movement: FiledMovement, household: Name) -> None:
        """Set the household of a stored movement, because the household with the movement's short code is known now.

        The movement is decided again only if it waits for its household. If it is held because the sign-in has ended, a
        person must decide. If another transaction has decided about the movement meanwhile, the movement stays as it
        is.
        """
        siblings, version = self.reports[movement.report_id], (movement.clear.version, movement.author)
        for filed in filter(is_unnamed, siblings):
            if (filed.clear.version, filed.author) == version:
                is_waiting = is_unidentified(filed)
                self.early.pop(filed.subject, None)
                self.move(filed, household)
                if is_waiting:
                    filed.is_expiry_lifted = True  # only a movement with a valid sign-in is held as HOUSEHOLD_UNKNOWN
                    self._free_waiting(filed, siblings, self._resettle(filed, siblings))

    def move(self, filed: AnyFiled, household: Name) -> None:
        """Make a stored report a report about another household. The caller decides about the report again."""
        self.former_ids.add(filed.subject[1])
        filed.subject = household
        add_event(filed, self.links)
        self.identified.append(filed)

    def replace_current(self, subject: Subject, replaced: Filed) -> None:
        """Remove the household's current report, because another report about this displacement takes its place.

        All versions of the removed report get the outcome of a duplicate. Their authors still see them as recorded in
        their receipts. A later correction by such an author waits for a person.
        """
        if subject.movements or subject.has_movements:
            self._to_judge(subject)
        subject.set_aside(replaced)
        for version in self.reports[replaced.report_id]:
            if version.subject == subject.name and version.precedent.took_effect:
                self._judge(version, refused(RefusalReason.DUPLICATE))

    def give_back(self, filed: AnyFiled, former: Name, reason: Held, replaced: Iterable[Filed]) -> None:
        """Take an accepted report away from its household, because a person has reversed the acceptance.

        The report waits again, under the household that it names itself. In its place, the household gets the report's
        highest earlier version that took effect, or the versions `replaced` of the report that was replaced. Other
        versions may be held because the report had another household. If no version has effect any more, they wait for
        the version that they correct. A movement that waited for its own household is decided again, if this
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
            filed.is_expiry_lifted = True  # a movement held as HOUSEHOLD_UNKNOWN has a valid sign-in
            self._free_waiting(filed, siblings, self._resettle(filed, siblings))
        if isinstance(filed, Filed):
            self._note_change(subject, subject.current, is_correction=True)

    def refuse_unidentified(self, movement: FiledMovement) -> None:
        """Refuse a stored movement that still waits for a household with its short code."""
        version = (movement.clear.version, movement.author)
        for filed in filter(is_unidentified, self.reports[movement.report_id]):
            if (filed.clear.version, filed.author) == version:
                self.refuse(filed, RefusalReason.CODE_UNKNOWN)

    def held_changes(self) -> list[HeldChange]:
        """The households and groups that are not registered, and whose newest held report has changed."""
        held = newest_held(chain.from_iterable(self.reports.values()), self.subjects)
        return list(held_changes(self.held_before, held))

    def _withdraw(self, movement: FiledMovement, subject: Subject) -> None:
        self._to_judge(subject)
        self.changed[subject.name] = subject
        subject.remove(movement)
        for earlier in self.effective_below(movement):
            subject.add(earlier)

    def effective_below(self, filed: AnyFiled) -> list[AnyFiled]:
        """The highest earlier version of the report that took effect on its household, if there is one."""
        below = [
            sibling
            for sibling in self.reports[filed.report_id]
            if sibling.clear.version < filed.clear.version
            and sibling.subject == filed.subject
            and sibling.precedent.took_effect
        ]
        return sorted(below, key=lambda sibling: sibling.clear.version)[-1:]

    def _free_waiting(self, filed: AnyFiled, siblings: list[AnyFiled], decision: ReportDecision) -> None:
        """Decide again about the corrections that were waiting for this version."""
        has_begun = decision.effect in BEGINNINGS or filed.precedent.took_effect
        for waiting in sorted(
            (sibling for sibling in siblings if sibling.reason in (Held.WAITING, Held.CORRECTS_DUPLICATE)),
            key=lambda sibling: sibling.clear.version,
        ):
            if has_begun or filed.precedent.yields_to(waiting.author, waiting.team):
                waiting.is_expiry_lifted = True  # the sign-in was valid, or a person decided to ignore its expiry
                freed = self._resettle(waiting, siblings)
                has_begun = has_begun or freed.effect in BEGINNINGS or waiting.precedent.took_effect

    def _free_early(self, subject: Name) -> None:
        """Decide again about the movements that came before the first report of their household."""
        for movement in sorted(self.early.pop(subject, ()), key=lambda early: early.clear.version):
            movement.is_expiry_lifted = True  # only a movement with a valid sign-in is held as HOUSEHOLD_UNKNOWN
            siblings = self.reports[movement.report_id]
            self._free_waiting(movement, siblings, self._resettle(movement, siblings))

    def _settle(self, filed: AnyFiled, siblings: list[AnyFiled], replaces: str | None = None) -> ReportDecision:
        subject = self._site(filed) if filed.subject[0] == SITE else self.subjects.get(filed.subject)
        precedents = [sibling.precedent for sibling in siblings if sibling is not filed]
        claim, owner = self._claim(filed, subject), subject.owner if subject else None
        if isinstance(filed, FiledMovement):
            empties_site = filed.empties_site and not self._has_reported_there(filed)
            decision = decide_movement(
                claim,
                owner,
                precedents,
                removes=filed.removes,
                is_full=subject is not None and is_full(subject, filed),
                empties_site=empties_site,
            )
        else:
            decision = decide(claim, owner, precedents)
        filed.outcome, filed.reason = decision.outcome, decision.reason
        if decision.effect is not Effect.NOTHING or decision is OLDER:
            self._settle_replaced(filed, siblings)
        if isinstance(filed, FiledMovement) and subject is not None and decision.effect is not Effect.NOTHING:
            self._move(filed, subject, replaces)
            return decision
        self.settled.append(Settled(filed, decision.outcome, decision.reason, filed.outcome_id, replaces))
        if isinstance(filed, Filed) and decision.effect is not Effect.NOTHING:
            self._change(filed, subject, decision.effect)
        return decision

    def _settle_replaced(self, filed: AnyFiled, siblings: Collection[AnyFiled]) -> None:
        """An author's earlier versions may be held because another author had sent versions with the same numbers.

        Give them the outcome of an older version.
        """
        for earlier in siblings:
            is_own = earlier.author == filed.author and earlier.subject == filed.subject
            if earlier.reason == Held.OTHER_CONTENT and is_own and earlier.clear.version < filed.clear.version:
                self._judge(earlier, OLDER)

    def _has_reported_there(self, movement: FiledMovement) -> bool:
        """Whether the movement's team has reported people at the site, in an earlier batch or in this batch."""
        reporters = [*self.site_reporters.get(movement.subject[1], ())]
        reporters += [subject.owner for subject in self.changed.values() if movement.site_id in subject.named_sites]
        return any(reporter.shares(movement.author, movement.team) for reporter in reporters)

    def _site(self, movement: AnyFiled) -> Subject:
        """The site of the movement. An unknown site id is accepted, because somebody may list the site later."""
        name = movement.subject
        if name not in self.subjects:
            self.subjects[name] = self.sites[name[1]] = Subject(name, NOBODY, movement.received_at)
        return self.subjects[name]

    def judge_noted(self, names: Iterable[Name], before: Mapping[str, Subject]) -> None:
        """Apply listed movements of sites to these households. `before` are the sites without these movements."""
        self.noted = set(names)
        for subject in filter(None, map(self.subjects.get, names)):
            subject.look_at(before)
            unjudged, courses = Unjudged(subject.standing, subject.onward), subject.courses
            subject.look_at(self.sites)
            if subject.courses.by_departure != courses.by_departure:
                self.unjudged[subject.name] = unjudged
                self.changed[subject.name] = subject

    def _move_site(self, movement: FiledMovement, site: Subject) -> None:
        """Add the movement to its site.

        The movements of all households of this batch that are or were there are judged again.
        """
        self.moved_sites.add(site.name[1])
        self.site_movements.append(movement)
        households = (subject for (kind, _), subject in self.subjects.items() if kind == ReportKind.HOUSEHOLD)
        concerned = [subject for subject in households if site.name[1] in subject.site_ids]
        for subject in concerned:
            self._to_judge(subject)
        site.add(movement)
        for subject in concerned:
            subject.look_at(self.sites)
            self.changed[subject.name] = subject

    def _move(self, movement: FiledMovement, subject: Subject, replaces: str | None) -> None:
        """Add a movement to its household or site. The decision follows later, in `judge`.

        Older versions of the movement that are held get the outcome of an older version.
        """
        self._to_judge(subject).movements.append((movement, replaces))
        for older in self.reports[movement.report_id]:
            is_older = isinstance(older, FiledMovement) and older.clear.version < movement.clear.version
            if is_older and (is_replaceable(older, subject.name) or is_mistyped(older, movement)):
                self._judge(older, OLDER)
        if movement.site_id:
            self._move_site(movement, subject)
        else:
            subject.add(movement)
            self.changed[subject.name] = subject

    def _claim(self, filed: AnyFiled, subject: Subject | None) -> Claim:
        if subject is None or filed.is_accepted or not (filed.flags or filed.registrar_areas):
            return filed.claim
        known = self.site_pcodes.get(subject.name[1]) if subject.name[0] == SITE else subject.current.clear.pcode
        if isinstance(filed, FiledMovement):
            is_country = Flag.REGISTRAR_OF_COUNTRY in filed.flags
            is_registrars = is_country or self.places.covers(filed.registrar_areas, known)
        else:
            is_registrars = registers(filed.flags, filed.clear.pcode, known, self.places)
        return filed.claim._replace(is_registrars=is_registrars)

    def _resettle(self, filed: AnyFiled, siblings: list[AnyFiled]) -> ReportDecision:
        replaced, filed.outcome_id = filed.outcome_id, random_id()
        decision = self._settle(filed, siblings, replaced)
        self._refile(filed)
        return decision

    def _change(self, filed: Filed, subject: Subject | None, effect: Effect) -> None:
        is_new = subject is None
        if subject is None:
            subject = self.subjects[filed.subject] = Subject(
                filed.subject, Owner(filed.author, filed.team), filed.received_at, sites=self.sites
            )
        if subject.movements or subject.has_movements:
            self._to_judge(subject)
        before = subject.published if subject.displacements else None
        if (code := filed.sealed.get("short_code")) and code not in subject.short_codes:
            self.given_codes.append(filed)
        subject.add(filed)
        if is_new and filed.channel in WITHOUT_CODES and filed.subject[0] == ReportKind.HOUSEHOLD:
            subject.draw_code()
        if subject.has_movements:  # this report may be the first that places the household at a site whose people moved
            self.unjudged.setdefault(subject.name, Unjudged(None, {}))
        self.changed[subject.name] = subject
        is_correction = effect is Effect.SUPERSEDE or filed.is_replacement or subject.published is before
        self._note_change(subject, filed, is_correction=is_correction)
        self._free_early(subject.name)


def is_full(subject: Subject, movement: FiledMovement) -> bool:
    """Whether the subject has so many movements that a person must decide about further ones."""
    if len(subject.movements) >= decisions.MOST_MOVEMENTS:
        return True
    reporters = (Owner(known.author, known.team) for known in subject.movements.values())
    own = sum(reporter.shares(movement.author, movement.team) for reporter in reporters)
    return subject.name[0] == SITE and own >= decisions.MOST_OF_TEAM
