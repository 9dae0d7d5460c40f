"""The page of figures and the exports show three things: movements, durations, and people whom nobody has confirmed."""

import csv
import re
from html import unescape

import pytest

from shared.auth.tokens import Role
from tests.registry.conftest import Office
from tests.registry.factories import KADAMJAI, LEILEK, household, movement
from tests.registry.test_group_movements import counted, moved
from tests.registry.test_movement_figures import get

pytestmark = pytest.mark.anyio


async def test_movements_and_durations_are_on_a_page_and_in_csv(office: Office) -> None:
    """A family of five returns after one day. A group of 70 people is counted. Later, 30 of the 70 return."""
    body, others = household(mobility="evacuation"), counted(0, 70)
    await office.file(body, movement(body, "returned"), others, moved(others, "returned", 24, persons=30))
    query = "since=2022-05&until=2026-06&mobility=displacement&mobility=evacuation"
    answer = await office.get(f"/v1/statistics/movements?{query}&format=csv", role=Role.ANALYST)
    first = await get(office, f"movements?{query}&limit=1")
    second = await get(office, f"movements?{query}&limit=1&cursor={first['next']}")
    assert [*first["rows"], *second["rows"]] == (await get(office, f"movements?{query}"))["rows"]
    assert second["next"] is None
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
    assert "Movements by month, 05.2022 to 06.2026" in shown
    months = shown.split('id="months"')[1].split('id="routes"')[0]
    assert re.findall(r"<b>(\d+)</b>(?: <span class=\"muted\">\| (\d+))?", months) == [("0", "30"), ("5", "")]
    drawn = shown.split('id="moves"')[1].split("</table>")[0]
    bars = {row.split("<", 1)[0]: re.findall(r'data-value="(\d+)"', row) for row in drawn.split('class="nowrap">')[1:]}
    assert (len(bars), bars["05.2022"], bars["06.2022"]) == (50, ["0", "0", "30", "0"], ["0"] * 4)
    assert bars["06.2026"] == ["5", "0", "0", "0"]
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
    assert "sub_stock=in_return" in shown  # the links to JSON and CSV keep the filter
    csv = await office.get("/v1/statistics/stock?date=2026-06-20&sub_stock=in_return&format=csv", role=Role.ANALYST)
    assert "#affected+returnees+ind+registered" in csv.text
    assert (await office.get("/v1/statistics/stock?sub_stock=died", role=Role.ANALYST)).status_code == 422
