"""Tests figures by reason, need, shelter, age and category of displaced people."""

import re
from collections import Counter
from uuid import uuid4

import pytest

from services.registry.reports import MOVES
from shared.auth.tokens import Role
from shared.events.vocabulary import DISPLACED, Mobility
from tests.registry.conftest import Office
from tests.registry.factories import LEILEK, OSH, group, household, movement
from tests.registry.test_statistics import FLOWS, STOCK, figures_at

pytestmark = pytest.mark.anyio


async def test_persons_with_disability_are_counted_among_the_persons_who_were_asked(office: Office) -> None:
    """The family's persons are 42, 39, 17, 9 and 71 years old.

    The second person refused to answer. Nobody asked the third person.
    """
    answers = ("some_difficulty", "refused", None, "a_lot_of_difficulty", "cannot_do_at_all")
    body = household()
    for member, answer in zip(body["members"], answers, strict=True):
        member.update({"functioning": {"walking": answer}} if answer else {})
    others = [{"member_id": str(uuid4()), "birth_year": 2024}, {"member_id": str(uuid4())}]
    await office.file(body, household(members=others, persons=2), group(destination={"pcode": LEILEK}))
    for path in (STOCK, FLOWS):
        figures = await figures_at(office, path)
        [row] = figures["rows"]
        for numbers in (row, figures["total"]):
            assert (numbers["persons"], numbers["assessed"], numbers["with_disability"]) == (7, 3, 2)
        of_women = (await figures_at(office, f"{path}?sex=female"))["totals"]
        for category, persons in (("displaced", 3), ("abroad", 0)):
            total = of_women[category]
            assert (total["persons"], total["assessed"], total["with_disability"]) == (persons, None, None)
    page_at = "/figures?lang=en&date=2026-06-30"
    page = (await office.get(page_at, role=Role.ANALYST)).text
    assert "with disability: 2 of 3 persons who were asked" in page
    assert "(aged 5 and over: 5, of unknown age: 1)" in page
    assert "data-disability" not in (await office.get(f"{page_at}&sex=female", role=Role.ANALYST)).text

    body["members"][0]["functioning"] = {"walking": "some_difficulty", "seeing": "a_lot_of_difficulty"}
    moved = movement(body, "returned", member_ids=[body["members"][4]["member_id"]])
    await office.file(moved, {**body, "version": 2})
    for sub_stock, expected in {"in_displacement": (2, 2), "in_return": (1, 1)}.items():
        total = (await figures_at(office, f"{STOCK}?sub_stock={sub_stock}"))["total"]
        assert (total["assessed"], total["with_disability"]) == expected


async def test_sex_and_age_are_as_of_the_day_of_displacement(office: Office) -> None:
    """On 15 June 2026, persons born on 31 January 2009, 7 July 2016 and 8 March 1955 are 17, 9 and 71 years old."""
    await office.file(household())
    [row] = (await figures_at(office, FLOWS))["rows"]
    cells = ("male_18_59", "female_18_59", "female_12_17", "male_6_11", "female_60_plus")
    assert [row[cell] for cell in cells] == [1, 1, 1, 1, 1]
    children = await figures_at(office, f"{FLOWS}?age=6-11&age=12-17&sex=female")
    assert children["total"]["persons"] == 1


