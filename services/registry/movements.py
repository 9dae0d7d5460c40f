"""Where displaced people are, by their movements: the sub-stock and place of each part of a household. No I/O.

Movements are applied in the order of day, `reported_at` and report id, so the order of arrival does not matter. A
movement belongs to the displacement that it follows. Nothing ends by time: people leave the stock only by death or by
leaving the country. The rules are in docs/decisions/0041.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from services.registry.decisions import Effect, Held, ReportDecision, held
from services.registry.people import People
from services.registry.reports import NEVER, AnyFiled, Filed, FiledMovement
from shared.country import COUNTRY, TIME_ZONE, UNKNOWN_COUNTRY
from shared.events.vocabulary import Movement, OutcomeKind, Precision, Shelter, SubStock
from shared.places.localities import folded

STOCK = (SubStock.IN_DISPLACEMENT, SubStock.IN_RETURN, SubStock.IN_SETTLEMENT)
ONWARD = (Movement.TRANSFERRED, Movement.DISPLACED_AGAIN)

RECORDED = ReportDecision(Effect.BEGIN, OutcomeKind.RECORDED)
SAME_PLACE = ReportDecision(Effect.BEGIN, OutcomeKind.NOTED, "same_place")
ALREADY_KNOWN = ReportDecision(Effect.BEGIN, OutcomeKind.NOTED, "already_known")


@dataclass(frozen=True, slots=True)
class Position:
    """Where people are, since when they are displaced, and when somebody last confirmed it."""

    sub_stock: SubStock
    pcode: str | None
    country: str | None
    departed_at: datetime
    confirmed_at: datetime
    locality: str = ""
    shelter: str = Shelter.UNKNOWN
    movement: Movement | None = None  # the movement that led there
    is_return_presumed: bool = False
    intends_to_stay: bool = False
    contact_lost_at: datetime | None = None

    @property
    def place(self) -> tuple[str, ...]:
        return self.sub_stock, self.pcode or "", self.country or "", self.locality, self.shelter

    @property
    def told(self) -> tuple[Any, ...]:
        """What a movement may change, besides the times."""
        return *self.place, self.is_return_presumed, self.intends_to_stay, self.contact_lost_at is not None

    @property
    def key(self) -> tuple[Any, ...]:
        """A sort key for positions of the same size."""
        return *self.place, self.departed_at, self.confirmed_at, self.movement or ""

    def is_in_stock(self) -> bool:
        return self.sub_stock in STOCK

    def is_displaced(self) -> bool:
        return self.sub_stock is SubStock.IN_DISPLACEMENT

    def has_left(self) -> bool:
        return self.sub_stock is SubStock.LEFT_COUNTRY

    def is_abroad(self) -> bool:
        """Whether they are displaced to another country."""
        return self.is_in_stock() and self.pcode is None and self.country not in (COUNTRY, UNKNOWN_COUNTRY)


class Transition(NamedTuple):
    """What a movement does to people.

    `to` is their sub-stock afterwards; None if they stay in theirs. A movement concerns people at `sources`. If it
    names nobody, it concerns the people at the first of `sources` where somebody is. If it does not confirm, nobody has
    seen the people.
    """

    to: SubStock | None
    sources: tuple[Callable[[Position], bool], ...] = (Position.is_in_stock, Position.has_left)
    confirms: bool = True


TRANSITIONS = {
    Movement.CONFIRMED_HERE: Transition(None),
    Movement.TRANSFERRED: Transition(SubStock.IN_DISPLACEMENT),
    Movement.DISPLACED_AGAIN: Transition(SubStock.IN_DISPLACEMENT),
    Movement.RETURNED: Transition(SubStock.IN_RETURN),
    Movement.SETTLED_ELSEWHERE: Transition(SubStock.IN_SETTLEMENT),
    Movement.INTENDS_TO_STAY: Transition(None),
    Movement.RELOCATED: Transition(SubStock.IN_SETTLEMENT),
    Movement.LEFT_COUNTRY: Transition(SubStock.LEFT_COUNTRY),
    Movement.ENTERED_COUNTRY: Transition(SubStock.IN_DISPLACEMENT, (Position.has_left, Position.is_abroad)),
    Movement.DIED: Transition(SubStock.DIED),
    Movement.CONTACT_LOST: Transition(None, confirms=False),
    Movement.EVACUATION_LIFTED: Transition(None, (Position.is_displaced,), confirms=False),
}


Parts = dict[Position, People]
Lead = Callable[[Position], Position]  # where a movement leads people

Row = tuple[Position, People, int]  # with 1 for the part that counts as the household, else 0


class Stay(NamedTuple):
    """People who were at one position. `households` is 1 for the largest part of a household in a sub-stock, else 0."""

    position: Position
    people: People
    households: int
    began_at: datetime
    precision: Precision
    ended_at: datetime


class Passage(NamedTuple):
    """People who moved from one position to another. `households` is 1 for the largest part that moved, else 0."""

    movement: FiledMovement
    before: Position
    after: Position
    people: People
    households: int
    moved_at: datetime


class PartsSince(NamedTuple):
    """The people's positions from this time on."""

    at: datetime
    precision: Precision
    parts: Parts


