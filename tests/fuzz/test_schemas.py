"""Each operation of the OpenAPI documents gets valid and invalid input. No operation may answer with 5xx.

Some of intake's routes read their bodies without FastAPI. Intake's document also describes these routes, and their
answers must match the document.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

import anyio.to_thread
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake import sheet_routes
from services.intake.channels.paths import FORMATS
from shared.auth.tokens import Role
from shared.web.apps import MOUNTS
from tests.fuzz.conftest import EXAMPLES, FUZZED
from tests.installation import Installation, Web
from tests.waiting import wait_for

# routes without FastAPI get more requests, because a person writes their OpenAPI document
OF_RAW_ROUTES = max(EXAMPLES, 60)

# hypothesis warns that schemathesis uses `random` in its strategies
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")


@pytest.mark.timeout(0)
@pytest.mark.parametrize("service", MOUNTS)
async def test_no_request_generated_from_the_schema_causes_a_server_error(
    web: Web, shared_installation: Installation, token: str, service: str
) -> None:
    url = web.base_url + MOUNTS[service]
    await wait_for(lambda: httpx.get(f"{url}/ready").is_success, timeout=60)
    tokens = (token, shared_installation.token(roles=[Role.OPERATOR])) if service == "intake" else (token,)
    await anyio.to_thread.run_sync(try_all, url, tokens)


def try_all(url: str, tokens: Sequence[str]) -> None:
    import schemathesis  # noqa: PLC0415 - all workers import this file, but only one needs this library

    schema: Any = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operations = [operation.ok() for operation in schema.get_all_operations()]
    assert operations
    for operation in operations:
        try_one(operation, url, tokens)


def try_one(operation: Any, url: str, tokens: Sequence[str]) -> None:
    is_raw = operation.method.upper() == "POST" and operation.path in FORMATS

    @settings(FUZZED, max_examples=OF_RAW_ROUTES if is_raw else EXAMPLES)
    @given(case=operation.as_strategy(), token=st.sampled_from(tokens))
    def answered(case: Any, token: str) -> None:
        answer = case.call(base_url=url, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code < 500, (operation.label, answer.status_code)
        if is_raw:
            assert str(answer.status_code) in operation.definition.raw["responses"], (
                operation.label,
                answer.status_code,
            )

    answered()


def test_the_raw_routes_are_in_the_document(web: Web) -> None:
    document = httpx.get(f"{web.base_url}/intake/openapi.json", timeout=60).json()
    assert set(FORMATS) <= set(document["paths"])
    for path in FORMATS:
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
