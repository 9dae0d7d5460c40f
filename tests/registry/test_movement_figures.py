"""Tests three kinds of figures: movements, duration of displacement, and people whom nobody has confirmed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.registry.figures.sums import sum_some
from shared.auth.tokens import Role
from shared.events.vocabulary import Flag
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH, household, movement
from tests.registry.test_group_movements import TO_LEILEK, counted, moved
from tests.registry.test_site_movements import SCHOOL

pytestmark = pytest.mark.anyio

Body = dict[str, Any]
# Selects a report's present outcome, and then all its published outcomes, each with its reason.
OUTCOMES_OF = text("""
SELECT outcome, reason FROM (
    SELECT 0 AS id, outcome, reason FROM reports WHERE report_id = CAST(:id AS uuid)
    UNION ALL
    SELECT id, value ->> 'outcome', value ->> 'reason' FROM (
        SELECT id, convert_from(value, 'UTF8')::json AS value FROM outbox WHERE topic = 'outcomes'
    ) AS events
    WHERE value ->> 'report_id' = CAST(CAST(:id AS uuid) AS text)
) AS stated ORDER BY id
""")
FIRST = datetime(2025, 1, 1, 3, tzinfo=UTC)  # 9 o'clock in Bishkek


def day(body: Body) -> date:
    return (datetime.fromisoformat(body["occurred_at"]) + timedelta(hours=6)).date()


async def get(office: Office, path: str, **claims: Any) -> Any:
    answer = await office.get(f"/v1/statistics/{path}", role=Role.ANALYST, **claims)
    assert answer.status_code == 200, answer.text
    return answer.json()


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


async def test_a_confirmation_leaves_the_date_of_a_household_as_exact_as_it_was(office: Office) -> None:
    exact, others, vague = household(), household(), household(occurred_at_precision="month")
    month: Body = {"occurred_at_precision": "month"}
    confirmed = [movement(body, "confirmed_here", **month) for body in (exact, others)]
    await office.file(exact, others, vague, *confirmed, movement(vague, "confirmed_here"))
    [row] = (await get(office, "stock?date=2026-06-20"))["rows"]
    assert (row["households"], row["imprecise"]) == (3, 1)
    some = [person["member_id"] for person in exact["members"][:3]]
    later = {"occurred_at": "2026-06-18T06:00:00Z", "reported_at": "2026-06-18T06:00:00Z"}
    await office.file(movement(exact, "returned", member_ids=some, **later, **month))
    rows = (await get(office, "stock?date=2026-06-20&sub_stock=in_displacement&sub_stock=in_return"))["rows"]
    # the day of displacement is exact; only the day of the return is not exact
    assert {row["pcode"]: (row["households"], row["imprecise"]) for row in rows} == {LEILEK: (3, 1), KADAMJAI: (1, 1)}


async def test_a_household_shows_since_when_nobody_has_confirmed_it(office: Office) -> None:
    """Evacuees are "not confirmed" a day after their departure. All other people are "not confirmed" after 30 days."""
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

    On 10 July, a solution is assessed for this family. For the three other persons, this ends a displacement of 39
    days. The two returned persons were displaced for 20 days. On 1 September, three persons of this family are
    displaced again.
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
        ("2026-07", "solution_assessed", 2),  # two people already returned, so their solution is at the place of return
        ("2026-07", "solution_assessed", 3),
        ("2026-09", "displaced_again", 3),
    ]


async def test_movements_of_groups_are_figures_of_their_own(office: Office) -> None:
    """Of 70 people, 30 return in May. In June, 25 are transferred.

    The other 15 of the 70 people return with everybody at their site.
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


async def test_a_group_moves_by_its_own_report_after_the_movement_of_its_site_is_reversed(office: Office) -> None:
    """Everybody at the site has already moved to this place. The group's own movement to it is therefore only noted.

    The site's movement is reversed, and the group's own movement is then recorded. The reversal is corrected, and the
    group's own movement is noted again.
    """
    body = counted(0, 70, site_id=SCHOOL)
    all_moved = movement(
        {"kind": "site", "site_id": SCHOOL}, "transferred", occurred_at="2022-06-10T00:00:00Z", **TO_LEILEK
    )
    june = {"occurred_at": "2022-06-20T00:00:00Z", "reported_at": "2022-06-20T00:00:00Z"}
    own = moved(body, "transferred", 0, **TO_LEILEK) | june

    async def outcomes() -> list[tuple[str, str | None]]:
        async with office.app.state.sessions() as session:
            rows = await session.execute(OUTCOMES_OF, {"id": own["report_id"]})
            return [(row.outcome, row.reason) for row in rows]

    recorded, noted = ("recorded", None), ("noted", "same_place")
    await office.file(body, all_moved, flags=(Flag.REGISTRAR_OF_COUNTRY,))
    await office.file(own)
    assert await outcomes() == [noted, noted]
    await office.file({**all_moved, "version": 2, "is_reversed": True}, flags=(Flag.REGISTRAR_OF_COUNTRY,))
    [row] = (await get(office, "movements?since=2022-05&until=2022-07"))["rows"]
    assert (row["movement"], row["destination_pcode"], row["group_persons"]) == ("transferred", LEILEK, 70)
    assert await outcomes() == [recorded, noted, recorded]
    await office.file({**all_moved, "version": 3}, flags=(Flag.REGISTRAR_OF_COUNTRY,))
    assert await outcomes() == [noted, noted, recorded, noted]
    await office.file({**body, "version": 2, "persons": 71})
    assert await outcomes() == [noted, noted, recorded, noted]