class Course(NamedTuple):
    """What happened to the people of one displacement, and the decision about each movement.

    The report of the displacement describes the people until `changed_at`, and `stays` describe them from then on.
    `departed` are the people of the report without those who had died or left the country before.
    """

    parts: Parts
    departed: People
    changed_at: datetime
    stays: list[Stay]
    passages: list[Passage]
    decisions: dict[str, ReportDecision]


def course(
    departure: Filed,
    movements: Iterable[FiledMovement],
    ends_at: datetime = NEVER,
    gone: Mapping[Position, People] = {},
) -> Course:
    """Apply the movements of one displacement, which ends when the next displacement begins.

    `gone` are the people whom the report lists, though they had died or left the country before.
    """
    clear, listed = departure.clear, beginning(departure)
    snapshots = [PartsSince(clear.occurred_at, clear.occurred_at_precision, listed)]
    [departed] = listed.values()
    if gone:
        [start] = listed
        departed = departed.named({member_id for people in gone.values() for member_id, _ in people.members})[1]
        present = {start: departed} if departed.count else {}
        snapshots.append(snapshots[0]._replace(parts={**present, **gone}))
    passages: list[Passage] = []
    decisions: dict[str, ReportDecision] = {}
    for movement in sorted(movements, key=movement_order):
        before, at = snapshots[-1].parts, movement.clear.occurred_at
        at = max(at, snapshots[-1].at) if ends_at is NEVER else min(max(at, snapshots[-1].at), ends_at)
        lead = partial(moved, movement=movement, departure=departure, at=at)
        recognisable = recognised(before, frozenset(movement.sealed.get("member_ids", ())), lead)
        moving, decision = concerned(recognisable, movement, departure, lead)
        before = recognisable if moving else before
        after = {position: lead(position) for position in moving}
        if decision is RECORDED and is_known(movement, after):
            decision = SAME_PLACE if movement.clear.movement in ONWARD else ALREADY_KNOWN
            after = {position: noted(position, Movement.CONFIRMED_HERE, at) for position in moving}
        decisions[movement.report_id] = decision
        passages += [
            Passage(movement, position, after[position], moving[position], int(number == 0), at)
            for number, position in enumerate(largest_first(leaving(after), moving))
        ]
        snapshots.append(PartsSince(at, movement.clear.occurred_at_precision, replaced(before, moving, after)))
    first, *stays = stays_of(snapshots, ends_at)
    return Course(snapshots[-1].parts, departed, first.ended_at, stays, passages, decisions)


def beginning(departure: Filed) -> Parts:
    clear, sealed = departure.clear, departure.sealed
    position = Position(
        SubStock.IN_DISPLACEMENT,
        clear.destination.pcode,
        clear.destination.country,
        departed_at=clear.occurred_at,
        confirmed_at=clear.reported_at,
        shelter=sealed.get("shelter", Shelter.UNKNOWN),
    )
    return {position: People.of(departure)}


