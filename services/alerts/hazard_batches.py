"""Selects the hazards of a batch that are newer than the stored hazards."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.queries import hazards as hazard_queries
from shared.events import HazardReported
from shared.events.vocabulary import OutcomeKind
from shared.messaging.records import Outcome, Received


@dataclass
class HazardBatch:
    """`outcomes` has the outcomes by position in the batch. Each hazard has one outcome.

    `hazards` has the new revisions by their positions, and `newest` the last of them by hazard.

    `revised` are the hazards that were stored before the batch. Other hazards can have neither alerts nor exposures.
    `superseded` are the received revisions that are not among the newest.
    """

    outcomes: dict[int, Outcome] = field(default_factory=dict)
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
    batch, revisions = HazardBatch(), dict(stored)
    for position, reading in enumerate(received):
        hazard: HazardReported = reading.event.data
        if hazard.is_release:
            batch.outcomes[position] = Outcome(OutcomeKind.NOTED, "release")
            continue
        if hazard.revision <= revisions.get(hazard.hazard_id, -1):
            batch.outcomes[position] = Outcome(OutcomeKind.NOTED, "not_newer")
            continue
        revisions[hazard.hazard_id] = hazard.revision
        batch.hazards[position] = batch.newest[hazard.hazard_id] = hazard
    batch.revised = batch.newest.keys() & stored.keys()
    newest = {id(hazard) for hazard in batch.newest.values()}
    reports = (reading.event.data for reading in received if not reading.event.data.is_release)
    batch.superseded = [hazard for hazard in reports if id(hazard) not in newest]
    return batch
