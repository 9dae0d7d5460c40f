"""All outbound calls go through this module, for example feeds, webhooks and mail. The module checks every address."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from types import TracebackType
from typing import Self

import aiohttp
import certifi
from yarl import URL

from shared.config import Settings
from shared.outbound_errors import AddressRefused, AnswerTooBig, OutboundError, TimedOut, Unreachable
from shared.outbound_gate import CheckedResolver, Gate

TOTAL_SECONDS = 10.0
KEEP_SECONDS = 60.0
# A NAT can drop an idle connection without a message. The keep-alive probes find such a connection before the next call
# fails.
PROBES = {socket.TCP_KEEPIDLE: 15, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 2}
CONNECTIONS = 200
PERMITTED = 1000  # number of checked URLs in the cache
WEBHOOK_LIMIT = 64 * 1024
FEED_LIMIT = 8 * 1024 * 1024
USER_AGENT = "Dayar"


@dataclass(frozen=True, slots=True)
class Response:
    """Header names are lower case. The body is not decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@cache
def trusted() -> ssl.SSLContext:
    """Trust only certifi's authorities. Because the file is given, the variable SSL_CERT_FILE has no effect."""
    return ssl.create_default_context(cafile=certifi.where())


class Outbound:
    """An HTTP client without redirects, proxies, cookies, and settings from the environment."""

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
            use_dns_cache=False,  # each new connection must resolve and check the host name
            ssl=self.tls,
            limit=CONNECTIONS,
            keepalive_timeout=KEEP_SECONDS,
            socket_factory=probed,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            # `in_time` limits the whole call
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
        """Return the answer without its body, even if the body cannot be read."""
        response: Response | None = None
        try:
            async with self._answer("POST", url, content, headers) as answer:
                response = Response(answer.status, {name.lower(): value for name, value in answer.headers.items()}, b"")
                # read the body, because the connection can be reused only afterwards
                await bounded(answer, WEBHOOK_LIMIT)
        except OutboundError:
            if response is None:
                raise
        return response

    async def call(
        self, url: str, content: bytes, headers: Mapping[str, str], *, limit: int = WEBHOOK_LIMIT
    ) -> Response:
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
        """Limits the total time of a call. Raises TimedOut and Unreachable in place of other errors."""
        try:
            async with asyncio.timeout(self.seconds):
                yield
        except TimeoutError:
            raise TimedOut(host) from None
        except aiohttp.ClientError as error:
            raise Unreachable(host) from error


def probed(address: aiohttp.AddrInfoType) -> socket.socket:
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
            answer.close()  # close at once, because aiohttp would first read the rest of the answer
            raise AnswerTooBig(limit)
    return bytes(body)