async def test_people_of_groups_who_left_the_country_are_figures_of_movements(office: Office) -> None:
    """People who have left the country stay there. All other people of the group return later."""
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


# Maps a filter and a caller's area to the number of registered persons who were displaced in Leilek.
DURATIONS_OF_AREAS = {
    (f"area={LEILEK}", "KG"): 5,
    (f"area={KADAMJAI}", "KG"): 0,
    (f"area={KADAMJAI}&view=origin", "KG"): 5,
    (f"area={LEILEK}&view=origin", "KG"): 0,
    ("", LEILEK): 5,
    ("", KADAMJAI): 0,
}


async def test_the_figures_of_movements_and_durations_are_limited_to_areas(office: Office) -> None:
    """A family and a group of 70 flee from Kadamjai to Leilek. Later, they return."""
    body = household(origin={"pcode": KADAMJAI}, destination={"pcode": LEILEK})
    await office.file(body, movement(body, "returned"))
    for area, rows in (("KG", 1), (KADAMJAI, 1), (OSH, 0)):
        assert len((await get(office, "movements", areas=(area,)))["rows"]) == rows
    others = counted(0, 70, destination={"pcode": LEILEK})
    back = {name: movement(body, "returned")[name] for name in ("occurred_at", "reported_at")}
    await office.file(others, moved(others, "returned", 0, **back))
    refused = await office.get("/v1/statistics/movements?shelter=tent", role=Role.ANALYST)
    assert refused.status_code == 422
    for is_summed in (False, True):
        for (query, area), persons in DURATIONS_OF_AREAS.items():
            for on, has_ended in (("2026-06-15", False), ("2026-06-20", True)):
                rows = (await get(office, f"duration?date={on}&{query}", areas=(area,)))["rows"]
                found = numbers([row for row in rows if row["has_ended"] is has_ended])
                assert found == (persons, 14 * persons), (on, query, area, is_summed)
        await sum_some(office.app.state.sessions)
    page = "/figures/movements?lang=en&since=2026-06&until=2026-06"
    assert "Kadamjai" in (await office.get(page, role=Role.ANALYST)).text.split('id="routes"')[1]
    elsewhere = (await office.get(page, role=Role.ANALYST, areas=(OSH,))).text
    assert "those of your areas" in elsewhere and "No data for this selection." in elsewhere


# Maps a filter to the number of registered persons that it selects, and to whether it selects the counted group.
SELECTED = {
    "": (10, True),
    "reason=natural_disaster": (5, True),
    "reason=economic": (0, False),
    "reason=economic&rank=any": (5, False),
    "rank=only": (5, True),
    "onset=sudden": (5, True),
    "onset=slow&rank=any": (5, False),
    "hazard_type=mudflow": (5, False),
    "sex=female": (6, False),
    "sex=unknown": (0, True),
    "age=12-17": (2, False),
    "sex=male&age=5-11&age_profile=unhcr": (2, False),
    "age=65%2B&age_profile=delta": (2, False),
    "age=unknown": (0, True),
}


async def test_movements_and_durations_have_the_filters_of_reasons_hazards_sexes_and_ages(office: Office) -> None:
    """One family fled a mudflow and degraded pastures. A second family fled a conflict. Both families return.

    A group of 70 was counted, and 30 of the 70 return. The sex and age of the 30 people are not known.
    """
    of_mudflow = household(reasons=["natural_disaster", "pasture_degradation", "economic"])
    of_conflict, others = household(reasons=["conflict"], hazard_type=None), counted(0, 70)
    await office.file(of_mudflow, movement(of_mudflow, "returned"), of_conflict, movement(of_conflict, "returned"))
    await office.file(others, moved(others, "returned", 24, persons=30))
    for query, (persons, has_group) in SELECTED.items():
        rows = (await get(office, f"movements?since=2022-01&until=2026-12&{query}"))["rows"]
        assert numbers(rows) == (persons, 30 * has_group), query
        for day, moved_persons in (("2026-06-15", 0), ("2026-06-20", persons)):
            rows = (await get(office, f"duration?date={day}&{query}"))["rows"]
            ongoing, completed = ([row for row in rows if row["has_ended"] is ended] for ended in (False, True))
            assert numbers(ongoing) == (persons - moved_persons, 40 * has_group), query
            assert numbers(completed) == (moved_persons, 30 * has_group), query
    shown = await office.get("/figures/movements?lang=en&reason=economic&rank=any&age=65%2B", role=Role.ANALYST)
    assert "· Work or income · Reasons that count: Any of up to three</h2>" in shown.text  # no bracket of DTM is "65+"


def numbers(rows: list[Body]) -> tuple[int, int]:
    return sum(row["persons"] for row in rows), sum(row["group_persons"] for row in rows)