def recognised(parts: Parts, member_ids: Collection[str], lead: Lead) -> Parts:
    """The same people with these members named, who may be among those of whom only a number was told."""
    for member_id in sorted(member_ids):
        is_named = any(member_id == id for people in parts.values() for id, _ in people.members)
        possible = {at: people for at, people in parts.items() if not is_named and people.may_include(member_id)}
        living = {at: people for at, people in possible.items() if at.sub_stock is not SubStock.DIED} or possible
        for found in taken(living, 1, lead):
            parts = {
                at: people.including(member_id) if at == found else people.excluding((member_id,))
                for at, people in parts.items()
            }
    return determined(parts)


def determined(parts: Parts) -> Parts:
    """The same people with the members named who can be nowhere else."""
    for position, people in parts.items():
        if people.is_determined:
            found = [member_id for member_id, _ in people.candidates]
            rest = {at: others.excluding(found) for at, others in parts.items() if at != position}
            return determined({**rest, position: people.determined})
    return parts


def concerned(parts: Parts, movement: FiledMovement, departure: Filed, lead: Lead) -> tuple[Parts, ReportDecision]:
    """The people whom the movement concerns, by their position. It would lead them to another one."""
    number = movement.clear.persons or 0
    if member_ids := frozenset(movement.sealed.get("member_ids", ())):
        return named(parts, movement, departure, member_ids)
    if number > sum(people.count for people in parts.values()):
        return {}, held(Held.MEMBERS_UNKNOWN)
    sources = TRANSITIONS[movement.clear.movement].sources
    for is_source in sources:
        if found := {at: people for at, people in parts.items() if is_source(at) and people.count}:
            return (taken(found, number, lead) if number else found), RECORDED
    return {}, nobody_left(parts, movement)


def named(
    parts: Parts, movement: FiledMovement, departure: Filed, member_ids: frozenset[str]
) -> tuple[Parts, ReportDecision]:
    """The members with these ids. Each must be in the household, but some of them may not be displaced."""
    found = {position: members for position, people in parts.items() if (members := people.named(member_ids)[0]).count}
    known = {person["member_id"] for person in departure.sealed.get("members", ())}
    known |= {member_id for people in found.values() for member_id, _ in people.members}
    if not found or not member_ids <= known:
        return {}, held(Held.MEMBERS_UNKNOWN)
    sources = TRANSITIONS[movement.clear.movement].sources
    moving = {position: people for position, people in found.items() if any(is_at(position) for is_at in sources)}
    return (moving, RECORDED) if moving else ({}, nobody_left(found, movement))


def taken(parts: Parts, number: int, lead: Lead) -> Parts:
    """So many of these people: first those for whom the movement changes something, and then the largest part.

    So if two of five have returned and then three return, all have.
    """
    chosen: Parts = {}
    for position in sorted(largest_first(parts, parts), key=lambda position: position.told == lead(position).told):
        if number > 0:
            chosen[position], _ = parts[position].first(number)
            number -= chosen[position].count
    return chosen


def nobody_left(parts: Parts, movement: FiledMovement) -> ReportDecision:
    is_dead = all(position.sub_stock is SubStock.DIED for position in parts)
    is_contradiction = is_dead and movement.clear.movement is not Movement.DIED
    return held(Held.AFTER_DEATH) if is_contradiction else ALREADY_KNOWN


def moved(before: Position, movement: FiledMovement, departure: Filed, at: datetime) -> Position:
    """Where the people are after the movement."""
    kind, transition = movement.clear.movement, TRANSITIONS[movement.clear.movement]
    if transition.to is None:
        return noted(before, kind, at)
    is_new = kind is Movement.DISPLACED_AGAIN and before.sub_stock is not SubStock.IN_DISPLACEMENT
    departed_at = at if is_new else before.departed_at
    place = destination(before, movement, departure)
    return Position(
        transition.to, **place, departed_at=departed_at, confirmed_at=max(before.confirmed_at, at), movement=kind
    )


def noted(before: Position, kind: Movement, at: datetime) -> Position:
    """The same position, with what a movement says about people who stay."""
    if TRANSITIONS[kind].confirms:
        intends = before.intends_to_stay or kind is Movement.INTENDS_TO_STAY
        confirmed_at = max(before.confirmed_at, at)
        confirmed = replace(before, confirmed_at=confirmed_at, contact_lost_at=None, is_return_presumed=False)
        return replace(confirmed, intends_to_stay=intends)
    if kind is Movement.EVACUATION_LIFTED:
        return replace(before, is_return_presumed=True)
    return replace(before, contact_lost_at=at)


