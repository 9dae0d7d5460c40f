"""Figures stay in a cache until a displacement changes. The next request then computes them anew."""

import asyncio
import re
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.registry.figures.checks import check
from services.registry.figures.kept import FIGURE_BYTES, QUESTION_WEIGHT, KeptFigures, data_version
from services.registry.figures.queries import FigureQuery
from services.registry.figures.sums import note_ages, sum_some
from shared.auth.tokens import Role
from shared.events.vocabulary import Status
from shared.places import Places
from tests.registry.conftest import Office
from tests.registry.factories import KADAMJAI, LEILEK, NOT_ASKED, group, household
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

STOCK, FLOWS = "/v1/statistics/stock", "/v1/statistics/flows"
# without this setting, PostgreSQL would end the idle transaction with the lock after 5 s
MAY_IDLE = "SET LOCAL idle_in_transaction_session_timeout = 0"
WAITS = "SELECT count(*) FROM pg_locks WHERE relation = 'figure_sums'::regclass AND NOT granted"


async def total(office: Office, path: str = STOCK, **caller: Any) -> dict[str, int]:
    answer = await office.get(path, role=Role.ANALYST, **caller)
    assert answer.status_code == 200, answer.text
    totals: dict[str, int] = answer.json()["total"]
    return totals


@pytest.mark.parametrize("path", [STOCK, FLOWS, f"{FLOWS}?format=csv", "/figures?lang=ru"])
async def test_an_unchanged_registry_answers_without_reading_the_displacements(office: Office, path: str) -> None:
    await office.file(household(), group())
    first = await office.get(path, role=Role.ANALYST)
    async with office.app.state.sessions() as holder:
        await holder.execute(text(MAY_IDLE))
        await holder.execute(text("LOCK TABLE episodes, counts, figure_sums, figure_changes IN ACCESS EXCLUSIVE MODE"))
        second = await asyncio.wait_for(office.get(path, role=Role.ANALYST), 30)
    assert (first.status_code, second.status_code) == (200, 200)
    assert without_clock(second.text) == without_clock(first.text)


def without_clock(page: str) -> str:
    """Removes all times: the page states the minute of its charts."""
    return re.sub(r"\b\d\d:\d\d\b", "", page)


async def test_each_change_is_in_the_next_answer(office: Office) -> None:
    first = household()
    await office.file(first)
    assert (await total(office))["households"] == 1
    await office.file(household(), group())
    assert (await total(office)) == {**NOT_ASKED, "households": 2, "persons": 10, "groups": 1, "group_persons": 120}
    await office.file({**first, "version": 2, "persons": 3, "members": []})
    assert (await total(office))["persons"] == 8
    for statement in ("DELETE FROM episodes WHERE displaced = 3", "UPDATE counts SET persons = 0", "TRUNCATE episodes"):
        before = await total(office)
        async with office.app.state.sessions.begin() as session:
            await session.execute(text(statement))
        assert await total(office) != before, statement


async def test_the_ages_of_a_new_year_are_in_the_next_answer(office: Office) -> None:
    child = {"member_id": str(uuid4()), "sex": "female", "birth_date": "2020-08-01"}
    await office.file(household(persons=1, members=[child]))
    path = f"{STOCK}?date=2101-01-02"

    async def elders() -> list[int]:
        answer = await office.get(path, role=Role.ANALYST)
        return [row["female_60_plus"] for row in answer.json()["rows"]]

    assert await elders() == [0]  # the year 2101 has no stored ages yet, so the ages of the last stored year are used
    await note_ages(office.app.state.sessions, 2101)
    assert await elders() == [1]


async def test_sums_that_were_computed_again_are_in_the_next_answer(office: Office) -> None:
    sessions = office.app.state.sessions
    await office.file(household())
    await sum_some(sessions)
    async with sessions.begin() as session:
        await session.execute(text("UPDATE figure_sums SET households = households + 1"))
    assert (await total(office))["households"] == 2
    assert not await check(sessions, Places.load())
    assert (await total(office))["households"] == 1


