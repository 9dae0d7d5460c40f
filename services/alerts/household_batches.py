"""Selects the events about households and groups that are newer than the stored state."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import projections
from services.alerts.areas_left import of_unknown_origin
from services.alerts.projections import (
    CountedGroup,
    Departure,
    DisplacedHousehold,
    Flight,
    HeldPeople,
    HeldSubject,
    Stock,
)
from services.alerts.queries import groups as group_queries
from services.alerts.queries import held as held_queries
from services.alerts.queries import households as household_queries
from services.alerts.rules.findings import RuleKind
from shared.events import GroupCounted, GroupHeld, HouseholdCorrected, HouseholdHeld, HouseholdRegistered
from shared.events.vocabulary import Mobility, OutcomeKind, ReportKind, Status
from shared.messaging.records import Outcome, Received
from shared.places import Places

WEIGHT = (OutcomeKind.NOTED, OutcomeKind.SUPPRESSED, OutcomeKind.ALERTED)


@dataclass
class HouseholdBatch:
    """`settled` has one outcome for each record. Of several outcomes, the last in the order of `WEIGHT` counts."""

    received: Sequence[Received]
    settled: dict[int, Outcome] = field(default_factory=dict)
    households: dict[int, DisplacedHousehold] = field(default_factory=dict)
    before: dict[UUID, DisplacedHousehold] = field(default_factory=dict)
    departures: list[tuple[int, Departure]] = field(default_factory=list)
    withdrawn: list[Departure] = field(default_factory=list)
    departed_before: dict[UUID, Departure] = field(default_factory=dict)
    departed: dict[UUID, Departure | None] = field(default_factory=dict)
    groups: dict[int, CountedGroup] = field(default_factory=dict)
    groups_before: dict[UUID, CountedGroup] = field(default_factory=dict)
    replaced: dict[UUID, int] = field(default_factory=dict)
    left_on_before: dict[Stock, date] = field(default_factory=dict)
    left_on: dict[Stock, date] = field(default_factory=dict)
    held: dict[int, HeldPeople] = field(default_factory=dict)
    # These people were held before this batch, which may register them.
    held_before: dict[HeldSubject, HeldPeople] = field(default_factory=dict)
    ended: dict[HeldSubject, HeldPeople] = field(default_factory=dict)
    # Contains the stocks that have a count of everybody at a site, for the sites where this batch counts people.
    covering: Collection[UUID] = ()
    held_in_stocks: Sequence[HeldPeople] = ()  # Contains the held counts of stocks that the batch counts, too.

    def settle(self, positions: Iterable[int], outcome: Outcome) -> None:
        for position in positions:
            known = self.settled.get(position)
            if known is None or WEIGHT.index(outcome.kind) > WEIGHT.index(known.kind):
                self.settled[position] = outcome

    @property
    def outcomes(self) -> list[Outcome]:
        return [self.settled[position] for position in range(len(self.received))]

    @property
    def newest(self) -> dict[UUID, DisplacedHousehold]:
        return {household.household_id: household for household in self.households.values()}

    @property
    def newest_groups(self) -> dict[UUID, CountedGroup]:
        return {group.report_id: group for group in self.groups.values()}

    @property
    def newest_held(self) -> dict[HeldSubject, HeldPeople]:
        return {held.subject: held for held in self.held.values()} | self.ended

    def flights(self, mobility: Collection[Mobility]) -> dict[Flight, list[int]]:
        """Maps each flight to the positions of its records in the batch.

        A flight is a status, an area and a date of departure.

        A flight without a record in the batch is judged again in three cases:

        - The batch withdraws a departure of this flight.
        - The batch changes the departure date of a stock of this flight.
        - The batch has held people of this flight.
        """
        positions = defaultdict[Flight, list[int]](list)
        for position, departure in (*self.departures, *((None, departure) for departure in self.withdrawn)):
            if departure.mobility in mobility:
                positions[departure.status, departure.area, departure.occurred_on] += (
                    [] if position is None else [position]
                )
        for (status, area, _), day in (*self.left_on_before.items(), *self.left_on.items()):
            if area is not None:
                positions[status, area, day] += []
        for position, group in self.groups.items():
            day_left = self.left_on.get(group.stock)
            if group.is_counted and group.mobility in mobility and group.origin_area and day_left:
                positions[group.status, group.origin_area, day_left].append(position)
        for flight, own in self._held_flights(mobility):
            positions[flight] += own
        return positions

    def _held_flights(self, mobility: Collection[Mobility]) -> Iterator[tuple[Flight, list[int]]]:
        held = (
            *(([position], people) for position, people in self.held.items()),
            *(([], people) for people in (*self.held_before.values(), *self.held_in_stocks)),
        )
        for own, people in held:
            if people.flight is not None and people.mobility in mobility:
                yield people.flight, own

    @property
    def stock_ids(self) -> set[UUID]:
        counted = {group.stock_id for group in self._all_groups}
        held = (*self.held.values(), *self.held_before.values())
        return counted | {*self.covering} | {people.stock_id for people in held if people.stock_id is not None}

    @property
    def site_ids(self) -> set[UUID]:
        return {group.site_id for group in self._all_groups if group.site_id is not None}

    @property
    def _all_groups(self) -> tuple[CountedGroup, ...]:
        return *self.groups.values(), *self.groups_before.values()

    @property
    def locks(self) -> set[tuple[str, str]]:
        """If the batch has a count at a site, the area of unknown origin is locked as well.

        A count at a site changes the number of people of unknown origin.
        """
        left = {departure.area for departure in (*self.withdrawn, *(departure for _, departure in self.departures))}
        left |= {group.origin_area for group in self._all_groups if group.origin_area is not None}
        left |= {of_unknown_origin(group.destination_area) for group in self._all_groups if group.site_id is not None}
        held = (*self.held.values(), *self.held_before.values())
        left |= {people.origin_area for people in held if people.origin_area is not None}
        known = (*self.newest.values(), *self.before.values())
        lived_in = {household.destination_area for household in known if household.destination_area is not None}
        return {(RuleKind.DISPLACEMENT.value, area) for area in left} | {
            (RuleKind.EXPOSURE.value, area) for area in lived_in
        }

    @property
    def moved(self) -> list[tuple[int, DisplacedHousehold]]:
        """A household's earlier state counts -1, and its new state counts +1."""
        return [
            *((-1, household) for household in self.before.values() if household.destination_area is not None),
            *((1, household) for household in self.newest.values() if household.destination_area is not None),
        ]


