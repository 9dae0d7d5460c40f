"""What a batch of hazards and households brings that was not known, and what became of each of its positions."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import queries, sightings
from services.alerts.ruleset import DisplacementRule, ExposureRule
from services.alerts.sightings import Departure, Household
from shared.events import Event, HazardReported, HouseholdCorrected, HouseholdRegistered
from shared.events.vocabulary import OutcomeKind, Status
from shared.places import Places
from shared.readings import Outcome, Received

WEIGHT = (OutcomeKind.NOTED, OutcomeKind.SUPPRESSED, OutcomeKind.ALERTED)
Flight = tuple[Status, str, date]  # an area that households left, and when
Arrival = tuple[Status, str]  # an area where displaced households live now


@dataclass
class Batch:
    """`said` gathers what became of each position, the weightiest word wins."""

    received: Sequence[Received]
    hazards: dict[int, HazardReported] = field(default_factory=dict)
    lay_over: dict[UUID, Sequence[str]] = field(default_factory=dict)  # the hazards' areas until now
    households: dict[int, Household] = field(default_factory=dict)
    before: list[Household] = field(default_factory=list)
    departures: list[tuple[int, Departure]] = field(default_factory=list)
    withdrawn: list[Departure] = field(default_factory=list)  # said before by the reports that say otherwise now
    departed: dict[UUID, Departure | None] = field(default_factory=dict)  # by report, as it stands at the end
    said: dict[int, Outcome] = field(default_factory=dict)

    def say(self, places: Iterable[int], outcome: Outcome) -> None:
        for place in places:
            known = self.said.get(place)
            if known is None or WEIGHT.index(outcome.kind) > WEIGHT.index(known.kind):
                self.said[place] = outcome

    def newest_hazards(self) -> dict[UUID, int]:
        return {hazard.hazard_id: place for place, hazard in self.hazards.items()}

    def flights(self, rule: DisplacementRule | None) -> dict[Flight, list[int]]:
        """By area left and date, the positions that speak of it; what was corrected away is counted anew too."""
        found = defaultdict[Flight, list[int]](list)
        for place, one in (*self.departures, *((None, one) for one in self.withdrawn)):
            if rule is not None and one.mobility in rule.mobility:
                found[one.status, one.area, one.occurred_on] += [] if place is None else [place]
        return found

    def arrivals(self, rule: ExposureRule | None) -> dict[Arrival, list[int]]:
        """By area where a displaced household now lives, the positions that speak of it; where one lived before too."""
        found = defaultdict[Arrival, list[int]](list)
        for place, one in (*self.households.items(), *((None, one) for one in self.before)):
            if rule is not None and one.destination_area is not None and one.mobility in rule.mobility:
                found[one.status, one.destination_area] += [] if place is None else [place]
        return found

    @property
    def outcomes(self) -> list[Outcome]:
        return [self.said[place] for place in range(len(self.received))]


async def news(received: Sequence[Received], places: Places, session: AsyncSession) -> Batch:
    """What is no newer than what is known is said to be so."""
    batch = Batch(received)
    hazards = {place: one.event.data for place, one in enumerate(received) if is_hazard(one.event)}
    arrived = {place: one.event.data for place, one in enumerate(received) if place not in hazards}
    if hazards:
        await _newer_hazards(batch, hazards, session)
    if arrived:
        await _newer_households(batch, arrived, places, session)
        await _departures(batch, {place: arrived[place] for place in batch.households}, places, session)
    return batch


async def _newer_hazards(batch: Batch, hazards: dict[int, HazardReported], session: AsyncSession) -> None:
    known = await queries.hazards(session, {hazard.hazard_id for hazard in hazards.values()})
    batch.lay_over = {hazard_id: areas for hazard_id, (_, areas) in known.items()}
    newest = {hazard_id: revision for hazard_id, (revision, _) in known.items()}
    for place, hazard in hazards.items():
        if hazard.revision <= newest.get(hazard.hazard_id, -1):
            batch.say([place], Outcome(OutcomeKind.NOTED, "not_newer"))
            continue
        newest[hazard.hazard_id] = hazard.revision
        batch.hazards[place] = hazard


async def _newer_households(
    batch: Batch, arrived: dict[int, HouseholdRegistered], places: Places, session: AsyncSession
) -> None:
    known = await queries.households(session, {event.household_id for event in arrived.values()})
    for place, event in arrived.items():
        household, before = sightings.household(event, places), known.get(event.household_id)
        if before is not None and household.sequence <= before.sequence:
            batch.say([place], Outcome(OutcomeKind.NOTED, "not_newer"))
            continue
        if before is not None:
            batch.before.append(before)
        known[event.household_id] = batch.households[place] = household


async def _departures(
    batch: Batch, newer: dict[int, HouseholdRegistered], places: Places, session: AsyncSession
) -> None:
    """Displaced again, a household has left both areas; corrected, only the one that its report names now."""
    told = [
        (place, report_id, left)
        for place, event in newer.items()
        for report_id, left in sightings.departures(event, places).items()
    ]
    departed = batch.departed
    departed |= await queries.departures(
        session, {id for place, id, _ in told for id in (id, newer[place].household_id)}
    )
    for place, report_id, left in told:
        stood_under = report_id
        if departed.get(report_id) is None and isinstance(newer[place], HouseholdCorrected):
            stood_under = newer[place].household_id  # the release before kept no report
        if (before := departed.get(stood_under)) is not None:
            batch.withdrawn.append(before)
            departed[stood_under] = None
        departed[report_id] = left
        if left is not None:
            batch.departures.append((place, left))


def is_hazard(event: Event[HazardReported] | Event[HouseholdRegistered]) -> bool:
    return isinstance(event.data, HazardReported)
