"""Handlers: file reports and decisions in the working set, store the changes and add events to the outbox."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import held
from services.registry.envelope_encryption import EnvelopeEncryption
from services.registry.household_events import HouseholdEvents, utcnow
from services.registry.models import HeldDecision
from services.registry.reports import Filed
from services.registry.storage import Store
from shared.events import GroupCorrectionReported, GroupReported, HouseholdCorrectionReported, HouseholdReported
from shared.events.vocabulary import OutcomeKind
from shared.messaging.decisions import Deed
from shared.messaging.handlers import Handlers
from shared.messaging.records import Outcome, Received
from shared.places import Places


class Registrar:
    def __init__(self, vault: EnvelopeEncryption, places: Places, *, clock: Callable[[], datetime] = utcnow) -> None:
        self._vault = vault
        self._places = places
        self._herald = HouseholdEvents(places)
        self._clock = clock

    async def file_reports(self, received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        """File the reports. Return one outcome per report, in order. The caller commits."""
        batch = [filed_of(one) for one in received]
        store = Store(session, self._vault, self._places)
        book = await store.open(batch)
        decisions = [book.file(one) for one in batch]
        await store.save(book, self._herald.messages(book, self._clock()))
        return [Outcome(decision.outcome, decision.reason) for decision in decisions]

    async def prepare_held(self, decision: HeldDecision) -> Deed:
        return partial(self.settle_held, decision)

    async def settle_held(self, decision: HeldDecision, session: AsyncSession) -> str:
        """Execute a person's decision about a held report. The caller commits."""
        found = await held.named(session, decision.outcome_id)
        if found is None:
            return "not_held"
        kind, subject_id, report_id = map(str, found)
        store = Store(session, self._vault, self._places)
        book = await store.open_at({(kind, subject_id)}, [report_id])
        outcome_id = str(decision.outcome_id)
        filed = next((one for one in book.reports[report_id] if one.outcome_id == outcome_id), None)
        if filed is None or filed.outcome is not OutcomeKind.HELD:
            return "not_held"
        if decision.is_accepted:
            decided = book.accept(filed, is_expiry_only=decision.is_expiry_only)
        else:
            decided = book.refuse(filed)
        await store.save(book, self._herald.messages(book, self._clock()))
        return decided.outcome


# Event type -> handler. All reports of a batch are filed in one working set.
REPORTS = Handlers(
    {
        HouseholdReported: Registrar.file_reports,
        GroupReported: Registrar.file_reports,
        HouseholdCorrectionReported: Registrar.file_reports,
        GroupCorrectionReported: Registrar.file_reports,
    }
)


def filed_of(received: Received) -> Filed:
    filed: Filed = received.opened
    filed.replaces = received.replaces
    return filed
