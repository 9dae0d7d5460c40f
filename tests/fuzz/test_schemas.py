"""Each operation of the OpenAPI documents gets valid and invalid input, and never answers with 5xx."""

from typing import Any

import anyio.to_thread
import httpx
import pytest
import schemathesis
from hypothesis import given, settings

from shared.web.apps import MOUNTS
from tests.fuzz.conftest import EXAMPLES, FUZZED
from tests.installation import Web
from tests.waiting import wait_for

# hypothesis warns that schemathesis uses `random` in its strategies
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")


@pytest.mark.timeout(0)
@pytest.mark.parametrize("service", MOUNTS)
async def test_no_request_generated_from_the_schema_causes_a_server_error(web: Web, token: str, service: str) -> None:
    url = web.base_url + MOUNTS[service]
    await wait_for(lambda: httpx.get(f"{url}/ready").is_success, timeout=60)
    await anyio.to_thread.run_sync(try_all, url, token)


def try_all(url: str, token: str) -> None:
    schema: Any = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operations = [operation.ok() for operation in schema.get_all_operations()]
    assert operations
    for operation in operations:
        try_one(operation, url, token)


def try_one(operation: Any, url: str, token: str) -> None:
    @settings(FUZZED, max_examples=EXAMPLES)
    @given(case=operation.as_strategy())
    def answered(case: Any) -> None:
        answer = case.call(base_url=url, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code < 500, (operation.label, answer.status_code)

    answered()
