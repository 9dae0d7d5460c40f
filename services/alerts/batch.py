"""Selects the records of a batch that are newer than the stored state, and collects an outcome for each record."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.queries import hazards as hazard_queries
from shared.events import HazardReported
from shared.events.vocabulary import OutcomeKind
from shared.messaging import traces
from shared.messaging.records import Outcome, Received

WEIGHT = (OutcomeKind.NOTED, OutcomeKind.SUPPRESSED, OutcomeKind.ALERTED)


@dataclass
class ConsumedBatch:
    """`settled` has one outcome for each record. Of several outcomes, the last in the order of `WEIGHT` counts."""

    received: Sequence[Received]
    settled: dict[int, Outcome] = field(default_factory=dict)

    def settle(self, positions: Iterable[int], outcome: Outcome) -> None:
        for position in positions:
            known = self.settled.get(position)
            if known is None or WEIGHT.index(outcome.kind) > WEIGHT.index(known.kind):
                self.settled[position] = outcome

    def caused_by(self, positions: Sequence[int]) -> AbstractContextManager[None]:
        return traces.caused_by(self.received[position] for position in positions)

    @property
    def outcomes(self) -> list[Outcome]:
        return [self.settled[position] for position in range(len(self.received))]


@dataclass
class HazardBatch(ConsumedBatch):
    """`stored` has the hazards as they were before the batch."""

    hazards: dict[int, HazardReported] = field(default_factory=dict)
    stored: frozenset[UUID] = frozenset()

    @property
    def newest(self) -> dict[UUID, HazardReported]:
        return {hazard.hazard_id: hazard for hazard in self.hazards.values()}

    @property
    def revised(self) -> set[UUID]:
        """A hazard that was not stored before the batch can have neither alerts nor exposures."""
        return self.newest.keys() & self.stored

    @property
    def superseded(self) -> list[HazardReported]:
        """The release of a hazard to the public does not count as a revision."""
        newest = {id(hazard) for hazard in self.newest.values()}
        received = [reading.event.data for reading in self.received if not reading.event.data.is_release]
        return [hazard for hazard in received if id(hazard) not in newest]


async def hazards_of(received: Sequence[Received], session: AsyncSession) -> HazardBatch:
    """A hazard that is not newer than the stored hazard gets the outcome `not_newer`.

    The release of a hazard to the public changes nothing, because the stored hazard already has all facts.
    """
    newest = await hazard_queries.revisions(session, {reading.event.data.hazard_id for reading in received})
    batch = HazardBatch(received, stored=frozenset(newest))
    for position, reading in enumerate(received):
        hazard: HazardReported = reading.event.data
        if hazard.is_release:
            batch.settle([position], Outcome(OutcomeKind.NOTED, "release"))
            continue
        if hazard.revision <= newest.get(hazard.hazard_id, -1):
            batch.settle([position], Outcome(OutcomeKind.NOTED, "not_newer"))
            continue
        newest[hazard.hazard_id] = hazard.revision
        batch.hazards[position] = hazard
    return batch
