"""Selects the records of a batch that are newer than the stored state, and collects an outcome for each record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.queries import hazards as hazard_queries
from shared.events import HazardReported
from shared.events.vocabulary import OutcomeKind
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

    @property
    def outcomes(self) -> list[Outcome]:
        return [self.settled[position] for position in range(len(self.received))]


@dataclass
class HazardBatch(ConsumedBatch):
    """`hazards` has the new revisions by their positions in `received`, and `newest` the last of them by hazard.

    `revised` are the hazards that were stored before the batch. Other hazards can have neither alerts nor exposures.
    `superseded` are the received revisions that are not among the newest.
    """

    hazards: dict[int, HazardReported] = field(default_factory=dict)
    newest: dict[UUID, HazardReported] = field(default_factory=dict)
    revised: set[UUID] = field(default_factory=set)
    superseded: Sequence[HazardReported] = ()


async def hazards_of(received: Sequence[Received], session: AsyncSession) -> HazardBatch:
    """A hazard that is not newer than the stored hazard gets the outcome `not_newer`.

    The release of a hazard to the public changes nothing, because the stored hazard already has all facts.
    A release does not count as a revision.
    """
    stored = await hazard_queries.revisions(session, {reading.event.data.hazard_id for reading in received})
    batch, revisions = HazardBatch(received), dict(stored)
    for position, reading in enumerate(received):
        hazard: HazardReported = reading.event.data
        if hazard.is_release:
            batch.settle([position], Outcome(OutcomeKind.NOTED, "release"))
            continue
        if hazard.revision <= revisions.get(hazard.hazard_id, -1):
            batch.settle([position], Outcome(OutcomeKind.NOTED, "not_newer"))
            continue
        revisions[hazard.hazard_id] = hazard.revision
        batch.hazards[position] = batch.newest[hazard.hazard_id] = hazard
    batch.revised = batch.newest.keys() & stored.keys()
    newest = {id(hazard) for hazard in batch.newest.values()}
    reports = (reading.event.data for reading in received if not reading.event.data.is_release)
    batch.superseded = [hazard for hazard in reports if id(hazard) not in newest]
    return batch
