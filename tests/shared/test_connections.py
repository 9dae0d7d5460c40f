"""A web process refuses and disconnects a client that is too slow or exceeds a limit.

The tests use raw sockets, because an HTTP client would not break the rules.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
import pytest
from fastapi import APIRouter

from deploy.local import paths
from shared import lifecycle
from shared.auth.tokens import Role
from shared.config import Settings
from shared.web import connections
from shared.web.concurrency import address_of
from tests.shared.test_apps import bearer, build, router
from tests.waiting import wait_for

HOST = b"host: 127.0.0.1\r\n"
MEGABYTE = 1 << 20


class Server:
    def __init__(self, port: int) -> None:
        self.port = port
        self.waiting = 0
        self.may_answer = asyncio.Event()

    async def answer_to(self, request: bytes, *, more: bytes = b"", times: int = 0) -> bytes:
        """Sends the request. Then sends `more` again and again, at most `times` times.

        Returns all answers, after the server has closed the connection.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        answer = asyncio.ensure_future(read(reader))
        with contextlib.suppress(OSError), contextlib.closing(writer):
            writer.write(request)
            for _ in range(times):
                writer.write(more)
                await writer.drain()
                if answer.done():
                    break
            await asyncio.wait([answer])
        return await answer


async def read(reader: asyncio.StreamReader) -> bytes:
    received = b""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65_536):
            received += chunk
    return received


@pytest.fixture
async def server(token_keys: Path) -> AsyncIterator[Server]:
    server, slow = Server(paths.free_port()), APIRouter()

    @slow.get("/v1/feeds")
    async def wait() -> str:
        server.waiting += 1
        await server.may_answer.wait()
        return "waited"

    app = build(token_keys, router, slow)
    serving = asyncio.ensure_future(lifecycle.serve(app, Settings(port=server.port)))
    await wait_for(lambda: not paths.is_free(server.port))
    yield server
    server.may_answer.set()
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def get(path: bytes = b"/live", headers: bytes = b"") -> bytes:
    return b"GET %b HTTP/1.1\r\n%bconnection: close\r\n%b\r\n" % (path, HOST, headers)


@pytest.mark.parametrize(("count", "expected"), [(62, 200), (63, 431), (1_000, 431)])
async def test_a_request_has_at_most_64_headers(server: Server, count: int, expected: int) -> None:
    answer = await server.answer_to(get(headers=b"".join(b"x-%d: 1\r\n" % number for number in range(count))))
    assert status(answer) == expected
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(("size", "expected"), [(16_000, 200), (16_400, 431), (200_000, 431)])
async def test_a_request_has_at_most_16_kb_of_headers(server: Server, size: int, expected: int) -> None:
    assert status(await server.answer_to(get(headers=b"x: %b\r\n" % (b"1" * size)))) == expected
    assert status(await server.answer_to(get(b"/live?" + b"1" * size))) == expected


async def test_bytes_after_a_body_are_a_request_of_their_own(server: Server, token_keys: Path) -> None:
    """The limit of the headers' size does not count the body.

    A second request after a large body is therefore accepted.
    """
    token = bearer(token_keys, Role.OPERATOR)["authorization"].encode()
    head = b"POST /v1/hazards HTTP/1.1\r\n%bauthorization: %b\r\ncontent-type: application/json\r\n" % (HOST, token)
    body = b'{"persons": 1}'.ljust(60_000)
    answer = await server.answer_to((head + b"content-length: %d\r\n\r\n" % len(body) + body) * 2 + get())
    assert answer.count(b"HTTP/1.1 200") == 3


async def test_ten_connections_that_never_end_their_headers_take_no_memory(server: Server) -> None:
    process = psutil.Process()
    before, start = process.memory_info().rss, b"GET /live HTTP/1.1\r\n%bx: " % HOST
    endless = (server.answer_to(start, more=b"1" * MEGABYTE, times=100) for _ in range(10))
    answers = await asyncio.gather(*endless)
    assert {status(answer) for answer in answers if answer} <= {431}
    assert process.memory_info().rss - before < 50 * MEGABYTE


async def test_ten_connections_that_wait_for_no_answer_take_no_memory(server: Server, token_keys: Path) -> None:
    process = psutil.Process()
    token = bearer(token_keys, Role.OPERATOR)["authorization"].encode()
    first = b"GET /v1/feeds HTTP/1.1\r\n%bauthorization: %b\r\n\r\n" % (HOST, token)
    before, many = process.memory_info().rss, b"GET /live HTTP/1.1\r\n%b\r\n" % HOST * 20_000
    answers = await asyncio.gather(*(server.answer_to(first, more=many, times=20) for _ in range(10)))
    assert all(answer.count(b"HTTP/1.1 200") == 0 for answer in answers)
    assert process.memory_info().rss - before < 50 * MEGABYTE


@pytest.mark.parametrize("sent", [b"", b"GET /live HT", b"GET /live HTTP/1.1\r\nhost: 127."])
async def test_slow_headers_are_408(server: Server, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    assert status(await server.answer_to(sent)) == 408


async def test_a_slow_body_is_408(server: Server, monkeypatch: pytest.MonkeyPatch, token_keys: Path) -> None:
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.2)
    token = bearer(token_keys, Role.OPERATOR)["authorization"].encode()
    head = b"POST /v1/hazards HTTP/1.1\r\n%bauthorization: %b\r\ncontent-length: 20\r\n\r\n" % (HOST, token)
    answer = await server.answer_to(head + b'{"persons"')
    assert (status(answer), answer.count(b"HTTP/1.1")) == (408, 1)


async def test_a_slow_answer_is_not_a_slow_body(
    server: Server, monkeypatch: pytest.MonkeyPatch, token_keys: Path
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.5)
    waiting = await waits(server, token_keys)
    asyncio.get_running_loop().call_later(1, server.may_answer.set)
    assert status(await waiting) == 200


async def waits(server: Server, token_keys: Path, account: UUID | None = None) -> asyncio.Future[bytes]:
    """Sends a request. Waits until the server has refused or queued it. Returns the future of its answer."""
    before = server.waiting
    headers = b"authorization: %b\r\n" % bearer(token_keys, Role.OPERATOR, account=account)["authorization"].encode()
    request = asyncio.ensure_future(server.answer_to(get(b"/v1/feeds", headers)))
    await wait_for(lambda: request.done() or server.waiting > before)
    return request


@pytest.mark.parametrize(("most", "account"), [(32, uuid4()), (256, None)], ids=["account", "address"])
async def test_a_limited_number_of_concurrent_requests(
    server: Server, token_keys: Path, most: int, account: UUID | None
) -> None:
    """There are two limits: for an account, and for all accounts of one address.

    The limits of concurrent requests count open requests only.
    """
    under_way = [await waits(server, token_keys, account) for _ in range(most)]
    assert not any(each.done() for each in under_way)
    refused = await waits(server, token_keys, account)
    assert (status(await refused), b"retry-after: 1" in await refused) == (429, True)
    server.may_answer.set()
    assert {status(answer) for answer in await asyncio.gather(*under_way)} == {200}
    assert status(await (await waits(server, token_keys, account))) == 200


def test_an_ipv6_address_has_the_limits_of_its_network() -> None:
    houses: list[dict[str, Any]] = [
        {"client": (address, 1)} for address in ("2001:db8::1", "2001:db8::2:1", "10.0.0.1")
    ]
    assert [address_of(scope) for scope in houses] == ["2001:db8::/64", "2001:db8::/64", "10.0.0.1"]
