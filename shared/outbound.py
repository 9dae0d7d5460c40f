"""All outbound calls (feeds, webhooks, mail and others) go through this module, which checks every address."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from types import TracebackType
from typing import Any, Self

import aiohttp
import certifi
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from shared.config import Settings

TOTAL_SECONDS = 10.0
KEEP_SECONDS = 60.0
# TCP keep-alive probes detect a connection that a NAT has silently dropped. Otherwise, the next call on this connection
# would fail.
PROBES = {socket.TCP_KEEPIDLE: 15, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 2}
CONNECTIONS = 200
PERMITTED = 1000  # this many checked URLs are cached
WEBHOOK_LIMIT = 64 * 1024
FEED_LIMIT = 8 * 1024 * 1024
USER_AGENT = "Dayar"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Addresses in these networks are refused even if `is_global` is true. An address in an IPv6 transition network, for
# example, can lead to a private host.
UNICAST_V6 = ipaddress.ip_network("2000::/3")
REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
)


class OutboundError(Exception):
    """The call brought no usable answer. `reason` is the code of the cause."""

    reason = "failed"


class AddressRefused(OutboundError):
    """The address may not be called from this installation."""

    reason = "refused_address"


class OutsideExercise(AddressRefused):
    """An installation for exercises may call only its own machine."""

    reason = "exercise"


class Unreachable(OutboundError):
    """There was no connection, or the connection broke before the answer was complete."""

    reason = "unreachable"


class TimedOut(OutboundError):
    """The answer was not complete in time."""

    reason = "timed_out"


class AnswerTooBig(OutboundError):
    """The answer exceeded its size limit."""

    reason = "answer_too_big"


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer. Header names are lower case. The body is not decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@cache
def trusted() -> ssl.SSLContext:
    """The trusted authorities, read once. Their file is given, so the variable SSL_CERT_FILE has no effect."""
    return ssl.create_default_context(cafile=certifi.where())


class Outbound:
    """A pool of connections to checked addresses.

    It uses no redirects, proxies, cookies or settings from the environment.
    """

    def __init__(
        self, settings: Settings, *, tls: ssl.SSLContext | None = None, seconds: float = TOTAL_SECONDS
    ) -> None:
        self.gate = Gate(settings)
        self.seconds = seconds
        self._permitted = lru_cache(PERMITTED)(self._permit)
        self.tls = tls or trusted()

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(self.gate),
            use_dns_cache=False,  # without this cache, each new connection resolves and checks the name again
            ssl=self.tls,
            limit=CONNECTIONS,
            keepalive_timeout=KEEP_SECONDS,
            socket_factory=probed,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            # there is no limit here, because `in_time` limits the whole call
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            skip_auto_headers=("Accept", "Content-Type"),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        self.gate.close()

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None, limit: int = FEED_LIMIT) -> Response:
        async with self._answer("GET", url, None, headers or {}) as answer:
            headers_of_answer = {name.lower(): value for name, value in answer.headers.items()}
            return Response(answer.status, headers_of_answer, await bounded(answer, limit))

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> Response:
        """Send the content. Return the status and the headers of the answer, even if its body cannot be read."""
        response: Response | None = None
        try:
            async with self._answer("POST", url, content, headers) as answer:
                response = Response(answer.status, {name.lower(): value for name, value in answer.headers.items()}, b"")
                await bounded(answer, WEBHOOK_LIMIT)  # a connection can be reused only after the body was read
        except OutboundError:
            if response is None:
                raise
        return response

    async def call(
        self, url: str, content: bytes, headers: Mapping[str, str], *, limit: int = WEBHOOK_LIMIT
    ) -> Response:
        """Send the content. Return the whole answer."""
        async with self._answer("POST", url, content, headers) as answer:
            headers_of_answer = {name.lower(): value for name, value in answer.headers.items()}
            return Response(answer.status, headers_of_answer, await bounded(answer, limit))

    def _permit(self, url: str) -> URL:
        target = parsed(url)
        self.gate.permit(target)
        return target

    @asynccontextmanager
    async def _answer(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        target = self._permitted(url)
        async with (
            self.in_time(target.host or ""),
            self._session.request(method, target, data=content, headers=headers, allow_redirects=False) as answer,
        ):
            yield answer

    @asynccontextmanager
    async def in_time(self, host: str) -> AsyncIterator[None]:
        """Limit the total time, and translate errors to TimedOut and Unreachable."""
        try:
            async with asyncio.timeout(self.seconds):
                yield
        except TimeoutError:
            raise TimedOut(host) from None
        except aiohttp.ClientError as error:
            raise Unreachable(host) from error


def probed(address: aiohttp.AddrInfoType) -> socket.socket:
    """Create a socket that sends TCP keep-alive probes while it is idle."""
    family, kind, protocol, *_ = address
    own = socket.socket(family, kind, protocol)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in PROBES.items():
        own.setsockopt(socket.IPPROTO_TCP, option, value)
    return own


def parsed(url: str) -> URL:
    try:
        target = URL(url)
    except ValueError:
        raise AddressRefused("not a URL") from None
    if target.scheme not in ("https", "http") or not target.host or target.user or target.password:
        raise AddressRefused("http(s) with a host and without a user is expected")
    return target


async def bounded(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > limit:
            answer.close()  # without `close`, aiohttp would read the rest of the answer to keep the connection
            raise AnswerTooBig(limit)
    return bytes(body)


class Gate:
    """Decides which hosts may be called. OUTBOUND_ALLOW lists hosts that may use http or have a private address."""

    def __init__(self, settings: Settings) -> None:
        self._allowed = frozenset(pair.lower() for pair in settings.outbound_allow)
        self._is_exercise = settings.exercise
        # Host names are resolved in threads of their own, because a hanging name server must not block other work.
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="resolve")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def allows(self, host: str, port: int) -> bool:
        return f"{host.strip('[]').lower()}:{port}" in self._allowed

    def is_outside_exercise(self, url: str) -> bool:
        """Whether this is an exercise, and the URL's host and port are not in OUTBOUND_ALLOW."""
        target = URL(url)
        return self._is_exercise and not self.allows(target.host or "", target.port or 0)

    def permit(self, target: URL) -> None:
        """Refuse http unless OUTBOUND_ALLOW has the host and port.

        If the host is an IP address, check this address too. Raises AddressRefused or OutsideExercise.
        """
        host, port = target.host or "", target.port or 0
        is_allowed = self.allows(host, port)
        if target.scheme != "https" and not is_allowed:
            raise OutsideExercise(host) if self._is_exercise else AddressRefused(host)
        if is_address(host):
            self._check(address_of(host), is_allowed=is_allowed)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Resolve the host's addresses once. Raises AddressRefused if any address may not be called."""
        addresses = await self._resolve(host, port)
        for address in addresses:
            self._check(address, is_allowed=self.allows(host, port))
        return [str(address) for address in addresses]

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


def is_address(host: str) -> bool:
    """Whether aiohttp treats the host as an IP address.

    For an IP address, aiohttp skips the resolver. The resolver therefore cannot check such an address.
    """
    return ":" in host or host.replace(".", "").isdigit()


def address_of(host: str) -> Address:
    """Parse a host that is an IP address. A short or numeric form such as 127.1 is refused."""
    try:
        return unfolded([host])[0]
    except ValueError:
        raise AddressRefused("not a complete address") from None


def unfolded(texts: Iterable[str]) -> list[Address]:
    """The addresses without duplicates. IPv4-mapped IPv6 addresses are converted to IPv4."""
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


class CheckedResolver(AbstractResolver):
    """Resolves a host name once, and checks all addresses. The `Host` header and the SNI still contain the name."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await self._gate.addresses(host, port)
            if family in (socket.AF_UNSPEC, socket.AF_INET6 if ":" in address else socket.AF_INET)
        ]

    async def close(self) -> None:
        """Does nothing, because the gate owns the threads and ends them itself."""
