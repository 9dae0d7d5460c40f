"""Decides which addresses an outbound call may reach, and resolves their host names."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from shared.config import Settings
from shared.outbound_errors import AddressRefused, OutsideExercise, Unreachable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Networks that are refused although `is_global` is true. An address of an IPv6 transition network, for example, can
# lead to a private host.
UNICAST_V6 = ipaddress.ip_network("2000::/3")
REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
)


class Gate:
    """OUTBOUND_ALLOW lists hosts that may use http or have a private address."""

    def __init__(self, settings: Settings) -> None:
        self._allowed = frozenset(pair.lower() for pair in settings.outbound_allow)
        self._is_exercise = settings.exercise
        # Look-ups of names run in their own threads: a name server that hangs must not block other work.
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="resolve")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def allows(self, host: str, port: int) -> bool:
        return f"{host.strip('[]').lower()}:{port}" in self._allowed

    def is_outside_exercise(self, url: str) -> bool:
        target = URL(url)
        return self._is_exercise and not self.allows(target.host or "", target.port or 0)

    def permit(self, target: URL) -> None:
        """Check a URL before the call.

        Only hosts in OUTBOUND_ALLOW may use http. If the host is an IP address, this function also checks the address.
        Raises AddressRefused or OutsideExercise.
        """
        host, port = target.host or "", target.port or 0
        is_allowed = self.allows(host, port)
        if target.scheme != "https" and not is_allowed:
            raise OutsideExercise(host) if self._is_exercise else AddressRefused(host)
        if is_address(host):
            self._check(address_of(host), is_allowed=is_allowed)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Resolve the host's addresses once.

        Raises AddressRefused if any address may not be called.

        An exercise shows the same results with and without the internet. To achieve this, an exercise looks up only
        hosts that it may call, and treats a failed look-up like a refused host.
        """
        is_allowed = self.allows(host, port)
        if self._is_exercise and not (is_allowed or is_address(host)):
            raise OutsideExercise(host)
        addresses = await self._resolve(host, port)
        for address in addresses:
            self._check(address, is_allowed=is_allowed)
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
            raise (OutsideExercise(host) if self._is_exercise else Unreachable(host)) from error
        return unfolded(row[4][0] for row in rows)


def resolve(host: str, port: int) -> list[Any]:
    return socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)


def is_address(host: str) -> bool:
    """True if the host is an IP address.

    The resolver cannot check IP addresses, because aiohttp skips the resolver for them.
    """
    return ":" in host or host.replace(".", "").isdigit()


def address_of(host: str) -> Address:
    """Return the IP address. Raises AddressRefused for a short form such as 127.1."""
    try:
        return unfolded([host])[0]
    except ValueError:
        raise AddressRefused("not a complete address") from None


def unfolded(texts: Iterable[str]) -> list[Address]:
    """Return the addresses without duplicates. IPv4-mapped IPv6 addresses become IPv4."""
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
    """Resolves a host name once, and checks all its addresses. The `Host` header and the SNI still contain the name."""

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
        """Does nothing, because the gate closes the threads."""
