"""Tests the links, terms and area names of the page of figures."""

import csv
import html
import io
import re

import pytest

from shared.auth.tokens import Role
from tests.registry.conftest import Office
from tests.registry.factories import KADAMJAI, LEILEK, OSH, group, household

pytestmark = pytest.mark.anyio

STOCK, FLOWS = "/v1/statistics/stock", "/v1/statistics/flows"
SEVERAL = (
    "date=2026-07-15&since=2026-05&until=2026-08&view=origin&level=1&area=KG05000000000&reason=natural_disaster"
    "&reason=economic&scope=within&scope=abroad&mobility=displacement&mobility=migration&sex=female&age=18-59&age=12-17"
)
QUERIES = ("", "date=&reason=&area=&mobility=", SEVERAL, "until=2026-06", "date=1900-06-30", "level=0&view=origin")


def hrefs(page: str) -> list[str]:
    return [html.unescape(href) for href in re.findall(r'href="([^"]+)"', page)]


def tiles(page: str) -> list[list[int]]:
    """Returns the large numbers of three tiles: registered, counted in groups, and newly registered people.

    A tile has one number for each category of people.
    """
    parts = page.split('<section class="panel tile"')[1:4]
    return [[int(number) for number in re.findall(r'<p class="big">(\d+) ', part)] for part in parts]


async def totals(office: Office, href: str) -> dict[str, int]:
    """Returns the sums over all categories of people. A test compares several answers with the page."""
    answer = await office.get(href, role=Role.ANALYST)
    assert answer.status_code == 200, (href, answer.text)
    if "format=csv" not in href:
        rows = list(answer.json()["totals"].values())
    else:
        _, *rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    return {name: sum(int(row[name]) for row in rows) for name in ("households", "persons", "groups", "group_persons")}


async def test_every_link_of_the_page_answers_with_what_the_page_shows(office: Office) -> None:
    await office.file(household(), household(destination={"country": "RU"}, reasons=["economic"]), group())
    await office.file(
        household(occurred_at="2026-07-20T00:00:00Z"), household(mobility="migration", destination={"country": "KZ"})
    )
    for language in ("ky", "ru", "en"):  # a cookie stores the language, and the client keeps the cookie
        answered: set[str] = set()
        for query in QUERIES:
            page = await office.get(f"/figures?lang={language}&{query}", role=Role.ANALYST)
            assert page.status_code == 200
            links = {f"/figures{href}" if href.startswith("?") else href for href in hrefs(page.text)}
            own = {href.removeprefix("/registry") for href in links if href.startswith(("/registry/", "/figures?"))}
            for href in sorted(own - answered):
                assert (await office.get(href, role=Role.ANALYST)).status_code == 200, (language, query, href)
            answered |= own
            await compare_with_links(office, page.text)


async def compare_with_links(office: Office, page: str) -> None:
    own = [href.removeprefix("/registry") for href in hrefs(page) if href.startswith("/registry/")]
    stocks, flows = ([href for href in own if href.startswith(path)] for path in (STOCK, FLOWS))
    assert (len(stocks), len(flows)) == (2, 2)
    registered, counted, newly = map(sum, tiles(page))
    for href in stocks:
        totals_of_link = await totals(office, href)
        assert (totals_of_link["persons"], totals_of_link["group_persons"]) == (registered, counted), href
    for href in flows:
        assert (await totals(office, href))["persons"] == newly, href


async def test_migrants_are_not_called_displaced(office: Office) -> None:
    await office.file(household(), household(mobility="migration", destination={"country": "RU"}))
    usual = (await office.get("/figures?lang=en", role=Role.ANALYST)).text
    assert (tiles(usual)[0], "Displaced on " in usual, "Russia" in usual) == ([5], True, False)
    both = (await office.get("/figures?lang=en&mobility=displacement&mobility=migration", role=Role.ANALYST)).text
    assert ("Displaced on " in both, "Moved as of " in both, "Russia" in both) == (False, True, True)
    assert sorted(tiles(both)[0]) == [0, 0, 0, 5, 5]  # first migrants, and then displaced people by their whereabouts


async def test_the_chart_of_the_stock_says_that_it_shows_only_the_last_months(office: Office) -> None:
    usual = (await office.get("/figures/history?lang=en", role=Role.ANALYST)).text
    years = (await office.get("/figures/history?lang=en&since=2020-01", role=Role.ANALYST)).text
    assert "last 24 months of the chosen time" in years and "of the chosen time" not in usual


