"""Only permitted calls reach external servers. A hostile external server does no harm."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.config import Settings
from shared.outbound import TOTAL_SECONDS, Outbound
from shared.outbound_errors import AddressRefused, AnswerTooBig, TimedOut, Unreachable
from shared.outbound_gate import is_public, unfolded
from tests.shared.outside import Answerer, Server, broken_off, certificate, dripping, endless, plain, silence

pytestmark = pytest.mark.anyio

KEEPALIVE_TIMER = "02"  # /proc/net/tcp marks a keep-alive timer with this code


def settings(*allowed: str, exercise: bool = False) -> Settings:
    return Settings(outbound_allow=allowed).model_copy(update={"exercise": exercise})


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server().listening() as listening:
        yield listening


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Maps the names of hosts to addresses. During the test, look-ups of these names return these addresses."""
    known: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *rest: Any, **options: Any) -> Any:
        rows = [real(address, port, *rest, **options) for address in known.get(str(host), [str(host)])]
        return [row for row_group in rows for row in row_group]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


async def test_an_allowed_local_server_answers(server: Server) -> None:
    async with Outbound(settings(f"127.0.0.1:{server.port}")) as outbound:
        answer = await outbound.get(f"http://127.0.0.1:{server.port}/feed?x=1", headers={"If-None-Match": '"a"'})
    assert (answer.status, answer.body) == (200, b"ok")
    assert server.requests[0].startswith(b"GET /feed?x=1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}\r\n".encode() in server.requests[0]
    assert b'If-None-Match: "a"' in server.requests[0]


async def test_a_post_sends_its_content_on_a_kept_connection(server: Server) -> None:
    async with Outbound(settings(f"127.0.0.1:{server.port}")) as outbound:
        for _ in range(3):
            await outbound.post(f"http://127.0.0.1:{server.port}/hook", b'{"a":1}', {"webhook-id": "x"})
    assert server.connections == 1
    assert [request.endswith(b'\r\n\r\n{"a":1}') for request in server.requests] == [True] * 3


async def test_a_kept_connection_is_probed(server: Server) -> None:
    """A NAT may forget an idle connection.

    Without keep-alive probes, the next call would notice this only at its timeout.
    """
    async with Outbound(settings(f"127.0.0.1:{server.port}")) as outbound:
        await outbound.get(f"http://127.0.0.1:{server.port}/")
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        remote = f"0100007F:{server.port:04X}"
        (timer,) = [timer for _, _, peer, _, _, timer, *_ in rows if peer == remote]
    assert timer.startswith(KEEPALIVE_TIMER), timer


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "https://localhost:{port}/", "http://[::1]:{port}/"],
)
async def test_an_address_that_is_not_allowed_is_not_connected_to(server: Server, url: str) -> None:
    async with Outbound(settings()) as outbound:
        with pytest.raises(AddressRefused):
            await outbound.get(url.format(port=server.port))
    assert server.connections == 0


@pytest.mark.parametrize(
    "host", ["2130706433", "127.1", "0x7f.0.0.1", "0177.0.0.1", "[::ffff:127.0.0.1]", "[::1%25lo]"]
)
async def test_no_other_form_of_a_private_address_is_connected_to(server: Server, host: str) -> None:
    async with Outbound(settings()) as outbound:
        with pytest.raises(AddressRefused):
            await outbound.get(f"https://{host}:{server.port}/")
    assert server.connections == 0


async def test_a_cookie_is_not_sent_back(server: Server) -> None:
    server.answer = plain(b"ok", headers="Set-Cookie: a=b\r\n")
    async with Outbound(settings(f"127.0.0.1:{server.port}")) as outbound:
        for _ in range(2):
            await outbound.get(f"http://127.0.0.1:{server.port}/")
    assert b"cookie" not in server.requests[1].lower()


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/", "https:///", "https://user:word@example.org/", "file:///etc/passwd", "nonsense", "http://"],
)
async def test_an_invalid_web_address_is_refused(url: str) -> None:
    async with Outbound(settings()) as outbound:
        with pytest.raises(AddressRefused):
            await outbound.get(url)


@pytest.mark.parametrize("private", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
async def test_a_name_with_one_private_address_is_refused(
    names: dict[str, list[str]], server: Server, private: str
) -> None:
    names["sneaky.example"] = ["93.184.215.14", private]
    async with Outbound(settings()) as outbound:
        with pytest.raises(AddressRefused):
            await outbound.get(f"https://sneaky.example:{server.port}/")
    assert server.connections == 0


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "fc00::1",
        "fd00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_addresses_outside_the_public_network(address: str) -> None:
    assert not is_public(unfolded([address])[0])


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8"]
)
def test_addresses_within_the_public_network(address: str) -> None:
    assert is_public(unfolded([address])[0])


