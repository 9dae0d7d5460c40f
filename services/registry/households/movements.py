"""Computes from movements the sub-stock and the place of each part of a household. No I/O.

Movements are sorted by day, `reported_at` and report id, so the order of arrival does not matter. A movement belongs to
the latest displacement before the movement. Nothing changes only because time passes. People leave the stock only if
they die, leave the country, or have an assessed solution. The rules are in docs/decisions/0041.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import NamedTuple

from services.registry.decisions import ALREADY_KNOWN, RECORDED, SAME_PLACE, ReportDecision
from services.registry.figures.stays import PartsSince, Stay, stays_of
from services.registry.households.household_parts import Parts, concerned, largest_first, recognised, replaced
from services.registry.households.people import People
from services.registry.households.positions import TRANSITIONS, Position, moved
from services.registry.reports import NEVER, Filed, FiledMovement, movement_order
from shared.events.vocabulary import Movement, Shelter, SubStock
from shared.places.localities import StatedLocality

REACHED_ONCE = (SubStock.IN_RETURN, SubStock.LEFT_COUNTRY)
ONWARD = (Movement.TRANSFERRED, Movement.DISPLACED_AGAIN)


class Passage(NamedTuple):
    """`households` is 1 for the largest part that moved, and 0 for all other parts."""

    movement: FiledMovement
    before: Position
    after: Position
    people: People
    households: int
    moved_at: datetime


class Course(NamedTuple):
    """The report of the displacement describes the people until `changed_at`, and `stays` describe them afterwards.

    `departed` are the people in the report, except people who had died or left the country before. `site_movements` are
    the movements of everybody at a site that concerned the people.
    """

    parts: Parts
    departed: People
    changed_at: datetime
    stays: list[Stay]
    passages: list[Passage]
    decisions: dict[str, ReportDecision]
    site_movements: list[str]


def course(
    departure: Filed,
    movements: Iterable[FiledMovement],
    ends_at: datetime = NEVER,
    gone: Mapping[Position, People] = {},
) -> Course:
    """The displacement ends when the next displacement begins.

    `gone` are people in the report who had died or left the country before the displacement.
    """
    clear, listed = departure.clear, beginning(departure)
    snapshots = [PartsSince(clear.occurred_at, listed)]
    [departed] = listed.values()
    if gone:
        [start] = listed
        departed = departed.named({member_id for people in gone.values() for member_id, _ in people.members})[1]
        present = {start: departed} if departed.count else {}
        snapshots.append(snapshots[0]._replace(parts={**present, **gone}))
    passages: list[Passage] = []
    decisions: dict[str, ReportDecision] = {}
    site_movements: list[str] = []
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
        if not movement.site_id:
            decisions[movement.report_id] = decision
        elif moving:
            site_movements.append(movement.report_id)
        passages += [
            Passage(movement, position, after[position], moving[position], int(number == 0), at)
            for number, position in enumerate(largest_first(leaving(after), moving))
        ]
        snapshots.append(PartsSince(at, replaced(before, moving, after)))
    first, *stays = stays_of(snapshots, ends_at)
    return Course(snapshots[-1].parts, departed, first.ended_at, stays, passages, decisions, site_movements)


def beginning(departure: Filed) -> Parts:
    clear, sealed = departure.clear, departure.sealed
    position = Position(
        SubStock.IN_DISPLACEMENT,
        clear.destination.pcode,
        clear.destination.country,
        departed_at=clear.occurred_at,
        confirmed_at=clear.reported_at,
        precision=clear.occurred_at_precision,
        locality=StatedLocality.of(sealed.get("destination_locality"), sealed.get("destination_locality_pcode")),
        shelter=sealed.get("shelter", Shelter.UNKNOWN),
        site_id=sealed.get("site_id") or "",
        placed_at=departure.placed_at if sealed.get("site_id") else NEVER,
    )
    return {position: People.of(departure)}


def is_known(movement: FiledMovement, after: Mapping[Position, Position]) -> bool:
    leads = TRANSITIONS[movement.clear.movement].to is not None
    return leads and bool(after) and all(before.place == position.place for before, position in after.items())


def leaving(after: Mapping[Position, Position]) -> list[Position]:
    """People return once, and leave the country once.

    If a later report of the same movement names another place, nobody moves a second time.
    """
    return [
        before
        for before, position in after.items()
        if before.place != position.place
        and not (before.sub_stock is position.sub_stock and position.sub_stock in REACHED_ONCE)
    ]
