"""The positions of displaced people, and the change of a position by a movement. No I/O."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from services.registry.reports import NEVER, Filed, FiledMovement, days, moved_at
from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events.vocabulary import Movement, Precision, Shelter, SubStock
from shared.places.localities import StatedLocality

NOT_STATED = StatedLocality()
STOCK = (SubStock.IN_DISPLACEMENT, SubStock.IN_RETURN, SubStock.IN_SETTLEMENT)
ABSENT = (SubStock.LEFT_COUNTRY, SubStock.DIED)
OUTSIDE_STOCK = (*ABSENT, SubStock.DURABLE_SOLUTION)


@dataclass(frozen=True, slots=True)
class Position:
    """`precision` says how exactly the day of arrival is known.

    A report that only confirms the place leaves `precision` unchanged.
    """

    sub_stock: SubStock
    pcode: str | None
    country: str | None
    departed_at: datetime
    confirmed_at: datetime
    precision: Precision = Precision.DAY
    locality: StatedLocality = NOT_STATED
    shelter: str = Shelter.UNKNOWN
    movement: Movement | None = None
    is_return_presumed: bool = False
    intends_to_stay: bool = False
    contact_lost_at: datetime | None = None
    site_id: str = ""
    placed_at: datetime = NEVER  # the time of the first report that names the site of the people
    died_by: date | None = None  # the last day on which the people may have died

    @property
    def place(self) -> tuple[Any, ...]:
        return self.sub_stock, self.pcode or "", self.country or "", self.locality, self.shelter, self.site_id

    @property
    def compared(self) -> tuple[Any, ...]:
        """Times are not compared: two positions with different times can be equal."""
        return *self.place, self.is_return_presumed, self.intends_to_stay, self.contact_lost_at is not None

    @property
    def key(self) -> tuple[Any, ...]:
        """Parts with equal numbers of people are sorted by this key."""
        since = self.departed_at, self.confirmed_at, self.placed_at
        return *self.place, *since, self.movement or "", self.died_by or date.max

    def is_in_stock(self) -> bool:
        return self.sub_stock in STOCK

    def is_displaced(self) -> bool:
        return self.sub_stock is SubStock.IN_DISPLACEMENT

    def has_left(self) -> bool:
        return self.sub_stock is SubStock.LEFT_COUNTRY

    def has_solution(self) -> bool:
        return self.sub_stock is SubStock.DURABLE_SOLUTION

    def is_abroad(self) -> bool:
        return self.is_in_stock() and self.pcode is None and self.country not in (COUNTRY, UNKNOWN_COUNTRY)


class Transition(NamedTuple):
    """`to` is the new sub-stock, or None if the sub-stock does not change.

    `sources` are conditions for the position of people, which are tried in order until somebody meets one. A movement
    that names nobody concerns the people who meet a condition. `confirms` is false if the report does not mean that
    somebody saw the people.
    """

    to: SubStock | None
    sources: tuple[Callable[[Position], bool], ...] = (Position.is_in_stock, Position.has_left)
    confirms: bool = True


TRANSITIONS = {
    Movement.CONFIRMED_HERE: Transition(None),
    Movement.TRANSFERRED: Transition(SubStock.IN_DISPLACEMENT),
    Movement.DISPLACED_AGAIN: Transition(
        SubStock.IN_DISPLACEMENT, (Position.is_in_stock, Position.has_left, Position.has_solution)
    ),
    Movement.RETURNED: Transition(SubStock.IN_RETURN),
    Movement.SETTLED_ELSEWHERE: Transition(SubStock.IN_SETTLEMENT),
    Movement.INTENDS_TO_STAY: Transition(None),
    Movement.RELOCATED: Transition(SubStock.IN_SETTLEMENT),
    Movement.LEFT_COUNTRY: Transition(SubStock.LEFT_COUNTRY),
    Movement.ENTERED_COUNTRY: Transition(SubStock.IN_DISPLACEMENT, (Position.has_left, Position.is_abroad)),
    Movement.DIED: Transition(SubStock.DIED),
    Movement.CONTACT_LOST: Transition(None, confirms=False),
    Movement.EVACUATION_LIFTED: Transition(None, (Position.is_displaced,), confirms=False),
    Movement.SOLUTION_ASSESSED: Transition(SubStock.DURABLE_SOLUTION, (Position.is_in_stock,)),
}


def moved(before: Position, movement: FiledMovement, departure: Filed, at: datetime) -> Position:
    kind, transition = movement.clear.movement, TRANSITIONS[movement.clear.movement]
    if transition.to is None:
        return noted(before, kind, at)
    is_new = kind is Movement.DISPLACED_AGAIN and before.sub_stock is not SubStock.IN_DISPLACEMENT
    departed_at = at if is_new else before.departed_at
    place = destination(before, movement, departure)
    after = Position(
        transition.to,
        **place,
        departed_at=departed_at,
        confirmed_at=max(before.confirmed_at, at),
        precision=movement.clear.occurred_at_precision,
        movement=kind,
        placed_at=moved_at(movement) if place.get("site_id") else NEVER,
        died_by=days(movement)[1] if kind is Movement.DIED else None,
    )
    return noted(before, Movement.CONFIRMED_HERE, at) if is_same_place(before, after) else after


def is_same_place(before: Position, after: Position) -> bool:
    """If the newer report omits a fact, the fact is the same as before.

    If people have returned to a unit, a second return to the unit moves nobody.
    """
    is_same_unit = (before.pcode, before.country) == (after.pcode, after.country)
    is_same_settlement = bool(after.locality.pcode) and after.locality.pcode == before.locality.pcode
    if before.sub_stock is not after.sub_stock or not (is_same_unit or is_same_settlement):
        return False
    is_same_locality = not after.locality.name or after.locality.is_same(before.locality)
    is_same_shelter = after.shelter in (Shelter.UNKNOWN, before.shelter)
    is_same_site = after.site_id in ("", before.site_id)
    return after.sub_stock is SubStock.IN_RETURN or (is_same_locality and is_same_shelter and is_same_site)


def noted(before: Position, kind: Movement, at: datetime) -> Position:
    if TRANSITIONS[kind].confirms:
        intends = before.intends_to_stay or kind is Movement.INTENDS_TO_STAY
        confirmed_at = max(before.confirmed_at, at)
        confirmed = replace(before, confirmed_at=confirmed_at, contact_lost_at=None, is_return_presumed=False)
        return replace(confirmed, intends_to_stay=intends)
    if kind is Movement.EVACUATION_LIFTED:
        return replace(before, is_return_presumed=True)
    return replace(before, contact_lost_at=at)


def destination(before: Position, movement: FiledMovement, departure: Filed) -> dict[str, Any]:
    """If no destination is stated, the kind of the movement decides. People who returned are at their origin.

    People who left the country are in an unknown country. After all other movements, people stay where they were, even
    if they were abroad.
    """
    clear, sealed = movement.clear, movement.sealed
    if clear.destination is not None:
        place = {"pcode": clear.destination.pcode, "country": clear.destination.country}
        locality = StatedLocality.of(sealed.get("destination_locality"), sealed.get("destination_locality_pcode"))
        shelter, site_id = sealed.get("shelter", Shelter.UNKNOWN), sealed.get("destination_site_id") or ""
        return {**place, "locality": locality, "shelter": shelter, "site_id": site_id}
    if clear.movement is Movement.RETURNED:
        return {"pcode": departure.clear.origin.pcode, "country": departure.clear.origin.country}
    if clear.movement is Movement.LEFT_COUNTRY and not before.has_left():
        return {"pcode": None, "country": UNKNOWN_COUNTRY}
    return {name: getattr(before, name) for name in ("pcode", "country", "locality", "shelter", "site_id")}