async def test_a_redirect_is_returned_and_not_followed(server: Server) -> None:
    server.answer = plain(b"", status="302 Found", headers="Location: http://169.254.169.254/\r\n")
    async with Outbound(settings(f"127.0.0.1:{server.port}")) as outbound:
        answer = await outbound.get(f"http://127.0.0.1:{server.port}/")
    assert answer.status == 302
    assert len(server.requests) == 1


@pytest.mark.parametrize("answer", [silence, dripping])
async def test_a_server_that_hangs_or_drips_times_out(server: Server, answer: Answerer) -> None:
    server.answer = answer
    async with Outbound(settings(f"127.0.0.1:{server.port}"), seconds=1) as outbound:
        began = asyncio.get_running_loop().time()
        with pytest.raises(TimedOut):
            await outbound.get(f"http://127.0.0.1:{server.port}/")
        assert asyncio.get_running_loop().time() - began < TOTAL_SECONDS
        server.answer = plain(b"back")
        assert (await outbound.get(f"http://127.0.0.1:{server.port}/")).body == b"back"


async def test_an_endless_answer_is_cut_at_its_limit(server: Server) -> None:
    server.answer = endless
    async with Outbound(settings(f"127.0.0.1:{server.port}")) as outbound:
        with pytest.raises(AnswerTooBig):
            await outbound.get(f"http://127.0.0.1:{server.port}/", limit=10_000)


@pytest.mark.parametrize("answer", [endless, dripping, broken_off])
async def test_a_post_succeeds_whatever_follows_its_status(server: Server, answer: Answerer) -> None:
    server.answer = answer
    async with Outbound(settings(f"127.0.0.1:{server.port}"), seconds=1) as outbound:
        assert (await outbound.post(f"http://127.0.0.1:{server.port}/", b"{}", {})).status == 200
        server.answer = silence
        with pytest.raises(TimedOut):
            await outbound.post(f"http://127.0.0.1:{server.port}/", b"{}", {})


async def test_a_closed_port_and_an_unknown_name_are_unreachable(server: Server) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    async with Outbound(settings(f"127.0.0.1:{port}", "no-such.invalid:80")) as outbound:
        with pytest.raises(Unreachable):
            await outbound.get(f"http://127.0.0.1:{port}/")
        with pytest.raises(Unreachable):
            await outbound.get("http://no-such.invalid:80/")


async def test_the_environments_proxy_is_not_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with Outbound(settings(f"127.0.0.1:{server.port}")) as outbound:
        assert (await outbound.get(f"http://127.0.0.1:{server.port}/")).status == 200


async def test_an_exercise_installation_calls_only_loopback(names: dict[str, list[str]], server: Server) -> None:
    names["public.example"] = ["93.184.215.14"]
    allowed = (f"127.0.0.1:{server.port}", "public.example:443")
    async with Outbound(settings(*allowed, exercise=True)) as outbound:
        assert (await outbound.get(f"http://127.0.0.1:{server.port}/")).status == 200
        with pytest.raises(AddressRefused):
            await outbound.get("https://public.example/")


async def test_the_checked_address_is_called_under_the_host_name(names: dict[str, list[str]], tmp_path: Path) -> None:
    names["hook.example"] = ["127.0.0.1"]
    ours, theirs = certificate("hook.example", tmp_path)
    async with Server().listening(theirs) as server:
        async with Outbound(settings(f"hook.example:{server.port}"), tls=ours) as outbound:
            assert (await outbound.get(f"https://hook.example:{server.port}/")).status == 200
        assert server.names == ["hook.example"]
        assert f"Host: hook.example:{server.port}\r\n".encode() in server.requests[0]


async def test_a_certificate_for_another_name_is_not_trusted(names: dict[str, list[str]], tmp_path: Path) -> None:
    names["hook.example"] = ["127.0.0.1"]
    ours, theirs = certificate("other.example", tmp_path)
    async with (
        Server().listening(theirs) as server,
        Outbound(settings(f"hook.example:{server.port}"), tls=ours) as outbound,
    ):
        with pytest.raises(Unreachable):
            await outbound.get(f"https://hook.example:{server.port}/")


def test_unfolding_lists_an_address_once() -> None:
    assert unfolded(["127.0.0.1", "::ffff:127.0.0.1"]) == [ipaddress.ip_address("127.0.0.1")]
