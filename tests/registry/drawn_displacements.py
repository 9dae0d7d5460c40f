"""Draws reports of 2,000 households and groups, with movements and corrections."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

from tests.registry.drawn_reports import OF_SITES, PLACES, displacement, following, leads_to, reasons
from tests.registry.factories import group, movement
from tests.registry.independent_figures import PROFILES, SEXES, Body

FIRST = datetime(2024, 9, 1, 3, tzinfo=UTC)  # this is 9 o'clock in Bishkek


def movements_of(draw: Random, body: Body) -> Iterator[Body]:
    """Up to three movements. Only the first may concern a part of the household, but never exactly half of it.

    If the first states only the number of people who moved, no other movement follows.
    """
    at = datetime.fromisoformat(body["occurred_at"])
    people = [person["member_id"] for person in body["members"]]
    kind = ""
    for number in range(draw.randint(1, 3)):
        at += timedelta(days=draw.randint(1, 150))
        kind = following(draw, kind)
        more = leads_to(draw, kind, draw.choice(PLACES))
        some = draw.sample(people, draw.randint(1, len(people)))
        is_part = number == 0 and 2 * len(some) != len(people)
        is_counted = is_part and len(some) < len(people) and draw.random() < 0.3
        if is_part:
            more |= {"persons": len(some)} if is_counted else {"member_ids": some}
        yield movement(body, kind, occurred_at=at.isoformat(), reported_at=at.isoformat(), **more)
        if is_counted:
            return


def households(draw: Random) -> Iterator[Body]:
    """1,380 households. Some have movements, some have a correction, and some were displaced twice."""
    for number in range(1380):
        at = FIRST + timedelta(days=draw.randrange(500))
        first = displacement(draw, at, is_moving=number % 4 == 0)
        yield first
        if number % 4 == 0:
            moves = list(movements_of(draw, first))
            yield from moves
            yield from ({**body, "version": 2, "is_reversed": True} for body in moves[-1:] if draw.random() < 0.2)
        if number % 4 == 1:
            yield corrected(first, displacement(draw, at))
        if number % 4 == 2:
            again = displacement(draw, at + timedelta(days=draw.randint(1, 300)))
            yield {**again, "household_id": first["household_id"]}


def corrected(first: Body, changed: Body) -> Body:
    return {**changed, "report_id": first["report_id"], "household_id": first["household_id"], "version": 2}


def groups(draw: Random) -> Iterator[Body]:
    """460 groups. Some were counted as flows, some were counted again, some have moved, and some have a correction."""
    for number in range(460):
        at = FIRST + timedelta(days=draw.randrange(500))
        measure = "flow" if number % 5 == 0 else "stock"
        origin, destination = draw.sample(PLACES, 2)
        first = group(
            **reasons(draw),
            occurred_at=at.isoformat(),
            reported_at=at.isoformat(),
            origin={"pcode": origin},
            destination={"country": "RU"} if draw.random() < 0.2 else {"pcode": destination},
            destination_locality=f"Айыл {number}",
            measure=measure,
            persons=draw.randint(10, 200),
            sex_age=[{"sex": draw.choice(SEXES), "age": draw.choice(list(PROFILES["dtm"])), "count": 9}],
        )
        yield first
        if number % 5 == 1:
            yield from recounted(draw, first, at)
        if number % 5 == 2:
            yield from group_movements(draw, first, at)
        if number % 5 == 3:
            yield {**first, "version": 2, "persons": draw.randint(10, 200)}


def recounted(draw: Random, first: Body, at: datetime) -> Iterator[Body]:
    """A full recount. Of some groups, people have moved before the recount, after it, or both."""
    later = at + timedelta(days=100)
    times = {"occurred_at": at.isoformat(), "reported_at": later.isoformat()}
    recount = {"report_id": str(uuid4()), "persons": draw.randint(10, 200), "is_full_recount": True}
    if draw.random() < 0.5:
        yield from list(group_movements(draw, first, at))[:1]
    yield {**first, **recount, **times}
    if draw.random() < 0.5:
        yield from group_movements(draw, first, later, is_divided=True)


def group_movements(draw: Random, of: Body, at: datetime, *, is_divided: bool = False) -> Iterator[Body]:
    """Up to three movements of a group or of some of its people, each to another place. Some are reversed.

    If people of several places have moved together, no later movement states a number of people. Nobody could say from
    which of these places the people came.
    """
    visited, kind, have_joined = {of["origin"]["pcode"], of["destination"].get("pcode")}, "", False
    count = draw.randint(1, 3)
    for number in range(count):
        at += timedelta(days=draw.randint(1, 90))
        kind = following(draw, kind)
        is_part = kind == "died" or draw.random() < 0.5
        if is_part and (have_joined or (is_divided and number < count - 1)):
            return
        elsewhere = draw.choice([pcode for pcode in PLACES if pcode not in visited] or PLACES)
        most = of["persons"] if number == count - 1 else of["persons"] // 2 ** (number + 1)
        some = {"persons": draw.randint(1, most)} if is_part else {}
        more = {**some, **leads_to(draw, kind, elsewhere)}
        visited.add(elsewhere)
        have_joined = have_joined or (is_divided and not is_part)
        is_divided = is_divided or is_part
        moved = movement(of, kind, occurred_at=at.isoformat(), reported_at=at.isoformat(), **more)
        yield moved
        if draw.random() < 0.1:
            yield {**moved, "version": 2, "is_reversed": True}


def sites(draw: Random) -> Iterator[Body]:
    """40 sites, each with three households and a group. Later everybody at each site moves."""
    for _ in range(40):
        at = FIRST + timedelta(days=draw.randrange(500))
        site_id, place = str(UUID(int=draw.getrandbits(128), version=4)), draw.choice(PLACES)
        origins = [pcode for pcode in PLACES if pcode != place]
        for _ in range(3):
            here = {"site_id": site_id, "destination": {"pcode": place}, "origin": {"pcode": draw.choice(origins)}}
            yield {**displacement(draw, at, is_moving=True), **here}
        here = {"site_id": site_id, "destination": {"pcode": place}, "origin": {"pcode": draw.choice(origins)}}
        times = {"occurred_at": at.isoformat(), "reported_at": at.isoformat()}
        yield group(**reasons(draw), **times, **here, persons=draw.randint(10, 200), sex_age=[])
        yield from site_movement(draw, site_id, place, at + timedelta(days=draw.randint(1, 150)))


def site_movement(draw: Random, site_id: str, place: str, at: datetime) -> Iterator[Body]:
    """A movement of everybody at a site, away from the place. Some of these movements are reversed."""
    kind = draw.choice(OF_SITES)
    more = leads_to(draw, kind, draw.choice([pcode for pcode in PLACES if pcode != place]))
    site = {"kind": "site", "site_id": site_id}
    moved = movement(site, kind, occurred_at=at.isoformat(), reported_at=at.isoformat(), **more)
    yield moved
    if draw.random() < 0.2:
        yield {**moved, "version": 2, "is_reversed": True}
