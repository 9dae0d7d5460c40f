"""For valid and invalid bodies, intake's answers match intake's OpenAPI document."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import anyio.to_thread
import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from deploy.local import paths
from deploy.local.process import wait_until
from services.intake import sheet_routes
from services.intake.channels.paths import FORMATS
from shared.auth.tokens import Role
from tests.installation import Installation
from tests.intake.conftest import RunningIntake

PATHS = tuple(FORMATS)


async def test_the_raw_routes_are_in_the_document(intake: RunningIntake) -> None:
    document = (await intake.http.get("/openapi.json")).json()
    assert set(PATHS) <= set(document["paths"])
    for path in PATHS:
        assert {"200", "401", "413", "422", "429"} <= set(document["paths"][path]["post"]["responses"])
    assert "HouseholdReport" in document["components"]["schemas"]
    for route in sheet_routes.ROUTES:
        operation = document["paths"][route.path]["post"]
        assert {"header_first", "columns", "confirmed", "lang"} <= {field["name"] for field in operation["parameters"]}
        assert {"200", "401", "413", "422"} <= operation["responses"].keys()
    assert not missing_schemas(document)


def missing_schemas(document: dict[str, Any]) -> set[str]:
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    return set(re.findall(r"#/components/schemas/\w+", json.dumps(document))) - known


@pytest.fixture(scope="module")
def served(shared_installation: Installation) -> str:
    port = paths.free_port()
    process = shared_installation.start("intake", "web", env={"PORT": str(port)})
    assert wait_until(lambda: not paths.is_free(port), timeout=60), process.log_tail()
    return f"http://127.0.0.1:{port}"


async def test_a_chunked_body_is_refused_once_it_is_too_big(served: str, shared_installation: Installation) -> None:
    """A chunked request does not state the length of its body."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(48):
            yield b" " * 65_536

    headers = {"authorization": f"Bearer {shared_installation.token(roles=[Role.OPERATOR])}"}
    async with httpx.AsyncClient(base_url=served, headers=headers, trust_env=False, timeout=30) as client:
        for path in PATHS:
            answer = await client.post(path, content=pieces())
            assert answer.request.headers["transfer-encoding"] == "chunked"
            assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json"), path


# schemathesis uses `random` in its strategies, so hypothesis issues a deprecation warning
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
@pytest.mark.parametrize("path", PATHS)
async def test_generated_requests_are_answered_as_documented(
    served: str, shared_installation: Installation, path: str
) -> None:
    token = shared_installation.token(roles=[Role.OPERATOR])
    await anyio.to_thread.run_sync(tried, served, token, path)


def tried(url: str, token: str, path: str) -> None:
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operation: Any = schema[path]["POST"]

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=(Phase.explicit, Phase.generate),
    )
    @given(case=operation.as_strategy())
    def answered(case: Any) -> None:
        answer = case.call(base_url=url, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code < 500
        assert str(answer.status_code) in operation.definition.raw["responses"], answer.status_code

    answered()