async def test_the_stock_has_the_ages_of_its_day_by_the_brackets_of_the_reader(office: Office) -> None:
    """On 15 June 2020, the persons are 36, 33, 11, 3 and 65 years old.

    On 1 January 2022, the younger child is 5 years old.
    """
    await office.file(household(occurred_at="2020-06-15T06:00:00Z"), household(members=[], persons=1))
    days = {
        ("2020-12-31", "dtm"): {"0_5": 1, "6_11": 1, "18_59": 2, "60_plus": 1},
        ("2021-12-31", "dtm"): {"0_5": 1, "6_11": 1, "18_59": 2, "60_plus": 1},
        ("2022-01-01", "dtm"): {"0_5": 1, "12_17": 1, "18_59": 2, "60_plus": 1},
        ("2020-12-31", "unhcr"): {"0_4": 1, "5_11": 1, "18_59": 2, "60_plus": 1},
        ("2022-01-01", "unhcr"): {"5_11": 1, "12_17": 1, "18_59": 2, "60_plus": 1},
        ("2024-12-31", "delta"): {"0_14": 2, "15_64": 2, "65_plus": 1},
        ("2025-01-01", "delta"): {"0_14": 1, "15_64": 3, "65_plus": 1},
    }
    for (day, profile), ages in days.items():
        [row] = (await figures_at(office, f"{STOCK}?date={day}&age_profile={profile}"))["rows"]
        cells = {name: row[name] for name in row if name.startswith(("female_", "male_", "unknown_")) and row[name]}
        found = Counter[str]()
        for name, count in cells.items():
            found[name.partition("_")[2]] += count
        assert found == ages, (day, profile)
    [row] = (await figures_at(office, f"{STOCK}?date=2022-01-01&age=12-17"))["rows"]
    assert (row["persons"], row["female_12_17"], row["households"]) == (1, 1, 1)
    assert (await figures_at(office, f"{STOCK}?date=2021-12-31&age=12-17"))["rows"] == []


async def test_a_bracket_that_the_reader_divides_is_not_known(office: Office) -> None:
    sex_age = [{"sex": "female", "age": age, "count": 1} for age in ("0-5", "6-11", "12-17", "18-59", "60+")]
    await office.file(household(members=[], persons=6, sex_age=sex_age), household(members=[], persons=1))
    ages = {
        "dtm": {"0_5": 1, "6_11": 1, "12_17": 1, "18_59": 1, "60_plus": 1, "unknown": 0},
        "unhcr": {"0_4": 0, "5_11": 1, "12_17": 1, "18_59": 1, "60_plus": 1, "unknown": 1},
        "delta": {"0_14": 2, "15_64": 1, "65_plus": 0, "unknown": 2},
    }
    for profile, expected in ages.items():
        for path in (STOCK, FLOWS):
            [row] = (await figures_at(office, f"{path}?age_profile={profile}"))["rows"]
            assert {age: row[f"female_{age}"] for age in expected} == expected
            assert row["unknown_unknown"] == 2
    answer = await office.get(f"{STOCK}?age_profile=delta&age=0-5", role=Role.ANALYST)
    assert answer.status_code == 422
    assert "0-14, 15-64, 65+, unknown" in answer.text
    # the URL that the form sends
    page = await office.get("/figures?lang=en&age_profile=delta&age=0-5", role=Role.ANALYST)
    assert ("65 and over" in page.text, "60 and over" in page.text) == (True, False)


async def test_displaced_relocated_and_migrated_people_are_never_added(office: Office) -> None:
    """Relocated people and migrants have figures of their own. No figure counts people who were unable to move."""
    await office.file(*(household(mobility=each) for each in Mobility), group(mobility="migration", persons=70))
    for path in (STOCK, FLOWS):
        usual = await figures_at(office, path)
        assert (usual["total"]["households"], usual["total"]["groups"]) == (2, 0)
        assert {row["mobility"] for row in usual["rows"]} == set(DISPLACED) == set(usual["mobility"])
        assert (await figures_at(office, f"{path}?mobility=migration"))["total"]["households"] == 1
        everybody = await figures_at(office, f"{path}?{'&'.join(f'mobility={move}' for move in MOVES)}")
        assert everybody["total"] is None
        assert {of: total["households"] for of, total in everybody["totals"].items()} == {
            "displaced": 2,
            "abroad": 0,
            "from_abroad": 0,
            "unknown": 0,
            "planned_relocation": 1,
            "migration": 1,
        }
    assert (await figures_at(office, f"{STOCK}?mobility=migration"))["total"]["group_persons"] == 70
    refused = await office.get(f"{STOCK}?mobility=unable_to_move", role=Role.ANALYST)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/query/mobility/0")


