"""Every web app checks access, and also checks the headers that browsers send.

An error response never repeats a submitted value.
"""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict

from shared.auth import access
from shared.auth.signer import Signer
from shared.auth.tokens import Principal, Role
from shared.config import Settings
from shared.web import apps

router = APIRouter()


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid")
    persons: int


@router.get("/v1/ledger")
async def read() -> str:
    return "read"


@router.post("/v1/hazards")
async def write(note: Note) -> str:
    return "written"


@router.post("/v1/displacements")
async def fail() -> str:
    raise RuntimeError("Асан Үсөнов")


class NothingRevoked:
    is_known = True
    known_since: datetime | None = None

    def is_readmitted(self, _: Principal) -> bool:
        return False

    def is_revoked(self, principal: Principal) -> bool:
        return False


@asynccontextmanager
async def no_lifespan(_: Any) -> AsyncIterator[None]:
    yield


async def all_ready() -> dict[str, bool]:
    return {"kafka": True, "database": False}


def build(token_keys: Path, *routers: APIRouter, **settings: Any) -> FastAPI:
    return apps.create_app(
        "intake",
        Settings(token_public_keys=token_keys / "public", **settings),
        lifespan=no_lifespan,
        revocations=NothingRevoked(),
        ready=all_ready,
        routers=routers,
    )


@pytest.fixture
async def client(token_keys: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=build(token_keys, router))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        yield client


def token(token_keys: Path, *roles: Role, account: UUID | None = None) -> str:
    now = int(time.time())
    principal = Principal(
        account=account or uuid4(), jti=uuid4(), issued_at=now, expires_at=now + 60, roles=frozenset(roles)
    )
    return Signer(token_keys / "private.pem").sign(principal)


def bearer(token_keys: Path, *roles: Role, account: UUID | None = None) -> dict[str, str]:
    return {"authorization": f"Bearer {token(token_keys, *roles, account=account)}"}


async def test_without_a_token_nobody_is_admitted(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/ledger")
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:dayar:problem:unauthenticated")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_role_that_is_not_in_the_table_is_refused(client: httpx.AsyncClient, token_keys: Path) -> None:
    assert (await client.get("/v1/ledger", headers=bearer(token_keys, Role.VIEWER))).status_code == 403
    assert (await client.get("/v1/ledger", headers=bearer(token_keys, Role.OPERATOR))).status_code == 200


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
async def test_a_refused_browser_gets_a_page_with_navigation(
    client: httpx.AsyncClient, token_keys: Path, language: str
) -> None:
    seen = {"accept": "text/html,*/*;q=0.8", "accept-language": language}
    answers = {
        403: await client.get("/v1/ledger", headers=seen | bearer(token_keys, Role.VIEWER)),
        404: await client.get("/nowhere", headers=seen),
        422: await client.post("/v1/hazards", json={}, headers=seen | bearer(token_keys, Role.OPERATOR)),
        500: await client.post("/v1/displacements", headers=seen | bearer(token_keys, Role.OPERATOR)),
    }
    for status, answer in answers.items():
        assert (answer.status_code, answer.headers["content-language"]) == (status, language)
        assert 'href="/"' in answer.text and "urn:dayar" not in answer.text


async def test_with_a_cookie_only_our_own_pages_may_write(client: httpx.AsyncClient, token_keys: Path) -> None:
    cookie = {"cookie": f"session={token(token_keys, Role.OPERATOR)}"}
    origins = [{}, {"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}]
    refused = [await client.post("/v1/hazards", json={"persons": 1}, headers=cookie | each) for each in origins]
    assert {answer.status_code for answer in refused} == {403}
    for own in ({"sec-fetch-site": "same-origin"}, {"origin": "http://127.0.0.1:8080"}):
        assert (await client.post("/v1/hazards", json={"persons": 1}, headers=cookie | own)).status_code == 200


@pytest.mark.parametrize(
    ("public_url", "taken"), [("https://dayar.example", "__Host-session"), ("http://127.0.0.1:8080", "session")]
)
async def test_each_address_has_its_own_cookie(token_keys: Path, public_url: str, taken: str) -> None:
    transport = httpx.ASGITransport(app=build(token_keys, router, public_url=public_url))
    async with httpx.AsyncClient(transport=transport, base_url=public_url) as client:
        for name in ("__Host-session", "session"):
            cookie = {"cookie": f"{name}={token(token_keys, Role.OPERATOR)}"}
            answer = await client.get("/v1/ledger", headers=cookie)
            assert answer.status_code == (200 if name == taken else 401)


async def test_a_wrong_field_is_named_without_its_value(client: httpx.AsyncClient, token_keys: Path) -> None:
    body = {"persons": "Асан", "Үсөнов": 1}
    answer = await client.post("/v1/hazards", json=body, headers=bearer(token_keys, Role.OPERATOR))
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/persons", "/?"}
    assert "Асан" not in answer.text and "Үсөнов" not in answer.text


def fields(count: int) -> str:
    return json.dumps({str(number): 0 for number in range(count)})


HOSTILE = {
    "many unknown fields": fields(5_000),
    "a long list": json.dumps({"persons": [0] * 20_000}),
    "few enough to be looked at": fields(900),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_at_most_fifty_of_many_wrong_values_are_checked(
    client: httpx.AsyncClient, token_keys: Path, name: str
) -> None:
    headers = {**bearer(token_keys, Role.OPERATOR), "content-type": "application/json"}
    answer = await client.post("/v1/hazards", content=HOSTILE[name], headers=headers)
    assert answer.status_code == 422
    assert len(answer.json().get("errors", [])) == (50 if name == "few enough to be looked at" else 0)


async def test_a_text_of_commas_is_one_value(client: httpx.AsyncClient, token_keys: Path) -> None:
    headers = {**bearer(token_keys, Role.OPERATOR), "content-type": "application/json"}
    answer = await client.post("/v1/hazards", content='{"persons": "%s"}' % (",:" * 2_000), headers=headers)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/persons"]


async def test_a_server_error_is_a_problem_without_its_text_in_answer_or_log(
    client: httpx.AsyncClient, token_keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await client.post("/v1/displacements", headers=bearer(token_keys, Role.OPERATOR))
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:dayar:problem:fault")
    out, err = capsys.readouterr()
    assert "RuntimeError" in out and "Асан" not in answer.text + out + err


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1:8080@evil.example", ""])
async def test_another_host_name_is_not_served(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/live", headers={"host": host})).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8080", "[::1]", "[::1]:8080"])
async def test_an_own_host_name_is_served_on_any_port(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/live", headers={"host": host})).status_code == 200


async def test_ready_names_the_unavailable_dependency(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ready")
    assert (answer.status_code, answer.json()["dependencies"]) == (503, {"kafka": True, "database": False})


async def test_every_answer_has_the_headers_a_browser_needs(client: httpx.AsyncClient) -> None:
    headers = (await client.get("/live")).headers
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")


async def test_metrics_count_by_route(client: httpx.AsyncClient) -> None:
    await client.get("/live")
    assert 'http_requests_total{route="/intake/live",status="200"} 1.0' in (await client.get("/metrics")).text


def test_an_app_with_a_route_that_has_no_row_does_not_start(token_keys: Path) -> None:
    stray = APIRouter()
    stray.add_api_route("/v1/stray", read)
    with pytest.raises(KeyError, match="GET /intake/v1/stray"):
        build(token_keys, stray)


def test_every_row_of_the_table_is_public_or_names_roles() -> None:
    assert all(rule.is_public != bool(rule.roles) for rule in access.ROUTES.values())
