"""For many households with movements, an independent computation must give the same figures, person by person."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple

import pytest

from shared.events.vocabulary import Movement
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH, family, household, movement
from tests.registry.test_movement_figures import FIRST, Body, day, get

pytestmark = pytest.mark.anyio


PLACES = (KADAMJAI, LEILEK, BATKEN, OSH)
TO_SUB_STOCK = {
    "transferred": "in_displacement",
    "displaced_again": "in_displacement",
    "entered_country": "in_displacement",
    "returned": "in_return",
    "settled_elsewhere": "in_settlement",
    "relocated": "in_settlement",
    "solution_assessed": "durable_solution",
}
WITH_PLACE = ("transferred", "displaced_again", "relocated", "entered_country")
OUT = ("died", "left_country", "durable_solution")


class Where(NamedTuple):
    """The position of one person. `place` is None if the person has left the stock."""

    sub_stock: str
    place: str | None
    since: date
    confirmed: date
    shelter: str
    presumed: bool = False


class Passed(NamedTuple):
    """A person who moved."""

    household: str
    report: str
    person: str
    on: date
    movement: str
    before: Where
    after: Where


def drawn_reports(draw: Random) -> Iterator[tuple[Body, list[Body]]]:
    for _ in range(120):
        members = family(draw.randint(1, 6))
        start = FIRST + timedelta(days=draw.randrange(60))
        home, away = draw.sample(PLACES, 2)
        mobility = draw.choice(("displacement", "displacement", "evacuation"))
        body = household(
            members=members,
            persons=len(members),
            origin={"pcode": home},
            destination={"pcode": away},
            mobility=mobility,
            occurred_at=start.isoformat(),
            reported_at=start.isoformat(),
        )
        movements, at = [], start
        for _ in range(draw.choice((0, 1, 1, 2, 3, 5))):
            at += timedelta(days=draw.randint(1, 45))
            kind = draw.choice(list(Movement)).value
            more: Body = (
                {"destination": {"pcode": draw.choice(PLACES)}, "shelter": "tent"} if kind in WITH_PLACE else {}
            )
            if draw.random() < 0.5:
                chosen = draw.sample(members, draw.randint(1, len(members)))
                more["member_ids"] = [person["member_id"] for person in chosen]
            first = movement(body, kind, occurred_at=at.isoformat(), reported_at=at.isoformat(), **more)
            movements.append(first)
            if draw.random() < 0.2:
                movements.append({**first, "version": 2, "is_reversed": True})
        yield body, movements


def valid(movements: list[Body]) -> list[Body]:
    newest = {body["report_id"]: body for body in sorted(movements, key=lambda body: body.get("version", 1))}
    return sorted((body for body in newest.values() if not body.get("is_reversed")), key=day)


def concerned_by(report: Body, people: dict[str, Where]) -> list[str]:
    in_stock = [id for id, where in people.items() if where.sub_stock not in OUT]
    abroad = [id for id, where in people.items() if where.sub_stock == "left_country"]
    solved = [id for id, where in people.items() if where.sub_stock == "durable_solution"]
    named = report.get("member_ids")
    if report["movement"] == "entered_country":
        candidates = abroad
    elif report["movement"] == "evacuation_lifted":
        candidates = [id for id in in_stock if people[id].sub_stock == "in_displacement"]
    elif report["movement"] == "solution_assessed":
        candidates = in_stock
    elif report["movement"] == "displaced_again":
        candidates = [*in_stock, *abroad, *solved] if named else in_stock or abroad or solved
    else:
        candidates = [*in_stock, *abroad] if named else in_stock or abroad
    return [id for id in candidates if not named or id in named]


def lives(body: Body, movements: list[Body], until: date) -> tuple[dict[str, Where], list[Passed]]:
    origin, start = body["origin"]["pcode"], day(body)
    people = {
        person["member_id"]: Where("in_displacement", body["destination"]["pcode"], start, start, body["shelter"])
        for person in body["members"]
    }
    passed: list[Passed] = []
    for report in valid(movements):
        on, kind = day(report), str(report["movement"])
        if on > until:
            break
        for id in concerned_by(report, people):
            before = people[id]
            if kind in ("contact_lost", "evacuation_lifted"):
                people[id] = before._replace(presumed=before.presumed or kind == "evacuation_lifted")
                continue
            if kind in ("confirmed_here", "intends_to_stay"):
                people[id] = before._replace(confirmed=on, presumed=False)
                continue
            place = (
                report["destination"]["pcode"] if kind in WITH_PLACE else origin if kind == "returned" else before.place
            )
            shelter = (
                "tent" if kind in WITH_PLACE else "unknown" if kind in ("returned", "left_country") else before.shelter
            )
            sub_stock = TO_SUB_STOCK.get(kind, kind)
            is_new = kind == "displaced_again" and before.sub_stock != "in_displacement"
            since = on if is_new else before.since
            after = Where(sub_stock, None if kind == "left_country" else place, since, on, shelter)
            if (sub_stock, after.place, shelter) == (before.sub_stock, before.place, before.shelter):
                people[id] = before._replace(confirmed=on, presumed=False)
            else:
                people[id] = after
                passed.append(Passed(body["household_id"], report["report_id"], id, on, kind, before, after))
    return people, passed


@pytest.fixture(scope="module")
def reports() -> list[tuple[Body, list[Body]]]:
    return list(drawn_reports(Random(11)))


async def filed(office: Office, reports: list[tuple[Body, list[Body]]]) -> None:
    bodies = [body for home, movements in reports for body in (home, *movements)]
    Random(5).shuffle(bodies)
    for start in range(0, len(bodies), 60):
        await office.file(*bodies[start : start + 60])


async def test_the_figures_equal_an_independent_computation(
    office: Office, reports: list[tuple[Body, list[Body]]]
) -> None:
    await filed(office, reports)
    for on in [date(2025, 1, 10) + timedelta(days=25 * number) for number in range(10)]:
        states = [lives(body, movements, on) for body, movements in reports if day(body) <= on]
        for sub_stock in ("in_displacement", "in_return", "in_settlement"):
            answer = await get(office, f"stock?date={on}&sub_stock={sub_stock}")
            persons = Counter[str]()
            for row in answer["rows"]:
                persons[row["pcode"]] += row["persons"]
            present = [[where for where in people.values() if where.sub_stock == sub_stock] for people, _ in states]
            expected = Counter(where.place for household in present for where in household)
            assert +persons == expected, (on, sub_stock)
            assert answer["total"]["households"] == len([household for household in present if household])
        await check_durations(office, on, states)
    await check_movements(office, reports)


CLASS = {"0-9": (0, 10), "10-29": (10, 30), "30-89": (30, 90), "90+": (90, 10_000)}


async def check_durations(office: Office, on: date, states: list[tuple[dict[str, Where], list[Passed]]]) -> None:
    answer = await get(office, f"duration?date={on}")
    persons = {(row["days"], row["has_ended"]): row["persons"] for row in answer["rows"]}
    displaced = [where for people, _ in states for where in people.values() if where.sub_stock == "in_displacement"]
    ended = [
        passed
        for _, all_passed in states
        for passed in all_passed
        if passed.before.sub_stock == "in_displacement"
        and passed.after.sub_stock in ("in_return", "in_settlement", "left_country", "durable_solution")
    ]
    for name, (least, most) in CLASS.items():
        ongoing = sum(least <= (on - where.since).days < most for where in displaced)
        completed = sum(least <= (passed.on - passed.before.since).days < most for passed in ended)
        assert (persons[name, False], persons[name, True]) == (ongoing, completed), (on, name)
    assert answer["confirmation"]["presumed_persons"] == sum(where.presumed for where in displaced)


async def check_movements(office: Office, reports: list[tuple[Body, list[Body]]]) -> None:
    answer = await get(office, "movements?since=2025-01&until=2026-12")
    everything = [passed for body, movements in reports for passed in lives(body, movements, date(2026, 12, 31))[1]]
    persons = Counter[tuple[Any, ...]]()
    for row in answer["rows"]:
        persons[row["month"], row["movement"], row["origin_pcode"], row["destination_pcode"]] += row["persons"]
    assert persons == Counter(
        (f"{passed.on:%Y-%m}", passed.movement, passed.before.place, passed.after.place) for passed in everything
    )
    households = Counter[str]()
    for row in answer["rows"]:
        households[row["movement"]] += row["households"]
    expected = {(passed.household, passed.report, passed.movement) for passed in everything}
    assert households == Counter(kind for _, _, kind in expected)
    flows = await get(office, "flows?since=2025-01&until=2026-12")
    onward = sum(passed.movement == "displaced_again" for passed in everything)
    assert flows["total"]["persons"] == sum(len(body["members"]) for body, _ in reports) + onward
