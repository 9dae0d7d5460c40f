"""Compares figures with a small example that was calculated by hand."""

import re
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from services.registry.figures import sums
from services.registry.figures.queries import MovementScope
from shared.auth.tokens import Role
from shared.country import TIME_ZONE
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, NOT_ASKED, OSH, group, household

pytestmark = pytest.mark.anyio

STOCK, FLOWS = "/v1/statistics/stock", "/v1/statistics/flows"
EVERYWHERE = "&".join(f"scope={scope}" for scope in MovementScope)
BATKEN_OBLAST = "KG05000000000"
VILLAGE = "KG05236830020"  # a village in Leilek; figures show its people in the district


async def example(office: Office) -> None:
    moved_on = household()
    again = household(
        household_id=moved_on["household_id"],
        occurred_at="2026-07-31T18:30:00Z",
        destination={"pcode": OSH},
        reasons=["economic", "family"],
    )
    alone = household(persons=3, members=[])
    abroad = household(destination={"country": "RU"}, reasons=["economic"])
    incomplete = household(is_whole_household=False)
    for member in incomplete["members"][2:]:
        member["is_displaced"] = False
    stuck = household(mobility="unable_to_move")
    counted = group(destination_locality="Мектеп № 3")
    await office.file(moved_on, again, alone, abroad, incomplete, stuck, household(status="Exercise"))
    await office.file(counted)
    await office.file(
        {**counted, **ids(), "reported_at": "2026-07-01T00:00:00Z", "is_full_recount": True, "persons": 90}
    )
    await office.file(group(measure="flow", persons=40, quantifier="exact", sex_age=[]))


def ids() -> dict[str, str]:
    return {"report_id": str(uuid4()), "group_id": str(uuid4())}


async def figures_at(office: Office, path: str) -> dict[str, Any]:
    answer = await office.get(path, role=Role.ANALYST)
    assert answer.status_code == 200, answer.text
    figures: dict[str, Any] = answer.json()
    return figures


async def test_the_stock_on_a_day(office: Office) -> None:
    await example(office)
    june = await figures_at(office, f"{STOCK}?date=2026-06-30")
    by_place = {(row["pcode"], row["country"]): row for row in june["rows"]}
    assert {unit: (row["households"], row["persons"], row["group_persons"]) for unit, row in by_place.items()} == {
        (LEILEK, "KGZ"): (3, 5 + 3 + 2, 0),
        (BATKEN, "KGZ"): (0, 0, 120),
    }
    assert by_place[LEILEK, "KGZ"]["unknown_unknown"] == 3
    assert by_place[LEILEK, "KGZ"]["soate"] == "41705236000000"
    assert june["total"] == {**NOT_ASKED, "households": 3, "persons": 10, "groups": 1, "group_persons": 120}
    abroad = await figures_at(office, f"{STOCK}?date=2026-06-30&scope=abroad")
    [row] = abroad["rows"]
    assert (row["pcode"], row["country"], row["scope"], row["households"], row["persons"]) == (
        *(None, "RUS", "abroad"),
        *(1, 5),
    )
    assert abroad["total"]["persons"] == 5


async def test_the_stock_after_a_family_moved_on_and_a_group_was_recounted(office: Office) -> None:
    await example(office)
    august = await figures_at(office, f"{STOCK}?date=2026-08-01")
    by_place = {row["pcode"]: row for row in august["rows"]}
    assert (by_place[LEILEK]["households"], by_place[OSH]["households"], by_place[OSH]["persons"]) == (2, 1, 5)
    assert (by_place[BATKEN]["groups"], by_place[BATKEN]["group_persons"]) == (1, 90)


async def test_flows_are_by_month_in_bishkek(office: Office) -> None:
    """18:30 UTC on 31 July is already 1 August in Bishkek. The flow therefore belongs to August."""
    await example(office)
    flows = await figures_at(office, f"{FLOWS}?{EVERYWHERE}")
    assert {
        (row["month"], row["reason"], row["scope"]): (row["households"], row["persons"])
        for row in flows["rows"]
        if row["households"]
    } == {
        ("2026-06", "natural_disaster", "within"): (3, 10),
        ("2026-06", "economic", "abroad"): (1, 5),
        ("2026-08", "economic", "within"): (1, 5),
    }
    assert flows["total"] is None
    assert flows["totals"]["displaced"] == {
        **NOT_ASKED,
        "households": 4,
        "persons": 15,
        "groups": 1,
        "group_persons": 40,
    }
    assert flows["totals"]["abroad"] == {**NOT_ASKED, "households": 1, "persons": 5, "groups": 0, "group_persons": 0}
    assert (await figures_at(office, f"{FLOWS}?since=2026-07&until=2026-08"))["total"]["households"] == 1


