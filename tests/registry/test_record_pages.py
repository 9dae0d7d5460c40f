"""Tests the pages of groups and sites, and how movements of whole sites appear in a household's history."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.registry import history_pages
from services.registry.groups import hazard_groups
from services.registry.history_pages import HistoryPage
from services.registry.households.timelines import VersionKey, anchor_of
from services.registry.report_queries import in_order
from services.registry.search import queries as search_queries
from shared.auth.tokens import Role
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH, household
from tests.registry.test_group_movements import TO_LEILEK, counted, moved
from tests.registry.test_site_movements import CAMP, REGISTRAR
from tests.registry.test_site_movements import SCHOOL as SITE
from tests.registry.test_site_movements import moved as site_moved
from tests.registry.test_sites import saved
from tests.registry.test_timelines import entries, page_of

pytestmark = pytest.mark.anyio


async def opened(office: Office, path: str, **caller: Any) -> str:
    answer = await office.get(f"{path}?lang=en", accept="text/html", **{"role": Role.REGISTRAR, **caller})
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", answer.text)


def table(page: str, section: str) -> list[list[str]]:
    body = page.partition(f'aria-labelledby="{section}"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in body.split("<tr>")[1:]]
    return [[re.sub(r"<[^>]*>", "", cell).strip() for cell in row] for row in rows]


async def test_a_group_shows_its_counts_its_movements_and_the_reports_that_the_figures_use(office: Office) -> None:
    first = counted(0, 70, origin_locality="Тобей", notes="нужны одеяла")
    corrected = {**first, "version": 2, "persons": 75, "reported_at": "2022-05-05T16:00:00Z"}
    await office.file(first, corrected, moved(first, "transferred", 10, persons=30, **TO_LEILEK))
    page = await opened(office, f"/groups/{first['group_id']}")
    movement, correction, count = entries(page)
    assert "Transferred to another place" in movement
    assert "30 persons → Leilek rayon (In location of displacement) · of 75 counted 5 May 2022, 21:00" in movement
    assert "Number of persons: 70 → 75" in correction
    assert "about 70 persons, Kadamjai rayon, Тобей → Batken rayon, Мектеп № 3 (Full recount)" in count
    assert [row[:3] for row in table(page, "counted")] == [
        ["30", "In location of displacement not confirmed since 6 May 2022", "Leilek rayon"],
        ["45", "In location of displacement not confirmed since 6 May 2022", "Batken rayon"],
    ]
    assert "<dd>нужны одеяла</dd>" in page


async def test_a_group_that_was_counted_again_names_the_recount_and_a_differing_count(office: Office) -> None:
    other_team: dict[str, Any] = {"author": uuid4(), "team": uuid4()}
    first, recount, other = counted(0, 70), counted(10, 60), counted(11, 90)
    await office.file(first, recount)
    await office.file(other, **other_team)
    page = await opened(office, f"/groups/{first['group_id']}")
    assert "Replaced by the full recount of 6 May 2022, 07:00: 60" in entries(page)[0]
    anchor = f"report-{recount['report_id']}-1"
    assert f'href="/registry/groups/{recount["group_id"]}?entry={anchor}#{anchor}"' in page
    assert table(page, "counted") == []
    page = await opened(office, f"/groups/{recount['group_id']}")
    assert [row[-1] for row in table(page, "counted")] == ["Source reportanother count of the same people: 90"]


async def test_a_group_shows_the_movement_of_another_group_that_counts_the_same_people(office: Office) -> None:
    body, other = counted(0, 70), counted(1, 100)
    await office.file(body)
    await office.file(other, author=uuid4(), team=uuid4())
    movement = moved(body, "returned", 10, persons=30)
    await office.file(movement)
    page = await opened(office, f"/groups/{other['group_id']}")
    assert "30 persons → Kadamjai rayon (In location of return)" in entries(page)[0]
    anchor = f"report-{movement['report_id']}-1"
    assert f'href="#{anchor}"' in page and f'id="{anchor}"' in page


async def test_a_long_history_has_pages(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A correction shows its changes, even if another page has the corrected version."""
    monkeypatch.setattr(history_pages, "AT_ONCE", 3)
    site_id = await saved(office, UUID(SITE), role=Role.REGISTRAR)
    body = counted(0, 70, site_id=SITE, destination_locality=None)
    await office.file(body)
    for number in range(1, 4):
        await office.file(moved(body, "returned", number, persons=number))
    await office.file({**body, "version": 2, "persons": 75, "reported_at": "2022-05-05T19:00:00Z"})
    for path in (f"/groups/{body['group_id']}", f"/sites/{site_id}"):
        page = await opened(office, path)
        correction, last, middle = entries(page)
        assert "Number of persons: 70 → 75" in correction and "entries 3–5, newest first" in page
        assert "3 persons →" in last and "2 persons →" in middle and "of 75 counted" in last
        assert 'href="?until=2#history"' in page and "Newer" not in page
        older = await office.get(f"{path}?until=2&lang=en", accept="text/html", role=Role.REGISTRAR)
        assert len(entries(older.text)) == 3 and 'href="?until=5#history"' in older.text
        anchor = f"report-{body['report_id']}-1"
        first = await office.get(f"{path}?entry={anchor}", accept="text/html", role=Role.REGISTRAR)
        assert f'id="{anchor}"' in first.text
        assert (await office.get(f"{path}?until=0", role=Role.REGISTRAR)).status_code == 422


