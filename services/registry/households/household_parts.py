"""The parts of a household at different positions, and the people whom a movement concerns. No I/O."""

from collections.abc import Callable, Collection, Iterable, Mapping

from services.registry.decisions import ALREADY_KNOWN, RECORDED, Held, ReportDecision, held
from services.registry.households.people import People
from services.registry.households.positions import TRANSITIONS, Position
from services.registry.reports import Filed, FiledMovement, days, moved_at
from shared.events.vocabulary import Movement, SubStock

Parts = dict[Position, People]
# maps the position of people before the movement to their position after the movement
Lead = Callable[[Position], Position]


def concerned(parts: Parts, movement: FiledMovement, departure: Filed, lead: Lead) -> tuple[Parts, ReportDecision]:
    """`parts` are the parts of the household before the movement."""
    if movement.site_id:
        return at_site(parts, movement), RECORDED
    number = movement.clear.persons or 0
    if member_ids := frozenset(movement.sealed.get("member_ids", ())):
        return named(parts, movement, departure, member_ids)
    if number > sum(people.count for people in parts.values()):
        return {}, held(Held.MEMBERS_UNKNOWN)
    sources = TRANSITIONS[movement.clear.movement].sources
    for is_source in sources:
        if at_source := {at: people for at, people in parts.items() if is_source(at) and people.count}:
            return (taken(at_source, number, lead) if number else at_source), RECORDED
    return {}, nobody_left(parts, movement)


def at_site(parts: Parts, movement: FiledMovement) -> Parts:
    """Returns the people who are displaced at the site of the movement.

    Reports state that people are at a site, but not when they came. If the first report that names the site is later
    than the movement, the people are assumed to have come after the movement.
    """
    when = moved_at(movement)
    there = {at: people for at, people in parts.items() if at.is_displaced() and at.site_id == movement.site_id}
    return {at: people for at, people in there.items() if at.placed_at <= when}


def named(
    parts: Parts, movement: FiledMovement, departure: Filed, member_ids: frozenset[str]
) -> tuple[Parts, ReportDecision]:
    """A movement with the id of somebody outside the household is held. Members who are not displaced are left out."""
    named_parts = {
        position: members for position, people in parts.items() if (members := people.named(member_ids)[0]).count
    }
    known = {person["member_id"] for person in departure.sealed.get("members", ())}
    known |= {member_id for people in named_parts.values() for member_id, _ in people.members}
    if not named_parts or not member_ids <= known:
        return {}, held(Held.MEMBERS_UNKNOWN)
    sources = TRANSITIONS[movement.clear.movement].sources
    moving = {position: people for position, people in named_parts.items() if any(is_at(position) for is_at in sources)}
    return (moving, RECORDED) if moving else ({}, nobody_left(named_parts, movement))


def taken(parts: Parts, number: int, lead: Lead) -> Parts:
    """People whose position the movement changes are taken first, from the largest part.

    For example, two of five people have returned, and a later report says that three people have returned. The registry
    applies the later report to the three people who had not returned.
    """
    chosen: Parts = {}
    for position in sorted(
        largest_first(parts, parts), key=lambda position: position.compared == lead(position).compared
    ):
        if number > 0:
            chosen[position], _ = parts[position].first(number)
            number -= chosen[position].count
    return chosen


def nobody_left(parts: Parts, movement: FiledMovement) -> ReportDecision:
    """Dead people cannot move, so a movement is held if everybody died before the movement.

    If vague dates allow that the movement happened before a death, the movement is not held.
    """
    first, _ = days(movement)
    are_dead = all(position.died_by and position.died_by < first for position in parts)
    is_contradiction = are_dead and movement.clear.movement is not Movement.DIED
    return held(Held.AFTER_DEATH) if is_contradiction else ALREADY_KNOWN


def recognised(parts: Parts, member_ids: Collection[str], lead: Lead) -> Parts:
    """A member who cannot be in any part is left out."""
    for member_id in sorted(member_ids):
        is_named = any(member_id == id for people in parts.values() for id, _ in people.members)
        possible = {at: people for at, people in parts.items() if not is_named and people.may_include(member_id)}
        living = {at: people for at, people in possible.items() if at.sub_stock is not SubStock.DIED} or possible
        for position in taken(living, 1, lead):
            parts = {
                at: people.including(member_id) if at == position else people.excluding((member_id,))
                for at, people in parts.items()
            }
    return determined(parts)


def determined(parts: Parts) -> Parts:
    """If a member can be in only one part, the member is added to this part by name."""
    for position, people in parts.items():
        if people.is_determined:
            member_ids = [member_id for member_id, _ in people.candidates]
            rest = {at: others.excluding(member_ids) for at, others in parts.items() if at != position}
            return determined({**rest, position: people.determined})
    return parts


def replaced(parts: Parts, moving: Parts, after: Mapping[Position, Position]) -> Parts:
    """People with equal positions become one part."""
    result: Parts = {}
    for position, people in parts.items():
        rest = remaining(people, moving[position]) if position in moving else people
        if rest.count:
            result[position] = result.get(position, People()) + rest
    for position, people in moving.items():
        result[after[position]] = result.get(after[position], People()) + people
    return determined(result)


def remaining(people: People, moving: People) -> People:
    if moving.members and not any(moving.others):
        return people.named({member_id for member_id, _ in moving.members})[1]
    return people.first(moving.count)[1]


def largest_first(positions: Iterable[Position], parts: Parts) -> list[Position]:
    return sorted(positions, key=lambda position: (-parts[position].count, position.key))
