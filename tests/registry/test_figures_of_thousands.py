"""Figures of 2,000 households and groups, with movements and corrections, equal a computation person by person.

The computation reads only the reports, and uses no code of the registry.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.registry.figure_sums import sum_some
from shared.auth.tokens import Role
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH, group, household, movement
from tests.registry.test_movement_figures import WITH_PLACE, Body, Passed, Where, day, lives

pytestmark = pytest.mark.anyio

FIRST = datetime(2024, 9, 1, 3, tzinfo=UTC)  # 9 o'clock in Bishkek
PLACES = (LEILEK, KADAMJAI, BATKEN, OSH)
OBLASTS = {LEILEK: "KG05000000000", KADAMJAI: "KG05000000000", BATKEN: "KG05000000000", OSH: "KG06000000000"}
SEXES = ("female", "male", "unknown")
PROFILES = {
    "dtm": {"0-5": (0, 5), "6-11": (6, 11), "12-17": (12, 17), "18-59": (18, 59), "60+": (60, 200)},
    "unhcr": {"0-4": (0, 4), "5-11": (5, 11), "12-17": (12, 17), "18-59": (18, 59), "60+": (60, 200)},
    "delta": {"0-14": (0, 14), "15-64": (15, 64), "65+": (65, 200)},
}
NOT_KNOWN = "ZZ"  # the place of people who have left the country
SUDDEN, SLOW = "natural_disaster", "pasture_degradation"
Span = tuple[int, int] | None  # the youngest and the oldest possible age; None if nothing is known


@dataclass(frozen=True)
class Part:
    """People who are in one row of a figure. `counts` is 1 if they count as a household or group."""

    body: Body
    origin: str | None
    destination: str | None
    shelter: str
    people: tuple[tuple[str, Span], ...]
    counts: int = 1
    month: str | None = None
    is_corrected: bool = False
    is_imprecise: bool = False

    @property
    def is_group(self) -> bool:
        return bool(self.body["kind"] == "group")

    @property
    def scope(self) -> str:
        if self.destination in (None, NOT_KNOWN):
            return "unknown" if self.destination else "abroad"
        return {None: "from_abroad", NOT_KNOWN: "origin_unknown"}.get(self.origin, "within")

    def onset(self, reason: str) -> str | None:
        if reason == SUDDEN:
            return "slow" if self.body["hazard_type"] == "drought" else "sudden"
        return "slow" if reason == SLOW else None

    def dimension(self, name: str, reason: str) -> str | None:
        known = {"onset": self.onset(reason), "shelter": self.shelter}
        return known[name] if name in known else self.body.get(name)


@dataclass
class Reports:
    """All reports of a subject: the displacements or counts in the order of their days, and the movements."""

    displacements: list[Body]
    movements: list[Body] = field(default_factory=list)
    outdated: list[Body] = field(default_factory=list)  # versions that were corrected


def members(draw: Random, on: date) -> list[Body]:
    return [
        {"member_id": str(UUID(int=draw.getrandbits(128), version=4)), "sex": draw.choice(SEXES), **born(draw, on)}
        for _ in range(draw.randint(1, 6))
    ]


def born(draw: Random, on: date) -> Body:
    day_of_birth = date(1940, 1, 1) + timedelta(days=draw.randrange((on - date(1940, 1, 1)).days))
    reported_on = on - timedelta(days=draw.randrange(500))
    return draw.choice(
        (
            {"birth_date": day_of_birth.isoformat()},
            {"birth_year": day_of_birth.year},
            {"age": draw.randint(2, 90), "age_reported_on": reported_on.isoformat()},
            {},
        )
    )


def displacement(draw: Random, at: datetime, *, is_moving: bool = False) -> Body:
    """A report of a household. Households that move later are displaced within the country, and name their members."""
    origin, destination = draw.sample((*PLACES, None), 2) if not is_moving else draw.sample(PLACES, 2)
    persons: Body = {"members": (people := members(draw, at.date())), "persons": len(people)}
    if not is_moving and draw.random() < 0.15:
        ages = draw.sample(list(PROFILES["dtm"]), 2)
        counts = [{"sex": draw.choice(SEXES), "age": age, "count": draw.randint(1, 2)} for age in ages]
        persons = {"members": [], "sex_age": counts, "persons": 5}
    return household(
        **persons,
        **reasons(draw),
        occurred_at=at.isoformat(),
        occurred_at_precision="day" if is_moving else draw.choice(("day", "day", "month", "week")),
        reported_at=at.isoformat(),
        origin={"pcode": origin} if origin else {"country": "TJ"},
        destination={"pcode": destination} if destination else {"country": "RU"},
    )


def reasons(draw: Random) -> Body:
    mobility = draw.choice(("displacement", "displacement", "evacuation", "migration", "planned_relocation"))
    return {
        "mobility": mobility,
        "evacuation": draw.choice((None, "pre_emptive", "reactive")) if mobility == "evacuation" else None,
        "reasons": draw.choice(([SUDDEN], [SUDDEN, "economic"], [SLOW], ["conflict", SLOW, SUDDEN])),
        "hazard_type": draw.choice(("mudflow", "drought")),
        "shelter": draw.choice(("tent", "school", "host_relatives")),
    }


def movements_of(draw: Random, body: Body) -> Iterator[Body]:
    """Up to three movements. Only the first one may concern a part of the household, and never exactly the half."""
    at = datetime.fromisoformat(body["occurred_at"])
    people = [person["member_id"] for person in body["members"]]
    for number in range(draw.randint(1, 3)):
        at += timedelta(days=draw.randint(1, 150))
        kinds = ("returned", "transferred", "displaced_again", "settled_elsewhere", "confirmed_here", "left_country")
        kind = draw.choice(("died", "returned", *kinds))
        more: Body = {"destination": {"pcode": draw.choice(PLACES)}, "shelter": "tent"} if kind in WITH_PLACE else {}
        some = draw.sample(people, draw.randint(1, len(people)))
        if number == 0 and 2 * len(some) != len(people):
            more["member_ids"] = some
        yield movement(body, kind, occurred_at=at.isoformat(), reported_at=at.isoformat(), **more)


def households(draw: Random) -> Iterator[Reports]:
    for number in range(1500):
        at = FIRST + timedelta(days=draw.randrange(500))
        if number % 4 == 0:
            first = displacement(draw, at, is_moving=True)
            moves = list(movements_of(draw, first))
            reversals = [{**body, "version": 2, "is_reversed": True} for body in moves[-1:] if draw.random() < 0.2]
            yield Reports([first], [*moves, *reversals])
            continue
        first = displacement(draw, at)
        known = Reports([first])
        if number % 4 == 1:
            known.outdated, known.displacements = [first], [corrected(draw, first, displacement(draw, at))]
        if number % 4 == 2:
            again = displacement(draw, at + timedelta(days=draw.randint(1, 300)))
            known.displacements.append({**again, "household_id": first["household_id"]})
        yield known


def corrected(draw: Random, first: Body, changed: Body) -> Body:
    return {**changed, "report_id": first["report_id"], "household_id": first["household_id"], "version": 2}


def groups(draw: Random) -> Iterator[Reports]:
    for number in range(500):
        at = FIRST + timedelta(days=draw.randrange(500))
        measure = "flow" if number % 5 == 0 else "stock"
        origin, destination = draw.sample(PLACES, 2)
        first = group(
            **reasons(draw),
            occurred_at=at.isoformat(),
            reported_at=at.isoformat(),
            origin={"pcode": origin},
            destination={"pcode": destination},
            destination_locality=f"Айыл {number}",
            measure=measure,
            persons=draw.randint(10, 200),
            sex_age=[{"sex": draw.choice(SEXES), "age": draw.choice(list(PROFILES["dtm"])), "count": 9}],
        )
        later = (at + timedelta(days=draw.randint(1, 100))).isoformat()
        known = Reports([first])
        if number % 5 == 1:
            recount = {"report_id": str(uuid4()), "reported_at": later, "persons": draw.randint(10, 200)}
            known.displacements.append({**first, **recount, "is_full_recount": True})
        if number % 5 == 2:
            known.movements.append(movement(first, "returned", occurred_at=later, reported_at=later))
        if number % 5 == 3:
            known.outdated, known.displacements = [first], [{**first, "version": 2, "persons": draw.randint(10, 200)}]
        yield known


def age(person: Body, departed: date, on: date) -> Span:
    """The age in completed years on the day of departure, or in later years on 1 January."""
    at = departed if on.year == departed.year else date(on.year, 1, 1)
    if "birth_date" in person:
        years = completed(date.fromisoformat(person["birth_date"]), at)
    elif "birth_year" in person:
        years = at.year - person["birth_year"]
    elif "age" in person:
        years = person["age"] + completed(date.fromisoformat(person["age_reported_on"]), at)
    else:
        return None
    return years, years


def completed(since: date, until: date) -> int:
    return until.year - since.year - ((until.month, until.day) < (since.month, since.day))


def people(body: Body, on: date) -> tuple[tuple[str, Span], ...]:
    if body.get("members"):
        return tuple((person["sex"], age(person, day(body), on)) for person in body["members"])
    told = [(each["sex"], PROFILES["dtm"][each["age"]]) for each in body["sex_age"] for _ in range(each["count"])]
    return *told, *[("unknown", None)] * (body["persons"] - len(told))


def part(body: Body, on: date, **more: Any) -> Part:
    own: Body = {
        "origin": body["origin"].get("pcode"),
        "destination": body["destination"].get("pcode"),
        "shelter": body.get("shelter", "unknown"),
        "people": people(body, on),
        "is_corrected": body["version"] > 1,
        "is_imprecise": body.get("occurred_at_precision", "day") != "day",
    }
    return Part(body, **{**own, **more})


def stock(known: Reports, on: date, sub_stock: str) -> Iterator[Part]:
    present = [body for body in known.displacements if day({"occurred_at": counted_at(body)}) <= on]
    if not present or present[-1].get("measure") == "flow":
        return
    body = present[-1]
    if body["kind"] == "group":
        has_returned = any(day(moved) <= on for moved in known.movements)
        if has_returned and sub_stock == "in_return":
            yield part(body, on, destination=body["origin"]["pcode"], shelter="unknown")
        if not has_returned and sub_stock == "in_displacement":
            yield part(body, on)
    elif known.movements:
        yield from parts(body, lives(body, known.movements, on)[0], on, sub_stock)
    elif sub_stock == "in_displacement":
        yield part(body, on)


def counted_at(body: Body) -> str:
    return str(body["reported_at" if body["kind"] == "group" else "occurred_at"])


def parts(body: Body, people_of: dict[str, Where], on: date, sub_stock: str) -> Iterator[Part]:
    same = defaultdict[Where, list[str]](list)
    for id, where in people_of.items():
        if where.sub_stock == sub_stock:
            same[where].append(id)
    for number, (where, ids) in enumerate(largest_first(same)):
        moved = {"destination": where.place or NOT_KNOWN, "shelter": where.shelter, "people": named(body, ids, on)}
        yield part(body, on, **moved, counts=number == 0)


def largest_first(same: dict[Where, list[str]]) -> list[tuple[Where, list[str]]]:
    return sorted(same.items(), key=lambda item: -len(item[1]))


def named(body: Body, ids: Iterable[str], on: date) -> tuple[tuple[str, Span], ...]:
    chosen = set(ids)
    return people({**body, "members": [person for person in body["members"] if person["member_id"] in chosen]}, on)


def flows(known: Reports) -> Iterator[Part]:
    for body in known.displacements:
        if body.get("measure") != "stock":
            yield part(body, day(body), month=f"{day(body):%Y-%m}")
    if known.movements and known.displacements[0]["kind"] == "household":
        [body] = known.displacements
        same = defaultdict[tuple[str, Where], list[Passed]](list)
        for passed in lives(body, known.movements, date(2030, 1, 1))[1]:
            if passed.movement == "displaced_again":
                same[passed.report, passed.before].append(passed)
        seen = set[str]()
        for (report, before), moved in sorted(same.items(), key=lambda item: -len(item[1])):
            on, after = moved[0].on, moved[0].after
            yield part(
                body,
                on,
                origin=before.place or NOT_KNOWN,
                destination=after.place,
                shelter=after.shelter,
                people=named(body, [passed.person for passed in moved], on),
                counts=report not in seen,
                month=f"{on:%Y-%m}",
            )
            seen.add(report)


@dataclass(frozen=True)
class Query:
    view: str = "destination"
    level: int = 2
    rank: str = "first"
    by: tuple[str, ...] = ()
    profile: str = "dtm"
    sex: tuple[str, ...] = ()
    age: tuple[str, ...] = ()
    reason: str = ""
    mobility: tuple[str, ...] = ("displacement", "evacuation")
    scope: tuple[str, ...] = ("within",)

    @property
    def address(self) -> str:
        lists = {"by": self.by, "sex": self.sex, "age": self.age, "mobility": self.mobility, "scope": self.scope}
        terms = [f"{name}={value.replace('+', '%2B')}" for name, values in lists.items() for value in values]
        terms += [f"reason={self.reason}"] if self.reason else []
        return "&".join([*terms, f"view={self.view}&level={self.level}&rank={self.rank}&age_profile={self.profile}"])

    def bracket(self, span: Span) -> str:
        """The bracket that has all possible ages of the person."""
        fitting = [
            name
            for name, (first, last) in PROFILES[self.profile].items()
            if span and first <= span[0] and span[1] <= last
        ]
        return fitting[0] if fitting else "unknown"

    def reasons(self, known: Part) -> list[str]:
        own = known.body["reasons"]
        counted = own[:1] if self.rank == "first" else own if self.rank == "any" or len(own) == 1 else []
        return [reason for reason in counted if self.reason in ("", reason)]

    def place(self, known: Part) -> str | None:
        place = known.destination if self.view == "destination" else known.origin
        if place is None or self.level == 0:
            return "KG" if place else None
        return place if self.level == 2 else OBLASTS[place]

    def rows(self, parts: Iterable[Part]) -> dict[tuple[Any, ...], dict[str, int]]:
        rows = defaultdict[tuple[Any, ...], Counter[str]](Counter)
        for known in parts:
            cells = Counter((sex, self.bracket(span)) for sex, span in known.people)
            chosen = {
                (sex, age): number
                for (sex, age), number in cells.items()
                if (not self.sex or sex in self.sex) and (not self.age or age in self.age)
            }
            is_wanted = known.body["mobility"] in self.mobility and known.scope in self.scope and chosen
            for reason in self.reasons(known) if is_wanted else ():
                more = [known.dimension(name, reason) for name in self.by]
                row = rows[known.month, self.place(known), known.scope, reason, known.body["mobility"], *more]
                row.update(self.numbers(known, chosen))
        return {key: compared(row, self) for key, row in rows.items()}

    @property
    def left_out(self) -> set[str]:
        """A household counts by its largest part, which may have none of the selected persons.

        The registry also divides people who are at one place, for example if only some of them were confirmed there.
        """
        return {"households", "corrected", "imprecise"} if self.sex or self.age else set()

    def numbers(self, known: Part, chosen: dict[tuple[str, str], int]) -> dict[str, int]:
        persons = sum(chosen.values())
        if known.is_group:
            return {"groups": 1, "group_persons": persons}
        names = {cell: f"{cell[0]}_{cell[1].replace('-', '_').replace('+', '_plus')}" for cell in chosen}
        counts = {"corrected": known.is_corrected, "imprecise": known.is_imprecise, "households": 1}
        numbers = {name: int(known.counts and value) for name, value in counts.items()}
        return {**numbers, "persons": persons, **{names[cell]: number for cell, number in chosen.items()}}


MOVES = ("displacement", "evacuation", "migration", "planned_relocation")
EVERYTHING = Query(mobility=MOVES, scope=("within", "abroad", "from_abroad"))
QUERIES = [
    Query(),
    EVERYTHING,
    replace(EVERYTHING, profile="unhcr"),
    replace(EVERYTHING, profile="delta", view="origin"),
    Query(level=1, rank="any", by=("hazard_type", "onset")),
    Query(level=0, rank="only", view="origin"),
    replace(EVERYTHING, by=("hazard_type", "onset", "shelter", "evacuation"), level=1),
    Query(sex=("female",), age=("0-4", "5-11"), profile="unhcr"),
    Query(age=("65+", "unknown"), profile="delta", reason=SLOW, rank="any"),
]
DAYS = [date(2024, 10, 1), date(2024, 12, 31), date(2025, 1, 1), date(2025, 8, 1), date(2026, 6, 1)]


async def test_figures_equal_a_computation_person_by_person(office: Office) -> None:
    draw = Random(20)
    known = [*households(draw), *groups(draw)]
    bodies = [body for own in known for body in (*own.displacements, *own.outdated, *own.movements)]
    draw.shuffle(bodies)
    assert len(known) == 2000
    for start in range(0, len(bodies), 250):
        await office.file(*bodies[start : start + 250])
        await sum_some(office.app.state.sessions, at_once=draw.randint(100, 2000))
    numbers = 0
    for on, sub_stock in product(DAYS, ("in_displacement", "in_return", "in_settlement")):
        counted = [part for own in known for part in stock(own, on, sub_stock)]
        for query in QUERIES:
            found = await rows(office, f"stock?date={on}&sub_stock={sub_stock}", query)
            assert found == query.rows(counted), (query, on, sub_stock)
            numbers += sum(map(len, found.values()))
    counted = [part for own in known for part in flows(own)]
    for query in QUERIES:
        assert await rows(office, "flows?since=2024-01", query) == query.rows(counted), query
    assert numbers > 1000


async def rows(office: Office, path: str, query: Query) -> dict[tuple[Any, ...], dict[str, int]]:
    answer = await office.get(f"/v1/statistics/{path}&{query.address}", role=Role.ANALYST)
    assert answer.status_code == 200, answer.text
    dimensions = ("scope", "reason", "mobility", *query.by)
    return {
        (row.get("month"), row["pcode"], *(row[name] for name in dimensions)): compared(row, query)
        for row in answer.json()["rows"]
    }


def compared(row: dict[str, Any], query: Query) -> dict[str, int]:
    return {
        name: value for name, value in row.items() if isinstance(value, int) and value and name not in query.left_out
    }
