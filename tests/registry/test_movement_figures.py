"""Figures of many households with movements are compared with an independent computation, person by person."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from random import Random
from typing import Any, NamedTuple

import pytest

from shared.auth.tokens import Role
from shared.events.vocabulary import Flag, Movement
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH, family, household, movement
from tests.registry.test_group_movements import TO_LEILEK, counted, moved
from tests.registry.test_site_movements import SCHOOL

pytestmark = pytest.mark.anyio

Body = dict[str, Any]
FIRST = datetime(2025, 1, 1, 3, tzinfo=UTC)  # this is 9 o'clock in Bishkek
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
    """Where one person is. `place` is None for a person who has left the stock."""

    sub_stock: str
    place: str | None
    since: date
    confirmed: date
    shelter: str
    presumed: bool = False


class Passed(NamedTuple):
    """One person who moved."""

    household: str
    report: str
    person: str
    on: date
    movement: str
    before: Where
    after: Where


def day(body: Body) -> date:
    return (datetime.fromisoformat(body["occurred_at"]) + timedelta(hours=6)).date()


def drawn_reports(draw: Random) -> Iterator[tuple[Body, list[Body]]]:
    """Makes households that are displaced once, each with its movements in the order of their days.

    Some movements are reversed.
    """
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
    """Computes where each person of the household is at the end of a day, and where the persons were before."""
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
    """Stores all reports in random order, in small batches."""
    bodies = [body for home, movements in reports for body in (home, *movements)]
    Random(5).shuffle(bodies)
    for start in range(0, len(bodies), 60):
        await office.file(*bodies[start : start + 60])


async def get(office: Office, path: str, **claims: Any) -> Any:
    answer = await office.get(f"/v1/statistics/{path}", role=Role.ANALYST, **claims)
    assert answer.status_code == 200, answer.text
    return answer.json()


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


async def test_a_household_that_nobody_has_confirmed_stays_in_the_stock(office: Office) -> None:
    evacuated = household(mobility="evacuation", occurred_at="2026-06-15T06:00:00Z", reported_at="2026-06-15T06:00:00Z")
    displaced = household(occurred_at="2026-06-15T06:00:00Z", reported_at="2026-06-15T06:00:00Z")
    await office.file(evacuated, displaced)
    confirmed = {"2026-06-15": 0, "2026-06-16": 5, "2026-07-14": 5, "2026-07-15": 10, "2027-07-15": 10}
    for on, persons in confirmed.items():
        answer = await get(office, f"duration?date={on}")
        assert answer["confirmation"]["unconfirmed_persons"] == persons, on
        assert sum(row["persons"] for row in answer["rows"]) == 10
    again = movement(
        evacuated, "confirmed_here", occurred_at="2026-06-20T06:00:00Z", reported_at="2026-06-20T06:00:00Z"
    )
    await office.file(again)
    assert (await get(office, "duration?date=2026-06-20"))["confirmation"]["unconfirmed_persons"] == 0
    assert (await get(office, "duration?date=2026-06-21"))["confirmation"]["unconfirmed_persons"] == 5
    rows = (await get(office, "stock?date=2026-07-15&by=confirmation"))["rows"]
    assert {(row["mobility"], row["confirmation"], row["persons"]) for row in rows} == {
        ("evacuation", "unconfirmed", 5),
        ("displacement", "unconfirmed", 5),
    }
    [row] = (await get(office, "stock?date=2026-06-20&by=confirmation&mobility=evacuation"))["rows"]
    assert (row["confirmation"], row["persons"]) == ("confirmed", 5)
    shown = (await office.get("/figures/movements?lang=en&date=2026-07-15", role=Role.ANALYST)).text
    assert "Ongoing and not confirmed since 16 Jun 2026 (evacuees since 15 Jul 2026): 10" in shown


async def test_a_household_shows_since_when_nobody_has_confirmed_it(office: Office) -> None:
    """Evacuees count as not confirmed a day after their departure, all other people only after 30 days."""
    yesterday = (datetime.now(UTC) - timedelta(hours=25)).replace(microsecond=0)
    at = {"occurred_at": yesterday.isoformat(), "reported_at": yesterday.isoformat()}
    evacuated, displaced = household(mobility="evacuation", **at), household(**at)
    await office.file(evacuated, displaced)

    async def unconfirmed() -> dict[str, datetime | None]:
        listed = (await office.get("/v1/households", role=Role.OPERATOR)).json()["households"]
        return {
            each["household_id"]: each["unconfirmed_since"] and datetime.fromisoformat(each["unconfirmed_since"])
            for each in listed
        }

    assert await unconfirmed() == {evacuated["household_id"]: yesterday, displaced["household_id"]: None}
    page = f"/households/{evacuated['household_id']}?lang=en"
    assert (await office.get(page, role=Role.REGISTRAR)).text.count("not confirmed since") == 2
    token = office.installation.token(roles=[Role.REGISTRAR], areas=("KG",))
    found = await office.client.post(
        "/search?lang=en", json={"name": "Асан Токтогулов"}, headers={"authorization": f"Bearer {token}"}
    )
    assert found.text.count("not confirmed since") == 1
    now = datetime.now(UTC).isoformat()
    still_here = movement(evacuated, "confirmed_here", occurred_at=now, occurred_at_precision="hour", reported_at=now)
    await office.file(still_here)
    assert set((await unconfirmed()).values()) == {None}
    assert "not confirmed since" not in (await office.get(page, role=Role.REGISTRAR)).text


async def test_an_assessed_solution_takes_people_out_of_the_stock(office: Office) -> None:
    """Two families of five are displaced on 1 June. On 21 June, two persons of the first family return.

    On 10 July, a solution is assessed for the first family. By then, three persons had been displaced for 39 days. The
    displacement of the two others had ended after 20 days. On 1 September, three persons of the family are displaced
    again.
    """
    at = {"occurred_at": "2026-06-01T06:00:00Z", "reported_at": "2026-06-01T06:00:00Z"}
    first, second = household(**at), household(**at)

    def later(kind: str, day: str, **more: Any) -> Body:
        return movement(first, kind, occurred_at=f"{day}T06:00:00Z", reported_at=f"{day}T06:00:00Z", **more)

    returned, solved = later("returned", "2026-06-21", persons=2), later("solution_assessed", "2026-07-10")
    again = later("displaced_again", "2026-09-01", persons=3, destination={"pcode": BATKEN})
    await office.file(again, solved, second, returned, first)

    async def persons(day: str) -> tuple[int, ...]:
        sub_stocks = ("in_displacement", "in_return", "in_settlement")
        found = [await get(office, f"stock?date={day}&sub_stock={sub_stock}") for sub_stock in sub_stocks]
        return tuple(answer["total"]["persons"] for answer in found)

    assert await persons("2026-07-09") == (8, 2, 0)
    assert await persons("2026-07-10") == (5, 0, 0)
    assert await persons("2026-09-01") == (8, 0, 0)
    rows = (await get(office, "duration?date=2026-09-10"))["rows"]
    assert {(row["days"], row["has_ended"]): row["persons"] for row in rows if row["persons"]} == {
        ("0-9", False): 3,
        ("90+", False): 5,
        ("10-29", True): 2,
        ("30-89", True): 3,
    }
    rows = (await get(office, "movements?since=2026-06&until=2026-12"))["rows"]
    assert sorted((row["month"], row["movement"], row["persons"]) for row in rows) == [
        ("2026-06", "returned", 2),
        ("2026-07", "solution_assessed", 2),  # these people are at the place of return
        ("2026-07", "solution_assessed", 3),
        ("2026-09", "displaced_again", 3),
    ]


async def test_movements_of_groups_are_figures_of_their_own(office: Office) -> None:
    """Of 70 people, 30 return in May and 25 are transferred in June.

    The others return when everybody at their site returns.
    """
    body = counted(0, 70, site_id=SCHOOL)
    june = {"occurred_at": "2022-06-20T00:00:00Z", "reported_at": "2022-06-20T00:00:00Z"}
    back, away = moved(body, "returned", 24, persons=30), moved(body, "transferred", 0, persons=25, **TO_LEILEK) | june
    rest = movement({"kind": "site", "site_id": SCHOOL}, "returned", occurred_at="2022-07-01T00:00:00Z")
    await office.file(body, household(), back, away)
    await office.file(rest, flags=(Flag.REGISTRAR_OF_COUNTRY,))
    rows = (await get(office, "movements?since=2022-05&until=2022-07"))["rows"]
    assert [
        (row["month"], row["movement"], row["origin_pcode"], row["destination_pcode"], row["group_persons"])
        for row in rows
    ] == [
        ("2022-05", "returned", BATKEN, KADAMJAI, 30),
        ("2022-06", "transferred", BATKEN, LEILEK, 25),
        ("2022-07", "returned", BATKEN, KADAMJAI, 15),
    ]
    assert {(row["households"], row["persons"]) for row in rows} == {(0, 0)}
    assert (await get(office, "movements?since=2022-05&until=2022-07&movement=returned&area=" + LEILEK))["rows"] == []
    assert (await get(office, "movements?since=2022-05&until=2022-07", areas=(OSH,)))["rows"] == []
    await office.file({**back, "version": 2, "is_reversed": True})
    rows = (await get(office, "movements?since=2022-05&until=2022-07"))["rows"]
    assert [row["group_persons"] for row in rows] == [25, 45]


async def test_people_of_groups_who_left_the_country_are_figures_of_movements(office: Office) -> None:
    """Those who have left the country do not move any more. All others of the group return later."""
    body = counted(0, 70)
    await office.file(body, moved(body, "left_country", 24, persons=30), moved(body, "returned", 48))
    rows = (await get(office, "movements?since=2022-05&until=2022-05"))["rows"]
    assert [
        (row["movement"], row["origin_pcode"], row["destination_country"], row["group_persons"]) for row in rows
    ] == [
        ("left_country", BATKEN, "ZZ", 30),
        ("returned", BATKEN, "KG", 40),
    ]
    stock = await get(office, "stock?date=2022-05-31&sub_stock=in_displacement&sub_stock=in_return")
    assert stock["total"]["group_persons"] == 40


async def test_the_figures_of_movements_are_limited_to_the_callers_areas(office: Office) -> None:
    body = household(origin={"pcode": KADAMJAI}, destination={"pcode": LEILEK})
    await office.file(body, movement(body, "returned"))
    for area, rows in (("KG", 1), (KADAMJAI, 1), (OSH, 0)):
        assert len((await get(office, "movements", areas=(area,)))["rows"]) == rows
    refused = await office.get("/v1/statistics/movements?sex=female", role=Role.ANALYST)
    assert refused.status_code == 422
    page = "/figures/movements?lang=en&since=2026-06&until=2026-06"
    assert "Kadamjai" in (await office.get(page, role=Role.ANALYST)).text.split('id="routes"')[1]
    elsewhere = (await office.get(page, role=Role.ANALYST, areas=(OSH,))).text
    assert "those of your areas" in elsewhere and "No data for this selection." in elsewhere


async def test_movements_and_durations_are_on_a_page_and_in_csv(office: Office) -> None:
    """A family of five returns after a day. A group of 70 people is counted, and 30 of them return."""
    body, others = household(mobility="evacuation"), counted(0, 70)
    await office.file(body, movement(body, "returned"), others, moved(others, "returned", 24, persons=30))
    query = "since=2022-05&until=2026-06&mobility=displacement&mobility=evacuation"
    answer = await office.get(f"/v1/statistics/movements?{query}&format=csv", role=Role.ANALYST)
    names, tags, of_group, of_family = csv.reader(answer.text.removeprefix("\ufeff").splitlines())
    assert answer.headers["content-disposition"] == 'attachment; filename="movements.csv"'
    assert tags[names.index("destination_pcode")] == "#adm2+code+v_pcode+dest"
    group_row, family_row = (dict(zip(names, row, strict=True)) for row in (of_group, of_family))
    assert [group_row[name] for name in ("month", "movement", "persons", "group_persons")] == [
        "2022-05",
        "returned",
        "0",
        "30",
    ]
    assert (family_row["origin_pcode"], family_row["destination_pcode"], family_row["persons"]) == (
        LEILEK,
        KADAMJAI,
        "5",
    )
    answer = await office.get("/v1/statistics/duration?date=2022-06-30", role=Role.ANALYST, accept="text/csv")
    _tags, *rows = csv.DictReader(answer.text.removeprefix("\ufeff").splitlines())
    durations = {(row["days"], row["state"]): row["group_persons"] for row in rows if row["group_persons"] != "0"}
    assert durations == {("0-9", "completed"): "30", ("30-89", "ongoing"): "40"}
    answer = await office.get("/v1/statistics/duration?date=2026-06-30", role=Role.ANALYST, accept="text/csv")
    _tags, *rows = csv.DictReader(answer.text.removeprefix("\ufeff").splitlines())
    assert [row["persons"] for row in rows if (row["days"], row["state"]) == ("0-9", "completed")] == ["5"]
    shown = (await office.get(f"/figures/movements?lang=en&date=2026-06-30&{query}", role=Role.ANALYST)).text
    assert "How long people have been displaced, on 30 Jun 2026" in shown
    assert "Movements by month, 2022-05 to 2026-06" in shown
    months = shown.split('id="months"')[1].split('id="routes"')[0]
    assert re.findall(r"<b>(\d+)</b>(?: <span class=\"muted\">\| (\d+))?", months) == [("0", "30"), ("5", "")]
    link = re.search(r'href="/registry(/v1/statistics/movements[^"]*format=csv[^"]*)"', shown)
    assert link and (await office.get(unescape(link[1]), role=Role.ANALYST)).text.count("returned") == 2
    other_tab = re.search(r'href="/registry(/figures\?[^"]*)"', shown)
    assert other_tab and (await office.get(unescape(other_tab[1]), role=Role.ANALYST)).status_code == 200


async def test_the_figures_page_and_the_export_name_the_sub_stock(office: Office) -> None:
    body = household()
    await office.file(body, movement(body, "returned"))
    shown = (await office.get("/figures?lang=en&date=2026-06-20&sub_stock=in_return", role=Role.ANALYST)).text
    assert "In location of return on" in shown
    assert "Displaced on" not in shown
    assert "sub_stock=in_return" in shown  # the links to JSON and CSV have this filter
    csv = await office.get("/v1/statistics/stock?date=2026-06-20&sub_stock=in_return&format=csv", role=Role.ANALYST)
    assert "#affected+returnees+ind+registered" in csv.text
    assert (await office.get("/v1/statistics/stock?sub_stock=died", role=Role.ANALYST)).status_code == 422