async def test_nobody_is_answered_with_the_figures_of_other_areas_or_filters(office: Office) -> None:
    await office.file(household(), household(destination={"pcode": KADAMJAI}, reasons=["economic"]))
    for _ in range(2):  # the cache gives the second answer
        assert (await total(office))["households"] == 2
        assert (await total(office, areas=(LEILEK,)))["households"] == 1
        assert (await total(office, areas=()))["households"] == 0
        assert (await total(office, f"{STOCK}?reason=economic"))["households"] == 1
        assert (await total(office, f"{STOCK}?date=2020-01-01"))["households"] == 0
        assert (await total(office, f"{STOCK}?area={KADAMJAI}&sex=unknown"))["households"] == 0


async def test_a_change_during_the_computation_is_in_the_next_answer(office: Office) -> None:
    """A request reads the version. Then a change is committed, and then the request computes the figures.

    The first answer has the old version and the old figures. All later answers have the new version and the
    new figures. One later request has a cursor to a row that no longer exists.
    """
    await office.file(household(), household(destination={"pcode": KADAMJAI}))
    first = await page(office)
    await office.file(household())  # a change, so that the cached answer is not used

    async def waits() -> bool:
        async with office.app.state.sessions() as session:
            return bool(await session.scalar(text(WAITS)))

    async with office.app.state.sessions() as writer, asyncio.TaskGroup() as tasks:
        await writer.execute(text(MAY_IDLE))
        await writer.execute(text("LOCK TABLE figure_sums IN ACCESS EXCLUSIVE MODE"))
        during = tasks.create_task(page(office))
        await wait_for(waits)
        await writer.execute(text(f"DELETE FROM episodes WHERE destination_pcode = '{first['rows'][0]['pcode']}'"))
        await writer.commit()
    before = await during
    second, last = await page(office), await page(office, f"&cursor={first['next']}")
    assert len({found["version"] for found in (first, before, second)}) == 3
    assert [found["total"]["households"] for found in (first, before, second)] == [2, 3, 1]
    assert (second["version"], second["rows"]) == (last["version"], last["rows"])
    assert (await page(office, "&date=2026-07-01"))["version"] != (await page(office, "&date=2026-07-02"))["version"]


async def page(office: Office, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = (await office.get(f"{STOCK}?limit=1{query}", role=Role.ANALYST)).json()
    return found


async def test_transactions_that_write_at_the_same_time_do_not_wait_for_each_other(office: Office) -> None:
    """Each connection has its own row of the version, and writes only this row.

    Two concurrent changes are therefore both detected, in any order of their commits.
    """
    await office.file(household())
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(office.app.state.sessions()) for _ in range(4)]
        # two of the connections may write the same one of 256 rows, so more than two connections are opened
        slots = {await session.scalar(text("SELECT pg_backend_pid() % 256")): session for session in opened}
        first, other, *_ = slots.values()
        for session in (first, other):
            await session.execute(text("SET LOCAL lock_timeout = '1s'"))
            await session.execute(text("UPDATE episodes SET version = version WHERE false"))
        versions = [await version(office)]
        for session in (other, first):
            await session.commit()
            versions.append(await version(office))
    assert len(set(versions)) == 3


async def version(office: Office) -> str:
    async with office.app.state.sessions() as session:
        return await data_version(session)


@pytest.mark.parametrize("reports", [[], [household()]])
async def test_the_memory_is_bounded_also_for_questions_without_figures(
    office: Office, reports: list[dict[str, Any]]
) -> None:
    await office.file(*reports)
    kept, places = KeptFigures(most_figures=2 * (QUESTION_WEIGHT + 1)), Places.load()
    known = tuple(unit.pcode for unit in places.units())
    async with office.app.state.sessions() as session:
        for day in range(1, 8):
            query = FigureQuery(Status.ACTUAL, known, until=date(2026, 8, day))
            assert len(await kept.answer(session, "stock", query, places)) == len(reports)
            await kept.answer(session, "stock", first := replace(query, until=date(2026, 8, 1)), places)
        assert [question[1] for question in kept._answers] == [query, first]  # an answer in use stays in the cache
    async with office.app.state.sessions() as session:

        async def large(_version: str) -> bytes:
            return bytes(50 * FIGURE_BYTES)

        await kept.encoded(session, ("stock in JSON", query), large)
        assert len(kept._answers) == 2