async def test_the_first_moment_of_a_month_belongs_to_it(office: Office) -> None:
    await office.file(household(occurred_at="2026-07-01T00:00:00+06:00"))
    queries = {
        f"{STOCK}?date=2026-06-30": 0,
        f"{STOCK}?date=2026-07-01": 1,
        f"{FLOWS}?until=2026-06": 0,
        f"{FLOWS}?since=2026-07&until=2026-07": 1,
    }
    assert {path: (await figures_at(office, path))["total"]["households"] for path in queries} == queries


@pytest.mark.parametrize(
    ("origin", "destination", "scope"),
    [
        ({"pcode": KADAMJAI}, {"pcode": LEILEK}, "within"),
        ({"pcode": KADAMJAI}, {"country": "KG"}, "within"),
        ({"pcode": KADAMJAI}, {"country": "RU"}, "abroad"),
        ({"country": "TJ"}, {"country": "RU"}, "abroad"),
        ({"country": "TJ"}, {"pcode": LEILEK}, "from_abroad"),
        ({"country": "ZZ"}, {"pcode": LEILEK}, "origin_unknown"),
        ({"country": "ZZ"}, {"country": "RU"}, "abroad"),
        ({"country": "ZZ"}, {"country": "ZZ"}, "unknown"),
        ({"pcode": KADAMJAI}, {"country": "XX"}, "abroad"),
        ({"country": "XX"}, {"pcode": LEILEK}, "from_abroad"),
        ({"pcode": KADAMJAI}, {"country": "ZZ"}, "unknown"),
    ],
)
async def test_a_scope_states_on_which_side_of_the_border_a_move_began_and_ended(
    office: Office, origin: dict[str, str], destination: dict[str, str], scope: str
) -> None:
    await office.file(household(origin=origin, destination=destination))
    for path in (STOCK, FLOWS):
        figures = await figures_at(office, f"{path}?{EVERYWHERE}")
        assert [row["scope"] for row in figures["rows"]] == [scope]
        assert len((await figures_at(office, f"{path}?scope={scope}"))["rows"]) == 1
        assert len((await figures_at(office, path))["rows"]) == (scope in ("within", "origin_unknown"))


async def test_a_figure_comes_with_its_data_quality(office: Office) -> None:
    corrected, counted = household(), {"destination": {"pcode": LEILEK}}
    await office.file(corrected, household(occurred_at_precision="month"), group(**counted))
    await office.file(group(**counted, quantifier="exact"))
    await office.file({**corrected, "version": 2, "persons": 3, "members": []})
    [row] = (await figures_at(office, STOCK))["rows"]
    assert (row["households"], row["corrected"], row["imprecise"], row["groups"]) == (2, 1, 1, 2)
    page = (await office.get("/figures?lang=en", role=Role.ANALYST)).text
    assert re.findall(r"<dt>(of these [\w ]+|with a [\w ]+)</dt><dd>(\d+)</dd>", page)[:3] == [
        ("of these corrected since", "1"),
        ("with a date less exact than a day", "1"),
        ("of these approximate", "1"),
    ]


async def test_flows_by_origin(office: Office) -> None:
    await example(office)
    flows = await figures_at(office, f"{FLOWS}?view=origin&level=1")
    assert {row["pcode"] for row in flows["rows"]} == {BATKEN_OBLAST}
    assert sum(row["persons"] for row in flows["rows"]) == 15


async def test_filters(office: Office) -> None:
    await example(office)
    assert (await figures_at(office, f"{FLOWS}?scope=abroad"))["total"]["persons"] == 5
    assert (await figures_at(office, f"{FLOWS}?reason=economic"))["total"]["persons"] == 5
    assert (await figures_at(office, f"{FLOWS}?area={OSH}"))["total"]["persons"] == 5
    assert (await figures_at(office, f"{FLOWS}?view=origin&area={BATKEN_OBLAST}"))["total"]["persons"] == 15
    assert (await office.get(f"{FLOWS}?reason=whim", role=Role.ANALYST)).status_code == 422
    assert (await office.get(f"{FLOWS}?raison=economic", role=Role.ANALYST)).status_code == 422


@pytest.mark.parametrize(
    "day",
    [
        "stock?date=9999-12-31",
        "stock?date=0001-01-01",
        "stock?date=1899-12-31",
        "flows?until=9999-12",
        "flows?since=0000-01",
    ],
)
async def test_a_day_outside_the_reports_calendar_is_refused(office: Office, day: str) -> None:
    path, _, query = day.partition("?")
    for page in (f"/v1/statistics/{day}", f"/figures?{query}"):
        answer = await office.get(page, role=Role.ANALYST)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/query/{query.split('=')[0]}"), (
            path
        )


@pytest.mark.parametrize(
    "query", ["date=1900-01-01", "date=2199-12-31", "until=2199-12", "since=1900-01&until=1900-01"]
)
async def test_the_first_and_the_last_day_are_accepted(office: Office, query: str) -> None:
    assert (await office.get(f"/figures?{query}", role=Role.ANALYST)).status_code == 200