async def test_a_displaced_family_that_migrated_is_counted_once_as_its_latest_move(office: Office) -> None:
    displaced = household()
    migrated = household(
        household_id=displaced["household_id"],
        occurred_at="2026-07-10T00:00:00Z",
        origin={"pcode": LEILEK},
        destination={"country": "RU"},
        reasons=["economic"],
        mobility="migration",
    )
    await office.file(displaced, migrated)
    assert (await figures_at(office, f"{STOCK}?date=2026-06-30"))["total"]["households"] == 1
    assert (await figures_at(office, f"{STOCK}?date=2026-07-31"))["total"]["households"] == 0
    [abroad] = (await figures_at(office, f"{STOCK}?date=2026-07-31&mobility=migration"))["rows"]
    assert (abroad["country"], abroad["mobility"], abroad["households"]) == ("RUS", "migration", 1)
    both = (await figures_at(office, f"{FLOWS}?mobility=migration&mobility=displacement"))["totals"]
    assert (both["displaced"]["households"], both["migration"]["households"]) == (1, 1)


async def ranked(office: Office) -> None:
    await office.file(
        household(reasons=["natural_disaster", "economic"], shelter="school", needs=["food", "water"]),
        household(reasons=["economic"], hazard_type=None, shelter="rented", needs=["documents"], persons=2, members=[]),
        household(
            reasons=["pasture_degradation", "natural_disaster"],
            hazard_type="drought",
            shelter="pasture_camp",
            needs=["water", "livelihood", "water"],
            persons=3,
            members=[],
        ),
    )


@pytest.mark.parametrize(
    ("query", "total", "by_reason"),
    [
        ("", 10, {"natural_disaster": 5, "economic": 2, "pasture_degradation": 3}),
        ("rank=any", 10, {"natural_disaster": 5 + 3, "economic": 5 + 2, "pasture_degradation": 3}),
        ("rank=only", 2, {"economic": 2}),
        ("reason=economic", 2, {"economic": 2}),
        ("rank=any&reason=economic", 7, {"economic": 7}),
        ("onset=slow", 3, {"pasture_degradation": 3}),
        ("rank=any&onset=slow", 3, {"pasture_degradation": 3, "natural_disaster": 3}),
        ("rank=any&onset=sudden", 5, {"natural_disaster": 5}),
        ("hazard_type=mudflow", 5, {"natural_disaster": 5}),
        ("shelter=school&shelter=rented", 7, {"natural_disaster": 5, "economic": 2}),
    ],
)
async def test_any_of_the_ranked_reasons_counts_on_request(
    office: Office, query: str, total: int, by_reason: dict[str, int]
) -> None:
    await ranked(office)
    for path in (STOCK, FLOWS):
        figures = await figures_at(office, f"{path}?{query}")
        assert {row["reason"]: row["persons"] for row in figures["rows"]} == by_reason
        assert figures["total"]["persons"] == total


async def test_needs_and_kinds_of_shelter_are_counted(office: Office) -> None:
    await ranked(office)
    await office.file(group(shelter="school", needs=["water"], persons=120))
    needs = await figures_at(office, "/v1/statistics/needs")
    assert {row["need"]: (row["households"], row["persons"], row["group_persons"]) for row in needs["rows"]} == {
        "water": (2, 8, 120),
        "food": (1, 5, 0),
        "livelihood": (1, 3, 0),
        "documents": (1, 2, 0),
        None: (3, 10, 120),
    }
    by_shelter = await figures_at(office, f"{STOCK}?by=shelter&level=0")
    assert {row["shelter"]: (row["persons"], row["group_persons"]) for row in by_shelter["rows"]} == {
        "school": (5, 120),
        "rented": (2, 0),
        "pasture_camp": (3, 0),
    }
    page = (await office.get("/figures?lang=en", role=Role.ANALYST)).text
    shelters = page[page.index('id="shelters"') : page.index('id="needs"')]
    assert re.findall(r'<th scope="row">([\w ]+)</th><td class="number strong">(\d+)</td>', shelters) == [
        ("Rented", "2"),
        ("School", "5"),
        ("Yurt or pasture camp", "3"),
    ]


