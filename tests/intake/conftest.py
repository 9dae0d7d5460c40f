"""Runs intake's app in the test's own process, with real servers."""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest

from services.intake.app import create_app
from services.intake.config import IntakeSettings
from shared.auth.tokens import Role
from shared.events.vocabulary import SubmissionChannel
from tests.installation import Installation
from tests.patient import patient_intake
from tests.waiting import wait_for

DISPLACEMENTS, HAZARDS, BATCH = "/v1/displacements", "/v1/hazards", "/v1/reports:batch"
MOVEMENTS = "/v1/movements"


class Caller:
    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http, self.headers = http, {"authorization": f"Bearer {token}"}

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        content = {"json": body} if body is not None else {}
        return await self.http.post(path, headers=self.headers, **content, **options)

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path, headers=self.headers)


class RunningIntake:
    def __init__(self, installation: Installation, http: httpx.AsyncClient) -> None:
        self.installation, self.http = installation, http

    def caller(self, *roles: Role, **claims: Any) -> Caller:
        return Caller(
            self.http,
            self.installation.token(**{"roles": roles or (Role.FIELD,), "channel": SubmissionChannel.FIELD, **claims}),
        )

    async def counts(self) -> dict[str, int]:
        ledger = (await self.caller(Role.OPERATOR).get("/v1/ledger")).json()
        return {name: ledger["admission"][name] for name in ("sent", "accepted", "spooled", "duplicate", "refused")}


@contextlib.asynccontextmanager
async def opened(
    installation: Installation,
    *,
    is_whole: bool = True,
    patience: Callable[[], AbstractContextManager[None]] = patient_intake,
    **changed: Any,
) -> AsyncIterator[RunningIntake]:
    """Starts intake's app.

    With `is_whole`, intake's servers are started too, and the function waits until intake is ready.

    If Valkey or Kafka does not answer in a test, the test sets a shorter `patience`. With the default patience, each
    report would wait ten seconds.
    """
    app = create_app(installation.settings(IntakeSettings, **changed))
    transport = httpx.ASGITransport(app)
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(patience())
        await stack.enter_async_context(app.router.lifespan_context(app))
        http = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=30)
        )
        if is_whole:
            await wait_for(lambda: is_ready(http), timeout=60)
        yield RunningIntake(installation, http)


async def is_ready(http: httpx.AsyncClient) -> bool:
    return (await http.get("/ready")).status_code == 200


@pytest.fixture(scope="module")
async def intake(shared_installation: Installation) -> AsyncIterator[RunningIntake]:
    async with opened(shared_installation) as made:
        yield made
