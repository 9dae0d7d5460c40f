"""Bodies that need much processing get at most 50 errors and no status 5xx. The server stays available."""

import json
import re
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.channels.paths import FORMATS
from shared.auth.access import ROUTES
from tests.clients import PLAIN
from tests.fuzz.conftest import EXAMPLES, FUZZED
from tests.installation import Web
from tests.intake.factories import group, hazard, household, movement
from tests.intake.hostile import BATCHES, HAZARDS, SINGLES

SIZES = {
    "/intake/v1/reports:batch": 2_000_000,
    "/intake/v1/displacements": 250_000,
    "/intake/v1/movements": 250_000,
    "/intake/v1/hazards": 250_000,
}
OTHERS = 65_000
ROUTES_WITH_BODIES = [route for route in ROUTES if route.startswith(("POST", "PUT", "PATCH"))]
KNOWN = [body() for bodies in (SINGLES, HAZARDS, BATCHES) for body in bodies.values()]
BASES = [household(), group(), movement(), {**hazard(), "kind": "hazard"}, {}]
ITEMS = st.sampled_from(
    ["0", "{}", "[]", '""', '"x"', "null", "1e9", '{"":0}', "[[]]", '{"kind":"household"}', "[1,2]"]
)
NAMES = sorted({name for base in BASES for name in base} | {"", "name", "note", "on_behalf_of"})


@st.composite
def bodies(draw: st.DrawFn, most: int) -> bytes:
    if draw(st.booleans()):
        return draw(st.sampled_from(KNOWN))[:most]
    item, around = draw(ITEMS), draw(st.sampled_from(["[%s]", "{%s}", '"%s"', "[[%s]]", "%s"]))
    field = draw(st.sampled_from(NAMES))
    size = draw(st.sampled_from([100, most // 10, most - 3_000]))
    if around == "{%s}":
        item = f'"{draw(st.text("ab", max_size=3))}%d":{item}'
        items = ",".join(item.replace("%d", str(number)) for number in range(size // (len(item) + 6)))
    else:
        items = ",".join([item] * (size // (len(item) + 1)))
    base = {name: value for name, value in draw(st.sampled_from(BASES)).items() if name != field}
    body = f'{json.dumps(base)[:-1]}{"," if base else ""}"{field}":{around % items}}}'
    return draw(st.sampled_from(["%s", "[%s]", "%s\n%s"])).replace("%s", body).encode()[:most]


@pytest.mark.timeout(0)
@pytest.mark.parametrize("route", ROUTES_WITH_BODIES)
def test_a_hostile_body_gets_a_short_problem(web: Web, token: str, route: str) -> None:
    method, _, path = route.partition(" ")
    url = web.base_url + re.sub(r"{\w+}", str(uuid4()), path)
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    @settings(FUZZED, max_examples=EXAMPLES)
    @given(body=bodies(SIZES.get(path, OTHERS)))
    def answered(body: bytes) -> None:
        answer = client.request(method, url, content=body, headers=headers)
        assert answer.status_code < 500
        if answer.status_code >= 400 and "problem+json" in answer.headers["content-type"]:
            assert len(answer.json().get("errors", [])) <= 50
        assert client.get(f"{web.base_url}/live").is_success

    with httpx.Client(timeout=60, verify=PLAIN, trust_env=False) as client:
        answered()


@pytest.mark.parametrize("path", FORMATS)
def test_a_chunked_body_is_refused_once_it_is_too_big(web: Web, token: str, path: str) -> None:
    """A chunked request does not state the length of its body."""
    headers = {"authorization": f"Bearer {token}"}
    url = f"{web.base_url}/intake{path}"
    with httpx.Client(timeout=30, verify=PLAIN, trust_env=False) as client:
        answer = client.post(url, content=pieces(), headers=headers)
    assert answer.request.headers["transfer-encoding"] == "chunked"
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


def pieces() -> Iterator[bytes]:
    for _ in range(48):
        yield b" " * 65_536