def test_pages_of_a_history_are_numbered_from_the_oldest_entry() -> None:
    days = (datetime(2026, 6, 1, tzinfo=UTC) + timedelta(days=day) for day in range(250))
    keys = [VersionKey(at, 1, "group", uuid4(), uuid4()) for at in days]
    newest = HistoryPage.of(keys)
    assert (newest.first, newest.last, newest.older, newest.newer) == (151, 250, 150, None)
    older = HistoryPage.of(reversed(keys), until=newest.older)
    assert (older.first, older.last, older.older, older.newer) == (51, 150, 50, 250)
    assert HistoryPage.of(keys, until=999).last == 250 and HistoryPage.of(keys, until=1).shown == keys[:100]
    anchor = anchor_of(keys[29].report_id, 1)
    assert older.link(anchor) == f"?entry={anchor}#{anchor}"
    around = HistoryPage.of(keys, anchor=anchor)
    assert keys[29] in around.shown and around.link(anchor) == f"#{anchor}"
    assert (HistoryPage.of([]).count, HistoryPage.of([]).older, HistoryPage.of([]).newer) == (0, None, None)


async def test_a_group_is_read_where_its_people_are_now(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    hazard_id = str(uuid4())
    body, account = counted(0, 70) | {"hazard_id": hazard_id}, uuid4()
    elsewhere = counted(
        9, 30, status="Exercise", origin={"pcode": OSH}, destination={"pcode": OSH}, hazard_id=hazard_id
    )
    path, of_hazard = f"/groups/{body['group_id']}", f"/hazards/{hazard_id}/groups"
    await office.file(body)
    assert (await office.get(path, role=Role.REGISTRAR, areas=(OSH,))).status_code == 404
    for area, is_listed in ((BATKEN, True), (OSH, False)):
        assert (path in (await office.get(of_hazard, role=Role.REGISTRAR, areas=(area,))).text) is is_listed
    # newer counts in other areas must not fill the list of a reader who may not see these counts
    monkeypatch.setattr(hazard_groups, "MOST", 1)
    await office.file(elsewhere)
    assert path in await opened(office, of_hazard, areas=(BATKEN,))
    assert "Exercise" in await opened(office, of_hazard, areas=(OSH,))
    assert (await office.get(path, role=Role.OPERATOR, purpose=None)).status_code == 403
    assert (await office.get(path, role=Role.ANALYST)).status_code == 403
    await opened(office, path, areas=(BATKEN,), account=account)
    [row] = await office.reads(account)
    assert (row["subject"], row["objects"]) == ("GET /registry/groups/{group_id}", [UUID(body["group_id"])])
    transfer = moved(body, "transferred", 10, **TO_LEILEK)
    await office.file(transfer)
    page = await opened(office, path, areas=(LEILEK,))
    assert f'href="/new-movement?group={body["group_id"]}&amp;report={transfer["report_id"]}"' in page
    versions = await versions_of(office, path, LEILEK, BATKEN)
    assert [version["kind"] for version in versions] == ["group", "group_movement"]
    await opened(office, path, areas=(LEILEK,))
    assert (await office.get(path, role=Role.REGISTRAR, areas=(BATKEN,))).status_code == 404
    await office.file(moved(body, "left_country", 20))
    page = await opened(office, path, areas=(KADAMJAI,))  # the people are abroad; their origin decides
    assert table(page, "counted") == [] and "Left the country" in entries(page)[0]


async def test_the_groups_of_a_hazard_have_each_person_once_where_the_person_is_now(office: Office) -> None:
    """Of 70 people, 10 are transferred, 20 return, and 5 leave the country. The 5 are not listed."""
    body = counted(0, 70) | {"hazard_id": str(uuid4())}
    of_hazard = f"/hazards/{body['hazard_id']}/groups"
    await office.file(
        body,
        moved(body, "transferred", 10, persons=10, **TO_LEILEK),
        moved(body, "returned", 11, persons=20),
        moved(body, "left_country", 12, persons=5),
    )
    assert people_of(await opened(office, of_hazard)) == [
        "about 35 persons, Batken rayon",
        "about 20 persons, Kadamjai rayon (In location of return)",
        "about 10 persons, Leilek rayon",
    ]
    await office.file(moved(body, "returned", 20))
    assert {row.partition(", ")[2] for row in people_of(await opened(office, of_hazard))} == {
        "Kadamjai rayon (In location of return)"
    }


def people_of(page: str) -> list[str]:
    rows = re.findall(r"<th[^>]*>(.*?)</th>.*?<td[^>]*>.*?</td>\s*<td[^>]*>(.*?)</td>", page.partition("<tbody>")[2])
    return [re.sub(r"<[^>]*>", "", f"{persons}, {place}") for persons, place in rows]


async def versions_of(office: Office, path: str, area: str, other_area: str) -> list[dict[str, Any]]:
    """Returns the versions that a reader of `area` sees.

    Checks that nobody else may read the page, and that the security log records each read.
    """
    account, api = uuid4(), f"/v1{path}/history"
    assert (await office.get(api, role=Role.REGISTRAR, areas=(other_area,))).status_code == 404
    assert (await office.get(api, role=Role.OPERATOR, purpose=None)).status_code == 403
    assert (await office.get(api, role=Role.ANALYST)).status_code == 403
    answer = await office.get(api, role=Role.REGISTRAR, areas=(area,), account=account)
    [row] = await office.reads(account)
    assert row["objects"] == [UUID(path.rpartition("/")[2])]
    versions: list[dict[str, Any]] = answer.json()["versions"]
    return versions


async def test_a_site_shows_its_people_and_the_reports_about_them(office: Office) -> None:
    site_id = await saved(office, UUID(SITE), role=Role.REGISTRAR)
    there: dict[str, Any] = {"site_id": SITE, "destination_locality": None}
    village, whole = counted(0, 70, **there), counted(1, 210, **there, origin={"country": "ZZ"})
    again = counted(2, 80, **there)
    family = household(site_id=SITE, destination={"pcode": BATKEN}, occurred_at="2022-05-05T06:00:00Z")
    await office.file(village, whole, again, family)
    page = await opened(office, f"/sites/{site_id}", areas=(BATKEN,))
    assert "<b>220</b> · counted 5 May 2022, 23:00" in page
    assert [row[0] for row in table(page, "counted")] == ["210", "−70", "80"]
    assert len(entries(page)) == 3 and all("Count " in entry for entry in entries(page))
    assert f'1 <span class="no-print">· <a href="/registry/search?site={SITE}">' in page
    assert "Бурул" not in page
    everybody = site_moved(SITE, "returned", notes="автобусами")
    await office.file(everybody, **REGISTRAR)
    page = await opened(office, f"/sites/{site_id}")
    assert f'href="/new-movement?site={SITE}&amp;report={everybody["report_id"]}"' in page
    [version] = await versions_of(office, f"/sites/{SITE}", BATKEN, LEILEK)
    assert version["report"]["notes"] == "автобусами"
    [movement, *_] = entries(page)
    assert "автобусами" in movement and "80 persons → Kadamjai rayon (In location of return)" in movement
    assert "<b>0</b>" in page
    assert table(page, "counted") == [] and "All people who were counted here have left." in page
    search = await office.get(f"/search?site={SITE}&lang=en", role=Role.REGISTRAR)
    assert f'<option value="{SITE}">№ 5 мектеп</option>' in search.text


async def test_a_site_shows_no_movement_of_a_group_after_the_group_left(office: Office) -> None:
    site_id = await saved(office, UUID(SITE), role=Role.REGISTRAR)
    body = counted(0, 70, site_id=SITE, destination_locality=None)
    away = moved(body, "transferred", 10, **TO_LEILEK)
    await office.file(body, away, moved(body, "returned", 20, persons=5))
    page = await opened(office, f"/sites/{site_id}", areas=(LEILEK, BATKEN))
    transfer, count = entries(page)
    assert "70 persons → Leilek rayon" in transfer and "Count " in count
    assert f'href="/registry/groups/{body["group_id"]}' in page and "Exercise" not in page
    page = await opened(office, f"/sites/{site_id}", areas=(BATKEN,))
    assert len(entries(page)) == 2 and "/registry/groups/" not in page  # the reader may not open the group's page
    await office.file({**away, "version": 2, "is_reversed": True}, counted(30, 9, site_id=SITE, status="Exercise"))
    exercise, *actual = entries(await opened(office, f"/sites/{site_id}", areas=(BATKEN,)))
    assert "Exercise" in exercise and len(actual) == 4


async def test_a_group_shows_movements_of_its_site_that_count_nobody(office: Office) -> None:
    """People who have left the country are in no stock.

    Two kinds of report move nobody: a reversed movement, and a confirmation.
    """
    body = counted(0, 70, site_id=SITE, destination_locality=None)
    returned, later = site_moved(SITE, "returned", 2), site_moved(SITE, "returned", 9)
    await office.file(body)
    await office.file(site_moved(SITE, "confirmed_here", 1), returned, **REGISTRAR)
    await office.file({**returned, "version": 2, "is_reversed": True}, **REGISTRAR)
    await office.file(site_moved(SITE, "left_country", 3), later, **REGISTRAR)
    history = entries(await opened(office, f"/groups/{body['group_id']}", areas=(KADAMJAI,)))
    shown = ("Left the country", "Reversed: Returned", "Returned", "Confirmed still here", "Count")
    assert len(history) == len(shown)
    assert all(text in entry for text, entry in zip(shown, history, strict=True))


async def test_the_page_of_a_site_is_shown_if_counting_its_households_takes_too_long(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    site_id = await saved(office)
    monkeypatch.setattr(search_queries, "TIMEOUT", text("SET LOCAL statement_timeout = '50ms'"))
    async with office.app.state.sessions.begin() as session:
        await session.execute(text("LOCK TABLE household_site_keys IN ACCESS EXCLUSIVE MODE"))
        page = await opened(office, f"/sites/{site_id}")
    assert "The search took too long. Load the page again later." in page


def test_a_household_comes_before_its_movement_if_both_are_of_one_batch() -> None:
    same = {
        "received_at": datetime(2026, 6, 15, tzinfo=UTC),
        "version": 1,
        "report_id": UUID(int=1),
        "author": UUID(int=2),
    }
    reports = [{**same, "kind": "household_movement"}, {**same, "kind": "household", "report_id": UUID(int=3)}]
    assert in_order(reports) == reports[::-1]


async def test_a_site_is_read_in_its_area_and_the_read_is_logged(office: Office) -> None:
    site_id, account = await saved(office), uuid4()
    path = f"/sites/{site_id}"
    assert (await office.get(path, role=Role.OPERATOR, areas=(OSH,), account=account)).status_code == 404
    assert (await office.get(path, role=Role.OPERATOR, purpose=None)).status_code == 403
    assert (await office.get(f"/sites/{uuid4()}", role=Role.OPERATOR)).status_code == 404
    await opened(office, path, areas=(BATKEN,), account=account)
    [row] = await office.reads(account)
    assert (row["subject"], row["objects"]) == ("GET /registry/sites/{site_id}", [site_id])
    assert await office.refusals(account) == ["not-found"]


async def test_a_household_shows_the_movements_of_everybody_at_its_site(office: Office) -> None:
    await saved(office, UUID(SITE), role=Role.REGISTRAR)
    here, elsewhere = household(site_id=SITE), household(site_id=CAMP)
    confirmed, returned = site_moved(SITE, "confirmed_here", 1), site_moved(SITE, "returned", 2, notes="автобусами")
    await office.file(here, elsewhere)
    await office.file(confirmed, returned, **REGISTRAR)
    page = await page_of(office, here)
    returns, confirmation, first = entries(page)
    assert "Returned" in returns and "everybody at the site № 5 мектеп" in returns and "автобусами" in returns
    assert "5 persons: Leilek rayon → Kadamjai rayon (In location of return)" in returns
    assert "Confirmed still here" in confirmation and "Report of the displacement" in first
    assert f'href="#report-{returned["report_id"]}-1">Returned</a>' in page
    assert len(entries(await page_of(office, elsewhere))) == 1
    await office.file({**returned, "version": 2, "notes": "на двух автобусах"}, **REGISTRAR)
    page = await page_of(office, here, areas=(KADAMJAI,))  # the reader's area does not contain the site
    assert "Returned" in entries(page)[0] and "автобус" not in page
    assert "на двух автобусах" in await page_of(office, here)


async def test_a_reversed_movement_of_a_site_stays_in_the_history(office: Office) -> None:
    here, returned = household(site_id=SITE), site_moved(SITE, "returned", 2)
    await office.file(here)
    await office.file(returned, **REGISTRAR)
    await office.file({**returned, "version": 2, "is_reversed": True}, **REGISTRAR)
    reversal, returns, _ = entries(await page_of(office, here))
    assert "Reversed: Returned" in reversal and "Reversed: No → Yes" in reversal.replace("–", "No")
    assert "Returned" in returns and "persons:" not in returns
