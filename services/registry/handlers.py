"""Handlers apply reports and decisions to the working set, store the changes and add events to the outbox."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry.counts.chosen import recount_chosen
from services.registry.counts.recounts import Recount, recount, recount_stored
from services.registry.decisions import Name
from services.registry.event_links.links import EventAnswered
from services.registry.held import adoption_queries
from services.registry.held import queries as held
from services.registry.held.acceptances import Adopted, NotAccepted, accept, accept_under, reverse
from services.registry.held.events import held_events
from services.registry.households.codes import KEPT, HouseholdCodes, divided, expired, with_codes
from services.registry.households.events import HouseholdEvents, utcnow
from services.registry.models import Adoption, AdoptionReversal, CountDecision, EventAnswer, HeldDecision, PlaceDecision
from services.registry.places.queries import APPLIED
from services.registry.places.recounts import FoundCounts, find_counts, recount_places
from services.registry.received_reports import filed_of, name_causes, outcome_of
from services.registry.reports import AnyFiled
from services.registry.search.keys import SearchKeys
from services.registry.storage import Store
from services.registry.subjects import Subject
from services.registry.working_set import WorkingSet
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events import (
    GroupCorrectionReported,
    GroupMovementReported,
    GroupReported,
    HouseholdCorrectionReported,
    HouseholdMovementReported,
    HouseholdReported,
    SiteMovementReported,
)
from shared.events.displacements import GroupClear
from shared.events.vocabulary import OutcomeKind, RefusalReason, ReportKind
from shared.messaging.decisions import Execution
from shared.messaging.handlers import Handlers
from shared.messaging.records import Outcome, Received
from shared.places import Places
from shared.postgres import database

AT_ONCE = 200
REVERSED = "reversed"
# a transaction judges at most this many movements, because PostgreSQL ends a transaction that is idle for 5 s
STEPS_AT_ONCE = 1000


class Registrar:
    def __init__(
        self,
        encryption: EnvelopeEncryption,
        search: SearchKeys,
        places: Places,
        *,
        clock: Callable[[], datetime] = utcnow,
        unknown_codes_kept: timedelta = KEPT,
    ) -> None:
        self._encryption = encryption
        self._search = search
        self._places = places
        self._household_events = HouseholdEvents(places)
        self._clock = clock
        self._unknown_codes_kept = unknown_codes_kept

    async def file_reports(self, received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        """Return one outcome per report, in order. The caller commits."""
        batch = [filed_of(event) for event in received]
        name_causes(received, batch)
        codes, now = HouseholdCodes(await database.driver(session), self._search), self._clock()
        early, late = divided(with_codes(batch), batch)
        if early or late:
            # codes are locked before households, as in `find_households`: a fixed order prevents deadlocks
            await codes.lock()
        await codes.resolve(early, now)
        store = Store(session, self._encryption, self._search, self._places)
        working_set = await store.open(batch, await codes.households_of(late))
        waiting = set(map(id, late))  # these movements are filed after the batch's reports about households
        decisions = {id(filed): working_set.file(filed) for filed in batch if id(filed) not in waiting}
        await codes.resolve(late, now, working_set.subjects.values())
        decisions |= {id(filed): working_set.file(filed) for filed in late}
        await self._save(working_set, store, session)
        return [outcome_of(filed, decisions[id(filed)]) for filed in batch]

    async def prepare_held(self, decision: HeldDecision) -> Execution:
        return partial(self.settle_held, decision)

    async def settle_held(self, decision: HeldDecision, session: AsyncSession) -> str:
        """The caller commits."""
        name = await held.named(session, decision.outcome_id)
        if name is None:
            return "not_held"
        kind, subject_id, report_id = map(str, name)
        store = Store(session, self._encryption, self._search, self._places)
        household = (ReportKind.HOUSEHOLD.value, str(decision.household_id))
        names = {(kind, subject_id), household} if decision.household_id else {(kind, subject_id)}
        working_set = await store.open_at(names, [report_id])
        outcome_id = str(decision.outcome_id)
        filed = next(
            (candidate for candidate in working_set.reports[report_id] if candidate.outcome_id == outcome_id), None
        )
        if filed is None or filed.outcome is not OutcomeKind.HELD:
            return "not_held"
        if decision.household_id:
            adopted = accept_under(working_set, filed, household, is_later=decision.is_later)
            if isinstance(adopted, NotAccepted):
                return adopted
            session.add(adoption_of(decision, filed, adopted))
        elif decision.is_accepted:
            accept(working_set, filed, is_expiry_only=decision.is_expiry_only)
        else:
            working_set.refuse(filed, RefusalReason(decision.refusal or RefusalReason.UNSTATED))
        await self._save(working_set, store, session)
        return filed.outcome

    async def prepare_reversal(self, reversal: AdoptionReversal) -> Execution:
        return partial(self.settle_reversal, reversal)

    async def settle_reversal(self, reversal: AdoptionReversal, session: AsyncSession) -> str:
        """The caller commits."""
        adoption = await session.get_one(Adoption, reversal.adoption_id)
        household = (ReportKind.HOUSEHOLD.value, str(adoption.household_id))
        adopted = Adopted(
            adoption.former_reason,
            str(adoption.replaced_id) if adoption.replaced_id else None,
            adoption.replaced_version,
        )
        version = adoption.version, str(adoption.author)
        store = Store(session, self._encryption, self._search, self._places)
        report_ids = [str(adoption.report_id), *([adopted.replaced_id] if adopted.replaced_id else [])]
        # The report names a household, which may be registered, or may have other waiting reports.
        former = await adoption_queries.former_name(session, adoption)
        working_set = await store.open_at({household, former}, report_ids)
        known = working_set.reports[str(adoption.report_id)]
        filed = next((filed for filed in known if (filed.clear.version, filed.author) == version), None)
        if filed is None:
            return "not_found"
        if reason := reverse(working_set, filed, household, adopted, former):
            return reason
        await self._save(working_set, store, session)
        return REVERSED

    async def prepare_places(self, sessions: async_sessionmaker[AsyncSession], decision: PlaceDecision) -> Execution:
        return partial(self.settle_places, decision, found=await find_counts(sessions, decision, self._places))

    async def settle_places(
        self, decision: PlaceDecision, session: AsyncSession, *, found: FoundCounts | None = None
    ) -> str:
        """The caller commits."""
        store = Store(session, self._encryption, self._search, self._places)
        found = found or FoundCounts()
        recounted = await recount_places(session, decision, store, self._places, self._clock(), found)
        await self._save(WorkingSet.of(self._places), store, session, recounted)
        return APPLIED

    async def prepare_counts(self, decision: CountDecision) -> Execution:
        return partial(self.settle_counts, decision)

    async def settle_counts(self, decision: CountDecision, session: AsyncSession) -> str:
        """The caller commits."""
        store = Store(session, self._encryption, self._search, self._places)
        recounted = await recount_chosen(session, decision, store, self._clock())
        await self._save(WorkingSet.of(self._places), store, session, recounted)
        return APPLIED

    async def prepare_event(self, answer: EventAnswer) -> Execution:
        return partial(self.settle_event, answer)

    async def settle_event(self, answer: EventAnswer, session: AsyncSession) -> str:
        """The caller commits."""
        store = Store(session, self._encryption, self._search, self._places, answer_id=answer.decision_id)
        names = [(kind.value, str(answer.household_id)) for kind in (ReportKind.HOUSEHOLD, ReportKind.GROUP)]
        working_set = await store.open_at(names, [])
        subject = next(filter(None, map(working_set.subjects.get, names)), None)
        filed = subject.displacements.get(str(answer.report_id)) if subject else None
        if subject is None or filed is None:
            return "not_found"
        if answer.answer == EventAnswered.NO:
            return APPLIED
        if isinstance(filed.clear, GroupClear):
            await self._recount([subject], store, session)
        else:
            working_set.publish_again(subject, filed)
            await self._save(working_set, store, session)
        return APPLIED

    async def judge_noted(self, session: AsyncSession) -> int:
        """Apply movements of sites to some of the listed households. Return their number. The caller commits."""
        store = Store(session, self._encryption, self._search, self._places)
        names = await store.noted(most=AT_ONCE, steps=STEPS_AT_ONCE)
        await self._save(await store.open_at(names, ()), store, session)
        return len(names)

    async def find_households(self, session: AsyncSession) -> int:
        """Compare the short codes of some waiting movements again. File a movement if its household has become known.

        A movement whose code has been wrong for too long is refused. Returns the number of filed movements. The caller
        commits.
        """
        codes, now = HouseholdCodes(await database.driver(session), self._search), self._clock()
        listed = await codes.listed()
        if not listed:
            return 0
        store = Store(session, self._encryption, self._search, self._places)
        waiting = await store.unidentified(listed)
        comparisons = await codes.compare_again(waiting, listed, now)
        given_up = expired(waiting, listed, comparisons, now - self._unknown_codes_kept)
        households = [(ReportKind.HOUSEHOLD.value, str(comparison.household_id)) for comparison in comparisons]
        movements = [*(comparison.movement for comparison in comparisons), *given_up]
        names = {*households, *(movement.subject for movement in movements)}
        working_set = await store.open_at(names, [movement.report_id for movement in movements])
        for comparison, household in zip(comparisons, households, strict=True):
            working_set.identify(comparison.movement, household)
        for movement in given_up:
            working_set.refuse_unidentified(movement)
        await self._save(working_set, store, session)
        return len(comparisons)

    async def publish_held(self, names: Collection[Name], session: AsyncSession) -> None:
        """Publish the newest held report about each of these households and groups.

        For registered groups, the counts are computed again. The caller commits.
        """
        if names:
            store = Store(session, self._encryption, self._search, self._places)
            working_set = await store.open_at(names, ())
            # No other service has received an event about these reports yet.
            working_set.held_before = {}
            await self._save(working_set, store, session)
            groups = [subject for (kind, _), subject in working_set.subjects.items() if kind == ReportKind.GROUP]
            if groups:
                await self._recount(groups, store, session)

    async def recount_groups(self, names: Collection[Name], session: AsyncSession) -> None:
        """Compute the counts of these groups again. Only changed counts are stored and published.

        The caller commits.
        """
        store = Store(session, self._encryption, self._search, self._places)
        subjects = (await store.open_at(names, ())).subjects
        await self._recount([subjects[name] for name in names if name in subjects], store, session)

    async def _recount(self, groups: Collection[Subject], store: Store, session: AsyncSession) -> None:
        recounted = await recount_stored(session, groups, store, self._clock())
        await self._save(WorkingSet.of(self._places), store, session, recounted)

    async def _save(
        self, working_set: WorkingSet, store: Store, session: AsyncSession, recounted: Recount | None = None
    ) -> None:
        """Judge the movements, store the changes, and publish them.

        If `recounted` is None, the counts are computed again.
        """
        now = self._clock()
        codes = HouseholdCodes(await database.driver(session), self._search)
        await codes.count_shared(working_set.given_codes, now)
        recounted = recounted or await recount(session, working_set, store, now)
        movements = working_set.undecided(recounted.movements)
        await store.read_outcomes(movements)
        working_set.judge(recounted.unmoved, movements)
        await codes.list_again(working_set.refiled, now)
        held_people = await held_events(session, working_set.held_changes(), self._places, now)
        messages = chain(recounted.messages, self._household_events.messages(working_set, now), held_people)
        await store.save(working_set, messages, recounted.tallies, recounted.outdated)


# All reports of a batch are filed in one working set.
REPORTS = Handlers(
    {
        HouseholdReported: Registrar.file_reports,
        GroupReported: Registrar.file_reports,
        HouseholdCorrectionReported: Registrar.file_reports,
        GroupCorrectionReported: Registrar.file_reports,
        HouseholdMovementReported: Registrar.file_reports,
        GroupMovementReported: Registrar.file_reports,
        SiteMovementReported: Registrar.file_reports,
    }
)


def adoption_of(decision: HeldDecision, filed: AnyFiled, adopted: Adopted) -> Adoption:
    return Adoption(
        decision_id=decision.decision_id,
        household_id=decision.household_id,
        report_id=UUID(filed.report_id),
        version=filed.clear.version,
        author=UUID(filed.author),
        former_reason=adopted.reason,
        replaced_id=UUID(adopted.replaced_id) if adopted.replaced_id else None,
        replaced_version=adopted.replaced_version,
    )
