"""Finds the displacement before each movement of a household, and the present place of the people.

No I/O.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import NamedTuple

from services.registry.decisions import RECORDED, Held, ReportDecision, held
from services.registry.households.household_parts import Parts, largest_first
from services.registry.households.movements import Course, course
from services.registry.households.people import People
from services.registry.households.positions import ABSENT, STOCK, Position
from services.registry.reports import MOVES, Filed, FiledMovement, day, days, moved_at, order, superseded
from shared import events
from shared.country import TIME_ZONE
from shared.events.vocabulary import Mobility, Movement, OutcomeKind, Precision, Status, SubStock


@dataclass
class Courses:
    """`by_departure` maps the report id of each displacement with movements to the displacement's course."""

    by_departure: dict[str, Course] = field(default_factory=dict)
    decisions: dict[str, ReportDecision] = field(default_factory=dict)


class HouseholdStanding(NamedTuple):
    displaced: int
    returned: int
    settled: int
    pcode: str | None
    country: str | None
    confirmed_at: datetime
    is_return_presumed: bool


def courses(displacements: Collection[Filed], movements: Collection[FiledMovement]) -> Courses:
    """A reversed movement changes nothing."""
    result, following = Courses(), defaultdict[str, list[FiledMovement]](list)
    moves = sorted((filed for filed in displacements if filed.clear.mobility in MOVES), key=order)
    for movement in movements:
        departure = departure_of(movement, moves)
        if departure and not movement.clear.is_reversed:
            following[departure.report_id].append(movement)
        elif not movement.site_id:
            is_reversed = movement.clear.is_reversed
            decision = RECORDED if is_reversed else held(why_nothing_precedes(movement, moves))
            result.decisions[movement.report_id] = decision
    gone: defaultdict[str, Parts] = defaultdict(dict)  # by status
    for departure, ends_at in sorted(superseded(displacements), key=lambda episode: order(episode[0])):
        own, before = following.get(departure.report_id, ()), gone[departure.clear.status]
        carried = carried_over(departure, before) if departure.clear.mobility in MOVES else {}
        if own or carried:
            followed = course(departure, own, ends_at, carried)
            result.decisions |= followed.decisions
            if not carried and not has_effect(followed):
                continue  # the household is stored like a household without movements
            result.by_departure[departure.report_id] = followed
            gone[departure.clear.status] = still_gone(before, followed.parts)
    return result


def has_effect(followed: Course) -> bool:
    are_held = all(decision.outcome is OutcomeKind.HELD for decision in followed.decisions.values())
    return not are_held or bool(followed.stays or followed.passages)


def why_nothing_precedes(movement: FiledMovement, moves: Sequence[Filed]) -> Held:
    if not moves:
        return Held.NOT_DISPLACED
    has_status = any(move.clear.status is movement.clear.status for move in moves)
    return Held.BEFORE_DEPARTURE if has_status else Held.OTHER_STATUS


class Onward(NamedTuple):
    """`left` is None if the report of the displacement was withdrawn."""

    report_id: str
    movement_id: str
    status: Status
    occurred_on: date
    precision: Precision
    reported_on: date
    mobility: Mobility
    left: tuple[str | None, str | None] | None  # the P-code and the country of the place that most of the people left


def onward(displacements: Mapping[str, Filed], known: Courses) -> dict[str, Onward]:
    return {
        onward_id(passage.movement, displacements[report_id]): Onward(
            onward_id(passage.movement, displacements[report_id]),
            passage.movement.report_id,
            passage.movement.clear.status,
            day(passage.movement),
            passage.movement.clear.occurred_at_precision,
            passage.movement.known_at.astimezone(TIME_ZONE).date(),
            displacements[report_id].clear.mobility,
            (passage.before.pcode, passage.before.country),
        )
        for report_id, course in known.by_departure.items()
        for passage in course.passages
        if passage.movement.clear.movement is Movement.DISPLACED_AGAIN and passage.households
    }


def onward_id(movement: FiledMovement, departure: Filed) -> str:
    """A movement of everybody at a site concerns many households, so an id is derived for each household."""
    if not movement.site_id:
        return movement.report_id
    return str(events.derived_id("onward", movement.report_id, departure.subject[1]))


def changed(before: Mapping[str, Onward], after: Mapping[str, Onward]) -> list[Onward]:
    gone = [was._replace(left=None) for report_id, was in before.items() if report_id not in after]
    return [*gone, *(now for report_id, now in after.items() if before.get(report_id) != now)]


def carried_over(departure: Filed, gone: Parts) -> Parts:
    """If all living members had left the country, a new report means that they are in the country again."""
    people, carried = People.of(departure), Parts()
    for position, others in gone.items():
        if (named := people.named({member_id for member_id, _ in others.members})[0]).count:
            add(carried, replace(position, departed_at=departure.clear.occurred_at), named)
    if sum(named.count for named in carried.values()) < people.count:
        return carried
    return {position: named for position, named in carried.items() if position.sub_stock is SubStock.DIED}


def still_gone(before: Parts, now: Parts) -> Parts:
    """A report of a new displacement may omit members who died or left the country before.

    Members with an assessed solution are left out, because a new displacement concerns them again.
    """
    seen = {member_id for people in now.values() for member_id, _ in (*people.members, *people.candidates)}
    gone = {position: people.named(seen)[1] for position, people in before.items()}
    for position, people in now.items():
        if position.sub_stock in ABSENT:
            add(gone, position, people)
    return gone


def add(parts: Parts, position: Position, people: People) -> None:
    parts[position] = parts.get(position, People()) + people


def departure_of(movement: FiledMovement, moves: Sequence[Filed]) -> Filed | None:
    """`moves` are sorted by time.

    If a displacement and a movement happened on one day, the order of `reported_at` decides. A movement of everybody at
    a site concerns no household that was reported after the movement.
    """
    last = days(movement)[1]
    begun = [move for move in moves if move.clear.status is movement.clear.status and days(move)[0] <= last]
    if movement.site_id:
        when = moved_at(movement)
        return next((move for move in reversed(begun) if day(move) < day(movement) or move.known_at <= when), None)
    for move in reversed(begun):
        if day(move) < day(movement) or move.clear.reported_at <= movement.clear.reported_at:
            return move
    return begun[0] if begun else None


def standing(current: Course | None) -> HouseholdStanding | None:
    """Return None if no movement followed the displacement."""
    if current is None:
        return None
    numbers = dict.fromkeys(STOCK, 0)
    for position, people in current.parts.items():
        if position.sub_stock in numbers:
            numbers[position.sub_stock] += people.count
    present = [position for position in current.parts if position.sub_stock in numbers] or list(current.parts)
    at = [position for position in present if position.sub_stock is SubStock.IN_DISPLACEMENT] or present
    main = largest_first(at, current.parts)[0]
    return HouseholdStanding(
        displaced=numbers[SubStock.IN_DISPLACEMENT],
        returned=numbers[SubStock.IN_RETURN],
        settled=numbers[SubStock.IN_SETTLEMENT],
        pcode=main.pcode,
        country=main.country,
        confirmed_at=min(position.confirmed_at for position in at),
        is_return_presumed=any(position.is_return_presumed for position in at),
    )