async def test_a_report_dated_far_ahead_has_no_bar_unless_requested(office: Office) -> None:
    this_month = f"{datetime.now(TIME_ZONE):%Y-%m}"
    await office.file(
        household(occurred_at=f"{this_month}-01T12:00:00+06:00"), household(occurred_at="2199-05-01T00:00:00Z")
    )
    usual = (await office.get("/figures?lang=en", role=Role.ANALYST)).text
    assert (monthly_rows(usual), "05.2199" in usual) == (1, False)
    ahead = (await office.get(f"/figures?lang=en&since={this_month}&until=2199-12", role=Role.ANALYST)).text
    assert (monthly_rows(ahead), "05.2199" in ahead) == (120, True)
    assert "The chart shows the last months only" in ahead


def monthly_rows(page: str) -> int:
    return section(page, "monthly").count('<th scope="row"')


def section(page: str, name: str) -> str:
    return page.partition(f'aria-labelledby="{name}"')[2].partition("</section>")[0]


async def test_stock_at_the_end_of_each_month_is_the_stock_of_that_day(office: Office) -> None:
    """Compares the chart with the stock of each day: for the country, for an area, and after the changes are summed.

    The page names the chart's URL, and the chart is read from there.
    """
    today = datetime.now(TIME_ZONE).date()
    await example(office)
    await office.file(household(occurred_at=f"{today}T00:00:00+06:00"))
    for area, is_summed in ((None, False), (BATKEN_OBLAST, False), (None, True)):
        if is_summed:
            await sums.sum_some(office.app.state.sessions)
        selected = {"since": "2026-05", "lang": "en", **({"area": area} if area else {})}
        page = (await office.get(f"/figures?{urlencode(selected)}", role=Role.ANALYST)).text
        [path] = re.findall(r'data-later="/registry([^"]+)"', page)
        chart = section((await office.get(f"{unescape(path)}&lang=en", role=Role.ANALYST)).text, "history")
        history = re.findall(r'nowrap">([^<]+)</th><td[^>]+"(\d+)">[^<]*</td><td[^>]+"(\d+)">', chart)
        assert [day for day, *_ in history][:3] == ["31 May 2026", "30 Jun 2026", "31 Jul 2026"]
        for shown, persons, in_groups in history:
            day = datetime.strptime(shown, "%d %b %Y").date()  # noqa: DTZ007 - a date has no time zone
            whole = (await figures_at(office, f"{STOCK}?date={day}{f'&area={area}' if area else ''}"))["total"]
            assert (int(persons), int(in_groups)) == (whole["persons"], whole["group_persons"]), (area, day)
        assert day == today
        assert len({persons for _, persons, _ in history}) > 2


@pytest.mark.parametrize("precision", ["season", "year"])
async def test_a_season_or_a_year_is_not_a_month(office: Office, precision: str) -> None:
    await office.file(household(occurred_at="2025-01-01T00:00:00Z", occurred_at_precision=precision))
    [row] = (await figures_at(office, FLOWS))["rows"]
    assert (row["month"], row["imprecise"]) == ("2025", 1)


async def test_figures_are_those_of_the_callers_areas(office: Office) -> None:
    await example(office)
    seen = (await office.get(f"{STOCK}?date=2026-08-01", role=Role.REGISTRAR, areas=(OSH,))).json()
    assert {row["pcode"] for row in seen["rows"]} == {OSH}
    kadamjai = (await office.get(f"{STOCK}?scope=abroad", role=Role.REGISTRAR, areas=(KADAMJAI,))).json()
    assert {row["country"] for row in kadamjai["rows"]} == {"RUS"}


async def test_a_village_counts_in_its_district(office: Office) -> None:
    await office.file(household(), household(destination={"pcode": VILLAGE}))
    [row] = (await figures_at(office, STOCK))["rows"]
    assert (row["pcode"], row["households"]) == (LEILEK, 2)
    for area, households in ((LEILEK, 2), (BATKEN_OBLAST, 2), (VILLAGE, 1), (OSH, 0)):
        assert (await figures_at(office, f"{STOCK}?area={area}"))["total"]["households"] == households, area
    seen = (await office.get(STOCK, role=Role.REGISTRAR, areas=(LEILEK,))).json()
    assert seen["total"]["households"] == 2


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
async def test_the_page_shows_registered_and_counted_people_side_by_side(office: Office, language: str) -> None:
    await example(office)
    page = await office.get(
        f"/figures?lang={language}&date=2026-06-30&since=&until=2026-08&reason=&area=&age=", role=Role.ANALYST
    )
    assert page.status_code == 200
    assert f'lang="{language}"' in page.text
    assert "120" in page.text and "41705236000000" in page.text
    assert len(re.findall(r'class="number" data-value="[1-9]', section(page.text, "monthly"))) == 2
