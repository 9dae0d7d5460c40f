"""Files the reports of a batch: decides about each report, and applies it to its household, group or site."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from services.registry import decisions
from services.registry.decisions import (
    NOBODY,
    OLDER,
    SITE,
    Claim,
    Effect,
    Held,
    Name,
    Owner,
    ReportDecision,
    decide,
    decide_movement,
    registers,
)
from services.registry.event_links.links import EventLinks, add_event
from services.registry.households.unidentified_movements import is_mistyped
from services.registry.judgements import Judgements, Settled, Unjudged, is_replaceable
from services.registry.places.settlements import add_settlements
from services.registry.reports import AnyFiled, Filed, FiledMovement
from services.registry.subjects import Subject
from shared.crypto.randomness import random_id
from shared.events.vocabulary import Flag, ReportKind, SubmissionChannel

BEGINNINGS = (Effect.CREATE, Effect.BEGIN)
# Phones draw short codes themselves. If a report comes from the desk or from a list, the registry draws the short code.
WITHOUT_CODES = (SubmissionChannel.CONSOLE, SubmissionChannel.IMPORT)


@dataclass(slots=True)
class Filing(Judgements):
    identified: list[AnyFiled] = field(default_factory=list)  # stored reports whose household has become known
    former_ids: set[str] = field(default_factory=set)  # the subject ids under which moved reports were stored before
    given_codes: list[Filed] = field(default_factory=list)
    # movements that came before the first report of their household
    early: defaultdict[Name, list[AnyFiled]] = field(default_factory=lambda: defaultdict(list))
    sites: dict[str, Subject] = field(default_factory=dict)
    site_pcodes: Mapping[str, str] = field(default_factory=dict)
    site_reporters: dict[str, Collection[Owner]] = field(default_factory=dict)
    moved_sites: set[str] = field(default_factory=set)
    # movements of everybody at a site
    site_movements: list[FiledMovement] = field(default_factory=list)
    # households to which this batch applies movements that were reported in earlier batches
    noted: set[Name] = field(default_factory=set)
    links: EventLinks = field(default_factory=dict)
    # the newest held report of each household and group before the batch is filed
    held_before: Mapping[Name, Filed] = field(default_factory=dict)

    def file(self, filed: AnyFiled) -> ReportDecision:
        """Decide about the report, and then about waiting reports that can now be decided."""
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

    def _free_waiting(self, filed: AnyFiled, siblings: list[AnyFiled], decision: ReportDecision) -> None:
        """Decide again about the corrections that were waiting for this version."""
        has_begun = decision.effect in BEGINNINGS or filed.precedent.took_effect
        for waiting in sorted(
            (sibling for sibling in siblings if sibling.reason in (Held.WAITING, Held.CORRECTS_DUPLICATE)),
            key=lambda sibling: sibling.clear.version,
        ):
            if has_begun or filed.precedent.yields_to(waiting.author, waiting.team):
                # the author's sign-in was valid, or a person decided to ignore its expiry
                waiting.is_expiry_lifted = True
                freed = self._resettle(waiting, siblings)
                has_begun = has_begun or freed.effect in BEGINNINGS or waiting.precedent.took_effect

    def _free_early(self, subject: Name) -> None:
        """After the first report of a household, decide about the movements that came before that report."""
        for movement in sorted(self.early.pop(subject, ()), key=lambda early: early.clear.version):
            movement.is_expiry_lifted = True  # a movement with an invalid sign-in is never held as HOUSEHOLD_UNKNOWN
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
        """An author's earlier versions get the outcome OLDER if they were held as OTHER_CONTENT.

        A version is held as OTHER_CONTENT if another author had sent a version with the same number.
        """
        for earlier in siblings:
            is_own = earlier.author == filed.author and earlier.subject == filed.subject
            if earlier.reason == Held.OTHER_CONTENT and is_own and earlier.clear.version < filed.clear.version:
                self._judge(earlier, OLDER)

    def _has_reported_there(self, movement: FiledMovement) -> bool:
        reporters = [*self.site_reporters.get(movement.subject[1], ())]
        reporters += [subject.owner for subject in self.changed.values() if movement.site_id in subject.named_sites]
        return any(reporter.shares(movement.author, movement.team) for reporter in reporters)

    def _site(self, movement: AnyFiled) -> Subject:
        """An unknown site id is accepted, because the site may be added to the list later."""
        name = movement.subject
        if name not in self.subjects:
            self.subjects[name] = self.sites[name[1]] = Subject(name, NOBODY, movement.received_at)
        return self.subjects[name]

    def judge_noted(self, names: Iterable[Name], before: Mapping[str, Subject]) -> None:
        """`before` has the sites as they were before the listed movements."""
        self.noted = set(names)
        for subject in filter(None, map(self.subjects.get, names)):
            subject.look_at(before)
            unjudged, courses = Unjudged(subject.standing, subject.onward), subject.courses
            subject.look_at(self.sites)
            if subject.courses.by_departure != courses.by_departure:
                self.unjudged[subject.name] = unjudged
                self.changed[subject.name] = subject

    def _move_site(self, movement: FiledMovement, site: Subject) -> None:
        """Households of this batch are judged again if they are or were at the site."""
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
        """The movement is judged later, in `judge`.

        Older held versions of the movement get the outcome OLDER.
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
        # the report may place the household at a site whose people have moved, so the household is judged
        if subject.has_movements:
            self.unjudged.setdefault(subject.name, Unjudged(None, {}))
        self.changed[subject.name] = subject
        is_correction = effect is Effect.SUPERSEDE or filed.is_replacement or subject.published is before
        self._note_change(subject, filed, is_correction=is_correction)
        self._free_early(subject.name)


def is_full(subject: Subject, movement: FiledMovement) -> bool:
    if len(subject.movements) >= decisions.MOST_MOVEMENTS:
        return True
    reporters = (Owner(known.author, known.team) for known in subject.movements.values())
    own = sum(reporter.shares(movement.author, movement.team) for reporter in reporters)
    return subject.name[0] == SITE and own >= decisions.MOST_OF_TEAM
