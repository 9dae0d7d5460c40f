"""Computes how many people of each count are left after movements of groups, and where the moved people are. No I/O.

A movement of a group changes the group's counts that are in effect at the time of the movement. If a recount has
replaced a count, the movement changes the recount. The people who moved get a count of their own at the new place. A
later full recount at the new place replaces the count of the moved people. The rules are in docs/decisions/0042.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain

from services.registry.counts.choices import CountChoice
from services.registry.counts.headcounts import Headcount
from services.registry.counts.standings import NOBODY_MOVED, ORDER, MovedPeople, Recounts
from services.registry.decisions import RECORDED, Held, ReportDecision, held
from services.registry.groups.counts_in_effect import CountsInEffect
from services.registry.groups.moved_groups import is_there, part
from services.registry.groups.sources import sources
from services.registry.groups.tallies import Tallies, Tally
from services.registry.households.positions import TRANSITIONS
from services.registry.places.typed_sites import TypedSites
from services.registry.reports import Filed, FiledMovement, moved_at
from shared.events.vocabulary import Measure, Movement

MOST_PASSES = 20  # movements that depend on each other are computed again at most this often, and usually twice


def tallies(
    counts: Collection[Headcount],
    movements: Iterable[FiledMovement],
    sites: TypedSites,
    choices: Iterable[CountChoice] = (),
) -> Tallies:
    """`counts` must contain all counts that the movements may change: of their populations, sites and groups."""
    ordered = sorted(filter(has_effect, movements), key=movement_order)
    recounts, before = Recounts(counts, choices), NOBODY_MOVED
    known = tallies_of(counts, ordered, sites, recounts)
    # The counts in effect decide which counts a movement changes. The movements decide who was present at the time of a
    # later count. The people who were present decide whether two teams disagree, and thereby which counts are in
    # effect. Each pass settles at least one more count, in the order of time.
    for _ in range(MOST_PASSES):
        moved = moved_people(tally for tally in known.values() if recounts.are_of_several_teams(tally.count.population))
        if moved == before:
            break
        before = moved
        known = tallies_of(counts, ordered, sites, Recounts(counts, choices, moved))
    return known


def moved_people(known: Iterable[Tally]) -> MovedPeople:
    tallies = list(known)
    departed = {tally.count.report_id: parts for tally in tallies if (parts := tally.departed)}
    return MovedPeople(departed, tuple(tally.count for tally in tallies if tally.count.movement_id))


def tallies_of(
    counts: Iterable[Headcount], movements: Iterable[FiledMovement], sites: TypedSites, recounts: Recounts
) -> Tallies:
    known = {count.report_id: Tally.of(count, recounts) for count in map(recounts.with_hazard, counts)}
    counts_in_effect = CountsInEffect(known)
    for movement in movements:
        if not moves_people(movement):
            note(movement, counts_in_effect)
            continue
        for came in moved(movement, known, counts_in_effect):
            known[came.report_id] = Tally.of(came.at_typed_site(sites), recounts)
            counts_in_effect.add(known[came.report_id])
    return known


def has_effect(movement: FiledMovement) -> bool:
    kind = movement.clear.movement
    is_noted = TRANSITIONS[kind].confirms or kind is Movement.EVACUATION_LIFTED
    return (moves_people(movement) or is_noted) and not movement.clear.is_reversed


def note(movement: FiledMovement, counts_in_effect: CountsInEffect) -> None:
    """A movement that moves nobody is noted only in counts of displaced people."""
    at = moved_at(movement)
    for stock_id in counts_in_effect.stock_ids(movement, at):
        for tally in counts_in_effect.of_stock(stock_id, at):
            if tally.displaced:
                tally.note(at, is_lifted=movement.clear.movement is Movement.EVACUATION_LIFTED)


def moves_people(movement: FiledMovement) -> bool:
    return TRANSITIONS[movement.clear.movement].to is not None


def moved(movement: FiledMovement, known: Tallies, counts_in_effect: CountsInEffect) -> list[Headcount]:
    """Returns the counts of the moved people at their new place."""
    at, to = moved_at(movement), TRANSITIONS[movement.clear.movement].to
    left, parts = movement.clear.persons, list[Headcount]()
    for stock in stocks(movement, at, counts_in_effect):
        available = max(own(tally, at, known) for tally in stock)
        number = available if left is None else min(left, available)
        left = None if left is None else left - number
        if number:
            for whole in counted_with(stock, at, known):
                whole.take(number, at, to)
            moving = max((tally.take(number, at, to) for tally in stock), key=lambda people: people.count)
            parts.append(part(newest(stock), movement, moving, at))
        if left is None:
            for tally in stock:
                tally.empty(at)
    return parts


def stocks(movement: FiledMovement, at: datetime, counts_in_effect: CountsInEffect) -> Iterator[Sequence[Tally]]:
    """The counts that the movement concerns, grouped by stock.

    Displaced people come first, in the order of their counts. A later count of everybody at the site may include the
    people of an earlier count. If the movement states no number, returned or settled people move only if nobody else
    can move. An entry into the country concerns people who left the country first, and people who were displaced abroad
    second. Only an entry into the country concerns people who have left the country. After an assessed solution, people
    move only if they are displaced again. People who have died do not move.
    """
    present = [counts_in_effect.of_stock(stock_id, at) for stock_id in counts_in_effect.stock_ids(movement, at)]
    concerned = [[tally for tally in stock if tally.people.count] for stock in present]
    for is_source in sources(movement.clear.movement):
        possible = [stock for stock in concerned if stock and is_source(stock[0].count)]
        for stock in sorted(possible, key=lambda stock: newest(stock).order):
            if not is_there(movement, stock[0].count):
                yield stock
        if movement.clear.persons is None and possible:
            return


def newest(stock: Sequence[Tally]) -> Headcount:
    return max((tally.count for tally in stock), key=ORDER)


def counted_with(stock: Sequence[Tally], at: datetime, known: Tallies) -> list[Tally]:
    """A later count of everybody at the site may include the people of `stock`."""
    return [
        whole
        for whole in known.values()
        if whole.count.covers_site
        and all(whole is not tally for tally in stock)
        and whole.is_in_effect(at)
        and any(
            whole.count.site_id == tally.count.site_id
            and whole.count.clear.status is tally.count.clear.status
            and whole.count.order > tally.count.order
            for tally in stock
        )
    ]


def own(tally: Tally, at: datetime, known: Tallies) -> int:
    """A count of everybody at a site loses the people whom a later recount has counted again.

    `shared/places/site_counts.py` implements the same rule.
    """
    if not tally.count.covers_site:
        return tally.people.count
    again = defaultdict[str, int](int)
    for earlier in known.values():
        if is_counted_again(earlier, tally, at, known):
            again[earlier.count.stock_id] = max(again[earlier.count.stock_id], earlier.people.count)
    return max(0, tally.people.count - sum(again.values()))


def is_counted_again(earlier: Tally, whole: Tally, at: datetime, known: Tallies) -> bool:
    """Whether a recount that is newer than `whole` has counted people of `whole` again.

    `whole` counts everybody at a site, and `earlier` is an older count at this site. People are counted again if a
    recount newer than `whole` has replaced `earlier`.
    """
    included, count = earlier.count, whole.count
    replaced_by = known.get(earlier.standing.superseded_by or "")
    is_same_site = included.site_id == count.site_id and included.clear.status is count.clear.status
    if not is_same_site or replaced_by is None or replaced_by.count.stock_id == count.stock_id:
        return False
    return included.order < count.order < replaced_by.count.order and earlier.standing.superseded_at <= at


def unmoved(movements: Iterable[FiledMovement], known: Tallies) -> set[str]:
    """Returns the movements that moved nobody, because the people were at the destination before."""
    counts_in_effect, moving = CountsInEffect(known), {tally.count.movement_id for tally in known.values()}
    still = (movement for movement in filter(moves_people, movements) if movement.report_id not in moving)
    return {
        movement.report_id
        for movement in sorted(filter(has_effect, still), key=movement_order)
        if are_there(movement, counts_in_effect)
    }


def are_there(movement: FiledMovement, counts_in_effect: CountsInEffect) -> bool:
    at = moved_at(movement)
    stocks = (counts_in_effect.of_stock(stock_id, at) for stock_id in counts_in_effect.stock_ids(movement, at))
    return any(tally.people_at(at).count and is_there(movement, tally.count) for tally in chain.from_iterable(stocks))


def movement_order(movement: FiledMovement) -> tuple[datetime, datetime, str]:
    return moved_at(movement), movement.clear.reported_at, movement.report_id


def decisions(counts: Collection[Filed], movements: Collection[FiledMovement]) -> dict[str, ReportDecision]:
    """A reversed movement changes nothing."""
    stocks = [count for count in map(Headcount.of, counts) if count.clear.measure is Measure.STOCK]
    return {movement.report_id: decision(movement, stocks) for movement in movements}


def decision(movement: FiledMovement, counts: Sequence[Headcount]) -> ReportDecision:
    same = [count for count in counts if count.clear.status is movement.clear.status]
    if movement.clear.is_reversed or any(count.counted_at <= moved_at(movement) for count in same):
        return RECORDED
    return held(Held.BEFORE_COUNT if same or not counts else Held.OTHER_STATUS)