async def test_the_form_shows_which_moves_count(office: Office) -> None:
    page = (await office.get("/figures?lang=en", role=Role.ANALYST)).text
    assert re.findall(r'name="mobility" value="(\w+)" checked', page) == [
        "displacement",
        "evacuation",
    ]
    only = (await office.get("/figures?lang=en&mobility=migration", role=Role.ANALYST)).text
    assert re.findall(r'name="mobility" value="(\w+)" checked', only) == ["migration"]


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
async def test_the_whole_country_is_on_the_page_once(office: Office, language: str) -> None:
    await office.file(household(), household(destination={"country": "KG"}))
    page = (await office.get(f"/figures?lang={language}&level=0", role=Role.ANALYST)).text
    name = "Kyrgyzstan" if language == "en" else "Кыргызстан"
    assert page.count(f'<span class="place">{name}</span>') == 1
    by_district = (await office.get(f"/figures?lang={language}", role=Role.ANALYST)).text
    assert by_district.count(f'<span class="place">{name}, ') == 1


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
async def test_limited_visibility_is_stated_on_the_page(office: Office, language: str) -> None:
    await office.file(household())
    names = [office.app.state.places.name(area, language) for area in (LEILEK, OSH)]
    counts = {}
    for view in ("destination", "origin"):
        page = await office.get(f"/figures?lang={language}&view={view}", role=Role.REGISTRAR, areas=(OSH, LEILEK))
        [counts[view]] = re.findall(r'id="areas">([^<]+)</p>', page.text)
        assert all(name in html.unescape(counts[view]) for name in names)
    # In the view by origin, the text also states how many people are missing, and is therefore longer.
    assert len(counts["origin"]) > len(counts["destination"]) + 40
    whole = await office.get(f"/figures?lang={language}", role=Role.ANALYST)
    assert 'id="areas"' not in whole.text


async def test_limited_visibility_is_stated_in_files(office: Office) -> None:
    limited = await office.get(f"{STOCK}?date=2026-07-01", role=Role.REGISTRAR, areas=(LEILEK, KADAMJAI))
    whole = await office.get(STOCK, role=Role.ANALYST)
    assert (limited.json()["areas"], whole.json()["areas"]) == ([LEILEK, KADAMJAI], None)


@pytest.mark.parametrize(
    ("areas", "name"),
    [
        (("KG",), "stock-2026-07-01.csv"),
        ((OSH,), f"stock-2026-07-01-only-{OSH}.csv"),
        ((OSH, LEILEK), "stock-2026-07-01-only-2-areas.csv"),
    ],
)
async def test_a_file_name_shows_the_areas_that_it_covers(office: Office, areas: tuple[str, ...], name: str) -> None:
    answer = await office.get(f"{STOCK}?date=2026-07-01&format=csv", role=Role.REGISTRAR, areas=areas)
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'


async def test_by_origin_the_page_does_not_say_that_people_are_there(office: Office) -> None:
    await office.file(household())
    titles = [
        (await office.get(f"/figures?lang=en&view={view}", role=Role.ANALYST)).text.split('<h2 id="where">')[1]
        for view in ("destination", "origin")
    ]
    assert [title.split(" on ")[0].split(",")[0] for title in titles] == [
        "Where the displaced are",
        "Where they came from",
    ]


async def test_the_table_shows_women_men_children_and_elders(office: Office) -> None:
    """The family has three female and two male members.

    Two members are minors: the girl born in 2009 and the boy born in 2016.

    The grandmother was born in 1955, and is an elder.
    """
    await office.file(household())
    page = (await office.get("/figures?lang=en&date=2026-07-15", role=Role.ANALYST)).text
    table = page[page.index('<h2 id="stock">') :]
    cells = re.findall(r'<td class="number[^"]*">([\d–]+)</td>', table)
    # columns: persons, households, groups; female, male; minors, elders
    assert cells[:7] == ["5", "1", "–", "3", "2", "2", "1"]
    rows = re.findall(r'<th scope="row">(Female|Male|Not known)</th>((?:<td class="number">\d+</td>)+)', table)[:3]
    assert {sex: [int(count) for count in re.findall(r"\d+", counts)] for sex, counts in rows} == {
        "Female": [0, 0, 1, 1, 1, 0],
        "Male": [0, 1, 0, 1, 0, 0],
        "Not known": [0, 0, 0, 0, 0, 0],
    }
