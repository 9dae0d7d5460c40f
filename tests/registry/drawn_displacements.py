"""Draws the reports of 2,000 households and groups, including movements and corrections."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.events.vocabulary import Quantifier, Status
from tests.registry.drawn_people import by_bracket, displaced
from tests.registry.drawn_reports import (
    DESTINATIONS,
    OF_SITES,
    ORIGINS,
    PLACES,
    PRECISIONS,
    circumstances,
    displacement,
    following,
    leads_to,
    next_place,
    place,
    precision,
    times,
)
from tests.registry.factories import group, movement
from tests.registry.independent_figures import Body, code
from tests.registry.seeded_randomness import Draw, codes

FIRST = datetime(2024, 9, 1, tzinfo=UTC)
OTHER_STATUSES = [status for status in codes(Status) if status != "Actual"]
UNABLE_TO_MOVE = {"mobility": "unable_to_move", "evacuation": None}


def moment(draw: Draw) -> datetime:
    return FIRST + timedelta(days=draw.randrange(500), hours=draw.randrange(24))


def households(draw: Draw) -> Iterator[Body]:
    for number in range(1380):
        first = displacement(draw, at := moment(draw))
        yield first
        if number % 4 == 0:
            yield from changed(draw, list(movements_of(draw, first)))
        if number % 4 == 1:
            yield corrected(first, displacement(draw, at))
        if number % 4 == 2:
            yield from displaced_twice(draw, first, at)
        if number % 12 == 3:
            yield from without_effect(draw, first, at)


def without_effect(draw: Draw, first: Body, at: datetime) -> Iterator[Body]:
    later = displacement(draw, at + timedelta(days=draw.randint(1, 300)), household_id=first["household_id"])
    yield later | UNABLE_TO_MOVE if draw.random() < 0.5 else practised(draw, later)


def displaced_twice(draw: Draw, first: Body, at: datetime) -> Iterator[Body]:
    if draw.random() < 0.3:
        yield from list(movements_of(draw, first, most_days=15))[:1]
    yield displacement(draw, at + timedelta(days=draw.randint(30, 300)), household_id=first["household_id"])


def movements_of(draw: Draw, body: Body, *, most_days: int = 150) -> Iterator[Body]:
    """Draws up to three movements of a household.

    Only the first movement may concern a part of the household. The moved part is never exactly half of the household.
    If the first movement states only a number of people, no second movement follows.
    """
    at, kind = datetime.fromisoformat(body["occurred_at"]), ""
    people = [person["member_id"] for person in displaced(body)]
    size = len(people) or body["persons"]
    for number in range(draw.randint(1, 3)):
        at += timedelta(days=draw.randint(1, most_days))
        kind = following(draw, kind)
        more = leads_to(draw, kind, next_place(draw, kind))
        some = draw.randint(1, size)
        is_part = number == 0 and 2 * some != size
        is_counted = is_part and some < size and (not people or draw.random() < 0.3)
        if is_counted:
            more |= {"persons": some}
        elif is_part and people:
            more |= {"member_ids": draw.sample(people, some)}
        yield movement(body, kind, **times(draw, at), **more)
        if is_counted:
            return


def changed(draw: Draw, moves: list[Body]) -> Iterator[Body]:
    yield from moves
    last, kind = moves[-1], draw.choice(("returned", "displaced_again"))
    if draw.random() < 0.1:
        yield practised(draw, last)
    if draw.random() < 0.2:
        yield {**last, "version": 2, "is_reversed": True}
    elif draw.random() < 0.2:
        kept = {name: value for name, value in last.items() if name not in ("destination", "shelter")}
        yield {**kept, "version": 2, "movement": kind, **leads_to(draw, kind, next_place(draw, kind))}


def practised(draw: Draw, report: Body) -> Body:
    """Returns the report with another status, for example of an exercise. Figures leave such a report out."""
    return {**report, "report_id": str(uuid4()), "status": draw.deal(OTHER_STATUSES)}


def corrected(first: Body, changed: Body) -> Body:
    return {**changed, "report_id": first["report_id"], "household_id": first["household_id"], "version": 2}


def groups(draw: Draw) -> Iterator[Body]:
    for number in range(460):
        first = count(draw, at := moment(draw), measure="flow" if number % 5 == 0 else "stock", number=number)
        if number % 5 == 4:
            yield counted_later(draw, first, at)
        else:
            yield first
        if number % 5 == 1:
            yield from recounted(draw, first, at)
        if number % 5 == 2:
            yield from group_movements(draw, first, at)
        if number % 5 == 3:
            yield {**first, "version": 2, "persons": draw.randint(18, 200)}


def count(draw: Draw, at: datetime, *, measure: str = "stock", number: int | None = None, **changed: Any) -> Body:
    """Draws the count of a group. With `number`, no other group is at the place of this group."""
    origin = draw.choice(ORIGINS)
    destination = draw.choice([code for code in DESTINATIONS if code != origin])
    body = group(
        **circumstances(draw, rare=0.5),
        occurred_at=at.isoformat(),
        occurred_at_precision=precision(draw),
        reported_at=at.isoformat(),
        origin=place(origin),
        destination=place(destination),
        measure=measure,
        persons=draw.randint(18, 200),
        sex_age=by_bracket(draw, most=9),
        quantifier=draw.deal(codes(Quantifier)),
        persons_estimated=draw.random() < 0.2,
        **({} if number is None else {"destination_locality": f"Айыл {number}"}),
    )
    return body | changed


def counted_later(draw: Draw, first: Body, at: datetime) -> Body:
    """The count was made some days after the displacement, and was reported some days after the count.

    Some of the drawn reports do not count displaced people.
    """
    counted_at = at + timedelta(days=draw.randint(0, 20))
    reported_at = counted_at + timedelta(days=draw.randint(0, 20))
    more = {"counted_at": counted_at.isoformat(), "counted_at_precision": draw.deal(PRECISIONS)}
    body = {**first, **more, "reported_at": reported_at.isoformat()}
    return draw.choice((body, body, body | UNABLE_TO_MOVE, practised(draw, body)))


def recounted(draw: Draw, first: Body, at: datetime) -> Iterator[Body]:
    later = at + timedelta(days=105)
    stated = {"occurred_at": at.isoformat(), "reported_at": later.isoformat()}
    recount = {"report_id": str(uuid4()), "persons": draw.randint(18, 200), "is_full_recount": True}
    if draw.random() < 0.5:
        yield from list(group_movements(draw, first, at))[:1]
    yield {**first, **recount, **stated}
    if draw.random() < 0.5:
        yield from group_movements(draw, first, later, is_divided=True)


def group_movements(draw: Draw, of: Body, at: datetime, *, is_divided: bool = False) -> Iterator[Body]:
    """Draws up to three movements of a group or of a part of it.

    Each movement leads to another place. Some are reversed.

    People of several places may move to one place together. No later movement of these people states a number, because
    nobody could say whose people moved.
    """
    visited, kind, have_joined = {code(of["origin"]), code(of["destination"])}, "", False
    number_of_movements = draw.randint(1, 3)
    for number in range(number_of_movements):
        kind, is_last = following(draw, kind), number == number_of_movements - 1
        is_part = kind == "died" or draw.random() < 0.5
        if is_part and (have_joined or (is_divided and not is_last)):
            return
        elsewhere = next_place(draw, kind, tuple(each for each in PLACES if each not in visited) or PLACES)
        most = of["persons"] if is_last else of["persons"] // 2 ** (number + 1)
        some = {"persons": draw.randint(1, most)} if is_part else {}
        more = {**some, **leads_to(draw, kind, elsewhere)}
        visited.add(code(more.get("destination")))
        have_joined = have_joined or (is_divided and not is_part)
        is_divided = is_divided or is_part
        moved = movement(of, kind, **times(draw, at + timedelta(days=draw.randint(1, 90))), **more)
        at = datetime.fromisoformat(moved["reported_at"])
        yield moved
        if draw.random() < 0.1:
            yield practised(draw, moved)
        if draw.random() < 0.1:
            yield {**moved, "version": 2, "is_reversed": True}
        elif is_last and is_part and draw.random() < 0.2:
            yield {**moved, "version": 2, "persons": draw.randint(1, most)}


def sites(draw: Draw) -> Iterator[Body]:
    for number in range(40):
        at, destination = moment(draw), draw.choice(PLACES)
        origins = [code for code in ORIGINS if code != destination]
        here = {"site_id": str(UUID(int=draw.getrandbits(128), version=4)), "destination": place(destination)}
        for _ in range(3):
            yield displacement(draw, at) | here | {"origin": place(draw.choice(origins))}
        yield count(draw, at) | here | {"origin": place(draw.choice(origins))}
        yield from site_movements(draw, here, at, OF_SITES[number % len(OF_SITES)])


def site_movements(draw: Draw, of: Body, at: datetime, kind: str) -> Iterator[Body]:
    """Draws movements of everybody at a site to other places.

    Some movements are reversed. A second movement follows if the first movement has no destination.
    """
    others = tuple(code for code in PLACES if code != of["destination"]["pcode"])
    site = {"kind": "site", "site_id": of["site_id"]}
    at += timedelta(days=draw.randint(1, 150))
    moved = movement(
        site, kind, **times(draw, at, is_vague=False), **leads_to(draw, kind, next_place(draw, kind, others))
    )
    yield moved
    if draw.random() < 0.3:
        yield practised(draw, moved)
    is_reversed = draw.random() < 0.2
    if is_reversed:
        yield {**moved, "version": 2, "is_reversed": True}
    if is_reversed or kind in ("confirmed_here", "contact_lost", "evacuation_lifted", "intends_to_stay"):
        at += timedelta(days=draw.randint(1, 150))
        kind = draw.choice(OF_SITES)
        more = leads_to(draw, kind, next_place(draw, kind, others))
        yield movement(site, kind, **times(draw, at, is_vague=False), **more)
