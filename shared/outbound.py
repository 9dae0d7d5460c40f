"""All outbound calls (feeds, webhooks, mail) go through this module, which checks every address."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpcore
import httpx

from shared.config import Settings

TOTAL_SECONDS = 10.0
CONNECT_SECONDS = 3.0
WEBHOOK_LIMIT = 64 * 1024
FEED_LIMIT = 8 * 1024 * 1024
USER_AGENT = "Dayar"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# In addition to `is_global`: transition networks that can lead to a private host behind a public address.
UNICAST_V6 = ipaddress.ip_network("2000::/3")
REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
)


class OutboundError(Exception):
    """The call brought no usable answer; `reason` is the code."""

    reason = "failed"


class AddressRefused(OutboundError):
    """The address may not be called from this installation."""

    reason = "refused_address"


class OutsideExercise(AddressRefused):
    """An exercise installation calls only loopback."""

    reason = "exercise"


class Unreachable(OutboundError):
    """No connection, or the connection broke before the answer was complete."""

    reason = "unreachable"


class TimedOut(OutboundError):
    """The answer was not complete in time."""

    reason = "timed_out"


class AnswerTooBig(OutboundError):
    """The answer exceeded its size limit."""

    reason = "answer_too_big"


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer. Header names are lower case; the body is unchanged (no content encoding is requested)."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Outbound:
    """Pooled connections to checked addresses: no redirects, no proxy, no settings from the environment."""

    def __init__(
        self, settings: Settings, *, tls: ssl.SSLContext | None = None, seconds: float = TOTAL_SECONDS
    ) -> None:
        self.gate = Gate(settings)
        self.seconds = seconds
        self.tls = tls or httpx.create_ssl_context(trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=self.tls,
            max_connections=200,
            max_keepalive_connections=50,
            keepalive_expiry=60.0,
            network_backend=CheckedBackend(self.gate),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.aclose()
        self.gate.close()

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None, limit: int = FEED_LIMIT) -> Response:
        async with self._answer("GET", url, None, headers or {}) as answer:
            found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
            return Response(answer.status, found, await bounded(answer, limit))

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer. The status decides the delivery, even if reading the rest fails."""
        status = 0
        try:
            async with self._answer("POST", url, content, headers) as answer:
                status = answer.status
                await bounded(answer, WEBHOOK_LIMIT)  # so that the connection can be reused
        except OutboundError:
            if not status:
                raise
        return status

    @asynccontextmanager
    async def _answer(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]
    ) -> AsyncIterator[httpcore.Response]:
        target = parsed(url)
        self.gate.permit(target)
        async with self.in_time(target.host), self._stream(method, target, content, headers) as answer:
            yield answer

    @asynccontextmanager
    async def in_time(self, host: str) -> AsyncIterator[None]:
        """Limit the total time, and translate errors to TimedOut and Unreachable."""
        try:
            async with asyncio.timeout(self.seconds):
                yield
        except (TimeoutError, httpcore.TimeoutException):
            raise TimedOut(host) from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise Unreachable(host) from error

    def _stream(
        self, method: str, target: httpx.URL, content: bytes | None, headers: Mapping[str, str]
    ) -> AbstractAsyncContextManager[httpcore.Response]:
        url = httpcore.URL(scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path)
        sent = [
            (b"Host", target.netloc),
            *encoded({"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}),
        ]
        if content is not None:
            sent.append((b"Content-Length", str(len(content)).encode()))
        return self._pool.stream(method, url, headers=sent, content=content)


def parsed(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL:
        raise AddressRefused("not a URL") from None
    if target.scheme not in ("https", "http") or not target.host or target.userinfo:
        raise AddressRefused("http(s) with a host and without a user is expected")
    return target


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]


async def bounded(answer: httpcore.Response, limit: int) -> bytes:
    body = bytearray()
    async for part in answer.aiter_stream():
        body += part
        if len(body) > limit:
            raise AnswerTooBig(limit)
    return bytes(body)


class Gate:
    """Decides which hosts and addresses may be called. Pairs in OUTBOUND_ALLOW may use http and private addresses."""

    def __init__(self, settings: Settings) -> None:
        self._allowed = frozenset(pair.lower() for pair in settings.outbound_allow)
        self._is_exercise = settings.exercise
        # Threads of its own: a hanging name server must not block other work in threads.
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="resolve")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def allows(self, host: str, port: int) -> bool:
        return f"{host.strip('[]').lower()}:{port}" in self._allowed

    def permit(self, target: httpx.URL) -> None:
        """Refuse plain http unless OUTBOUND_ALLOW names the host and port. Raises AddressRefused or OutsideExercise."""
        if target.scheme != "https" and not self.allows(target.host, port_of(target)):
            raise OutsideExercise(target.host) if self._is_exercise else AddressRefused(target.host)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Resolve the host's addresses once. Raises AddressRefused if any address may not be called."""
        found = await self._resolve(host, port)
        for address in found:
            self._check(address, is_allowed=self.allows(host, port))
        return [str(address) for address in found]

    def _check(self, address: Address, *, is_allowed: bool) -> None:
        if self._is_exercise and not address.is_loopback:
            raise OutsideExercise(str(address))
        if not is_allowed and not is_public(address):
            raise AddressRefused(str(address))

    async def _resolve(self, host: str, port: int) -> list[Address]:
        loop = asyncio.get_running_loop()
        try:
            rows = await loop.run_in_executor(self._threads, resolve, host, port)
        except (socket.gaierror, UnicodeError) as error:
            raise Unreachable(host) from error
        return unfolded(row[4][0] for row in rows)


def resolve(host: str, port: int) -> list[Any]:
    return socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)


def port_of(target: httpx.URL) -> int:
    return target.port or (443 if target.scheme == "https" else 80)


def unfolded(texts: Iterable[str]) -> list[Address]:
    """The addresses without duplicates. An IPv4-mapped IPv6 address becomes the IPv4 address."""
    addresses: dict[Address, None] = {}
    for text in texts:
        address = ipaddress.ip_address(text)
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        addresses[mapped or address] = None
    return list(addresses)


def is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in UNICAST_V6:
        return False
    return address.is_global and not address.is_multicast and not any(address in network for network in REFUSED)


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the checked address and does not resolve the name again. `Host` and SNI keep the name."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        *others, last = await self._gate.addresses(host, port)
        for address in others:
            try:
                return await self._network.connect_tcp(address, port, CONNECT_SECONDS, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._network.connect_tcp(last, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)