def destination(before: Position, movement: FiledMovement, departure: Filed) -> dict[str, Any]:
    """The place that a movement leads to. Without a destination people return to their origin, or stay."""
    clear, sealed = movement.clear, movement.sealed
    if clear.destination is not None:
        place = {"pcode": clear.destination.pcode, "country": clear.destination.country}
        locality = folded(sealed.get("destination_locality"))
        return {**place, "locality": locality, "shelter": sealed.get("shelter", Shelter.UNKNOWN)}
    if clear.movement is Movement.RETURNED:
        return {"pcode": departure.clear.origin.pcode, "country": departure.clear.origin.country}
    if clear.movement is Movement.LEFT_COUNTRY:
        return {"pcode": None, "country": UNKNOWN_COUNTRY}
    return {name: getattr(before, name) for name in ("pcode", "country", "locality", "shelter")}


def is_known(movement: FiledMovement, after: Mapping[Position, Position]) -> bool:
    """Whether the movement leads everybody to the place where they already are."""
    leads = TRANSITIONS[movement.clear.movement].to is not None
    return leads and bool(after) and all(before.place == position.place for before, position in after.items())


def leaving(after: Mapping[Position, Position]) -> list[Position]:
    """The positions that the people have left."""
    return [before for before, position in after.items() if before.place != position.place]


def replaced(parts: Parts, moving: Parts, after: Mapping[Position, Position]) -> Parts:
    """All people after these have moved. People at equal positions are counted together."""
    result: Parts = {}
    for position, people in parts.items():
        rest = remaining(people, moving[position]) if position in moving else people
        if rest.count:
            result[position] = result.get(position, People()) + rest
    for position, people in moving.items():
        result[after[position]] = result.get(after[position], People()) + people
    return determined(result)


def remaining(people: People, moving: People) -> People:
    """The people without those who moved."""
    if moving.members and not any(moving.others):
        return people.named({member_id for member_id, _ in moving.members})[1]
    return people.first(moving.count)[1]


def stays_of(snapshots: Iterable[PartsSince], ends_at: datetime) -> list[Stay]:
    """The stays in the order of their ends. The first one is that of the displacement's own report."""
    stays: list[Stay] = []
    present: dict[Row, tuple[datetime, Precision]] = {}
    for at, precision, parts in (*snapshots, PartsSince(ends_at, Precision.HOUR, {})):
        rows = weighted(parts)
        stays += [Stay(*row, *since, at) for row, since in present.items() if row not in rows]
        present = {row: present.get(row, (at, precision)) for row in rows}
    first, *others = stays
    return [first, *(stay for stay in others if stay.began_at != stay.ended_at)]


def weighted(parts: Parts) -> list[Row]:
    """The people in the stock. Of a household's parts in one sub-stock, only the largest counts as a household."""
    by_sub_stock: dict[SubStock, list[Position]] = {sub_stock: [] for sub_stock in STOCK}
    for position in parts:
        if position.sub_stock in by_sub_stock:
            by_sub_stock[position.sub_stock].append(position)
    return [
        (position, parts[position], int(position is positions[0]))
        for own in by_sub_stock.values()
        for positions in [largest_first(own, parts)]
        for position in positions
    ]


def largest_first(positions: Iterable[Position], parts: Parts) -> list[Position]:
    return sorted(positions, key=lambda position: (-parts[position].count, position.key))


def movement_order(movement: FiledMovement) -> tuple[date, datetime, str]:
    """A sort key for movements, which does not depend on the order of arrival."""
    return day(movement), movement.clear.reported_at, movement.report_id


def day(filed: AnyFiled) -> date:
    return filed.clear.occurred_at.astimezone(TIME_ZONE).date()


def days(filed: AnyFiled) -> tuple[date, date]:
    """The first and the last day on which the event may have happened, by the precision of its date."""
    reported, precision = day(filed), filed.clear.occurred_at_precision
    if precision is Precision.WEEK:
        return reported - timedelta(days=6), reported + timedelta(days=6)
    if precision is Precision.MONTH:
        first = reported.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if precision is Precision.YEAR:
        return date(reported.year, 1, 1), date(reported.year, 12, 31)
    return reported, reported