async def test_after_a_transfer_people_are_counted_in_their_new_shelter(office: Office) -> None:
    family = household(shelter="tent")
    await office.file(family)
    await office.file(movement(family, "transferred", destination={"pcode": OSH}, shelter="rented"))
    rows = {}
    for day in ("2026-06-15", "2026-06-30"):
        [row] = (await figures_at(office, f"{STOCK}?by=shelter&date={day}"))["rows"]
        rows[day] = (row["pcode"], row["shelter"], row["persons"])
    assert rows == {"2026-06-15": (LEILEK, "tent", 5), "2026-06-30": (OSH, "rented", 5)}


async def test_the_page_shows_who_was_evacuated_and_keeps_other_categories_apart(office: Office) -> None:
    evacuated = {"mobility": "evacuation", "evacuation": "pre_emptive"}
    await office.file(
        household(),
        household(**evacuated),
        household(mobility="evacuation", persons=2, members=[]),
        household(destination={"country": "RU"}, persons=3, members=[]),
        household(mobility="planned_relocation", persons=4, members=[]),
        group(**evacuated, persons=70, sex_age=[], destination_locality="Чайкана"),
    )
    page = (await office.get("/figures?lang=en", role=Role.ANALYST)).text
    tiles = page[page.index('<div class="tiles">') : page.index('<div class="charts">')]
    assert re.findall(r'<p class="big">(\d+) ', tiles) == ["12", "70", "12"]
    assert " ".join(re.search(r'id="evacuated">(.*?)</p>', tiles, re.DOTALL)[1].split()) == (  # type: ignore[index]
        'of these evacuated: 7 <span class="muted">(Before the hazard: 5, not stated: 2)</span>'
    )
    apart = dict(re.findall(r'<th scope="row">([\w ,]+)</th><td class="number strong">(\d+)</td>', tiles))
    assert (apart["Displaced abroad"], apart["Planned relocation"], apart["Migration"]) == ("3", "4", "0")
    by_kind = await figures_at(office, f"{STOCK}?by=evacuation&mobility=evacuation&level=0")
    assert {row["evacuation"]: (row["persons"], row["group_persons"]) for row in by_kind["rows"]} == {
        "pre_emptive": (5, 70),
        None: (2, 0),
    }


async def test_several_categories_have_a_number_each_on_the_page(office: Office) -> None:
    await office.file(household(), household(mobility="migration", destination={"country": "RU"}))
    page = (await office.get("/figures?lang=en&mobility=displacement&mobility=migration", role=Role.ANALYST)).text
    registered = page[page.index('id="registered"') : page.index('id="counted"')]
    lines = re.findall(r'<h3>([\w ,]+)</h3>\s*<p class="big">(\d+) ', registered)
    assert ("Displaced within the country", "5") in lines and ("Migration", "5") in lines


async def test_a_later_recount_keeps_the_needs_of_the_count_that_it_replaces(office: Office) -> None:
    here = {"destination_locality": "Мектеп № 3", "is_full_recount": True, "sex_age": []}
    await office.file(group(**here, needs=["water"]))
    await office.file(group(**here, persons=80, counted_at="2026-07-01T06:00:00Z", reported_at="2026-07-01T06:00:00Z"))
    for day, needing in (("2026-06-30", [120, 120]), ("2026-07-02", [])):
        needs = await figures_at(office, f"/v1/statistics/needs?date={day}")
        assert [row["group_persons"] for row in needs["rows"]] == needing
