"""A request for figures holds a database connection only while it reads rows, even if the database is slow."""

import asyncio
from collections.abc import Iterator
from copy import copy
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from shared.auth.tokens import Role
from shared.places import Places
from tests.registry.conftest import Office
from tests.registry.factories import household
from tests.registry.test_kept_figures import MAY_IDLE
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

PATHS = ("/v1/statistics/stock", "/v1/statistics/flows", "/v1/statistics/flows?format=csv", "/figures?lang=ru")
END_WAITING = "SELECT {end}(pid) FROM pg_locks WHERE relation = 'figure_sums'::regclass AND NOT granted"


class Watched(Places):
    """Records how many connections are in use whenever a row with a place's name is written."""

    pool: Any
    in_use: list[int]

    def name(self, *arguments: Any, **more: Any) -> str:
        self.in_use.append(self.pool.checkedout())
        return super().name(*arguments, **more)


@pytest.fixture
def watched(office: Office) -> Iterator[Watched]:
    state = office.app.state
    known, places = state.places, copy(state.places)
    places.__class__ = Watched
    places.pool, places.in_use = state.sessions.kw["bind"].pool, []
    state.places = places
    yield places
    state.places = known


@pytest.mark.parametrize("path", PATHS)
async def test_the_connection_is_returned_before_the_rows_are_written(
    office: Office, path: str, watched: Watched
) -> None:
    """Under many requests, writing the rows takes seconds.

    While the rows are written, an open transaction would be idle, and PostgreSQL would end it after 5 s.
    """
    await office.file(household())
    assert (await office.get(path, role=Role.ANALYST)).status_code == 200
    assert set(watched.in_use) == {0}


@pytest.mark.parametrize("end", ["pg_cancel_backend", "pg_terminate_backend"])
@pytest.mark.parametrize("path", PATHS)
async def test_a_statement_that_the_database_ends_is_retried(office: Office, path: str, end: str) -> None:
    answer = await answer_without_statement(office, path, end)
    assert (answer.status_code, answer.headers.get("retry-after")) == (503, "5")
    assert answer.json()["type"] == "urn:dayar:problem:dependency-unavailable"
    assert (await office.get(path, role=Role.ANALYST)).status_code == 200


async def test_a_chart_without_months_or_in_too_little_time_says_so(office: Office) -> None:
    """In an installation, PostgreSQL cancels a statement that exceeds its time limit.

    Here, the test cancels the statement at once.
    """
    answer = await answer_without_statement(office, "/figures/history?lang=en", "pg_cancel_backend")
    assert answer.status_code == 503
    assert "The numbers of these months took too long." in answer.text.partition("data-part")[2]
    for months, reason in {
        "since=2026-05&until=2026-01": "The first month is later than the last month.",
        "since=2099-01&until=2099-02": "None of these months has begun.",
    }.items():
        empty = (await office.get(f"/figures/history?lang=en&{months}", role=Role.ANALYST)).text
        assert reason in empty.partition("data-part")[2], months


async def answer_without_statement(office: Office, path: str, end: str) -> httpx.Response:
    async def end_waiting() -> bool:
        async with office.app.state.sessions() as session:
            return bool(await session.scalar(text(END_WAITING.format(end=end))))

    async with office.app.state.sessions() as holder, asyncio.TaskGroup() as group:
        await holder.execute(text(MAY_IDLE))
        await holder.execute(text("LOCK TABLE figure_sums IN ACCESS EXCLUSIVE MODE"))
        answering = group.create_task(office.get(path, role=Role.ANALYST))
        await wait_for(end_waiting)
        return await answering