async def households_of(received: Sequence[Received], places: Places, session: AsyncSession) -> HouseholdBatch:
    """An event that is not newer gets the outcome `not_newer`.

    People in a held report and in a recorded report must not be counted twice. An event that registers held people
    therefore ends their hold, even before the event about the end of the hold arrives.
    """
    batch = HouseholdBatch(received)
    events = {position: reading.event.data for position, reading in enumerate(received)}
    groups = {position: event for position, event in events.items() if isinstance(event, GroupCounted)}
    held = {position: event for position, event in events.items() if isinstance(event, HouseholdHeld | GroupHeld)}
    households = {position: event for position, event in events.items() if position not in groups.keys() | held.keys()}
    await _households(batch, households, places, session)
    await _groups(batch, groups, places, session)
    subject_ids = {event.key for event in events.values()}
    batch.held_before = await held_queries.held_people(session, subject_ids)
    _held(batch, held, places)
    known = batch.held_before | batch.newest_held
    batch.ended = {
        subject: replace(known[subject], is_counted=False)
        for event in (*households.values(), *groups.values())
        if (subject := _subject(event)) in known and _ends(event, known[subject])
    }
    return batch


def _subject(event: HouseholdRegistered | GroupCounted) -> HeldSubject:
    return ReportKind.GROUP if isinstance(event, GroupCounted) else ReportKind.HOUSEHOLD, event.key


def _ends(event: HouseholdRegistered | GroupCounted, held: HeldPeople) -> bool:
    """Only an Actual event registers the people of an Actual report."""
    return event.status is Status.ACTUAL or held.status is not Status.ACTUAL


def _held(batch: HouseholdBatch, events: Mapping[int, HouseholdHeld | GroupHeld], places: Places) -> None:
    newest = {subject: held.sequence for subject, held in batch.held_before.items()}
    for position, event in events.items():
        held = projections.held_people(event, places)
        if held.sequence <= newest.get(held.subject, -1):
            batch.settle([position], Outcome(OutcomeKind.NOTED, "not_newer"))
            continue
        newest[held.subject] = held.sequence
        batch.held[position] = held


async def _groups(
    batch: HouseholdBatch, events: Mapping[int, GroupCounted], places: Places, session: AsyncSession
) -> None:
    known = await group_queries.groups(session, {event.report_id for event in events.values()})
    before = dict(known)
    for position, event in events.items():
        group = projections.group(event, places)
        if group.report_id in known and group.sequence <= known[group.report_id].sequence:
            batch.settle([position], Outcome(OutcomeKind.NOTED, "not_newer"))
            continue
        if group.comparison is None and group.report_id in known:
            group = replace(group, comparison=known[group.report_id].comparison)
        known[group.report_id] = batch.groups[position] = group
        for report_id in event.replaces:
            batch.replaced[report_id] = max(event.sequence, batch.replaced.get(report_id, 0))
    batch.groups_before = {id: group for id, group in before.items() if id in batch.newest_groups}


async def _households(
    batch: HouseholdBatch, events: Mapping[int, HouseholdRegistered], places: Places, session: AsyncSession
) -> None:
    if not events:
        return
    known = await household_queries.households(session, {event.household_id for event in events.values()})
    batch.before = dict(known)
    newer: dict[int, HouseholdRegistered] = {}
    for position, event in events.items():
        household = projections.household(event, places)
        before = known.get(household.household_id)
        if before is not None and household.sequence <= before.sequence:
            batch.settle([position], Outcome(OutcomeKind.NOTED, "not_newer"))
            continue
        known[household.household_id] = batch.households[position] = household
        newer[position] = event
    batch.before = {id: household for id, household in batch.before.items() if id in batch.newest}
    await _departures(batch, newer, places, session)


async def _departures(
    batch: HouseholdBatch, newer: Mapping[int, HouseholdRegistered], places: Places, session: AsyncSession
) -> None:
    """A correction replaces the departure of the corrected report, and no other departure."""
    reported = [
        (position, report_id, left)
        for position, event in newer.items()
        for report_id, left in projections.departures(event, places).items()
    ]
    batch.departed_before = await household_queries.departures(
        session, {id for position, id, _ in reported for id in (id, newer[position].household_id)}
    )
    departed = batch.departed
    departed |= batch.departed_before
    for position, report_id, left in reported:
        stood_under = report_id
        if departed.get(report_id) is None and isinstance(newer[position], HouseholdCorrected):
            # Earlier releases of Dayar stored departures under the household's id.
            stood_under = newer[position].household_id
        if (before := departed.get(stood_under)) is not None:
            batch.withdrawn.append(before)
            departed[stood_under] = None
        departed[report_id] = left
        if left is not None:
            batch.departures.append((position, left))
