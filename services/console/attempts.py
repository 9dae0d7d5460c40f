"""Limits failed sign-ins: counters in Valkey for 15 minutes stop guessing without locking out other people.

While Valkey is unavailable or frozen, each process counts in its own memory: sign-in goes on, and stays limited.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from ipaddress import ip_network

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.circuits import Circuit, CircuitOpen

WINDOW_S = 15 * 60
MOST_COUNTERS = 50_000  # in memory; beyond this number the oldest counter is dropped


class CounterScope(StrEnum):
    """What a counter counts and locks.

    A browser known to the account has its own counter. All others count by account and address, account, and address.
    """

    BROWSER = "browser"
    PAIR = "pair"
    ACCOUNT = "account"
    ADDRESS = "address"


MOST = {CounterScope.BROWSER: 5, CounterScope.PAIR: 5, CounterScope.ACCOUNT: 25, CounterScope.ADDRESS: 100}

# An attempt counts before the password is checked: otherwise many concurrent guesses would all pass the limit.
# After the first locked counter no further one is raised: from one address at most five guesses count against an
# account.
CLAIM = """
for number, key in ipairs(KEYS) do
    local count = redis.call('INCR', key)
    if count == 1 then redis.call('EXPIRE', key, ARGV[1]) end
    local most = tonumber(ARGV[number + 1])
    if count > most then return {number, count - most, redis.call('TTL', key)} end
end
return {0, 0, 0}
"""
RELEASE = """
redis.call('DEL', KEYS[1])
for number = 2, #KEYS do
    if redis.call('EXISTS', KEYS[number]) == 1 and redis.call('DECR', KEYS[number]) <= 0 then
        redis.call('DEL', KEYS[number])
    end
end
"""


class TooManyFailures(Exception):
    """Sign-in is locked for a while; `begins`: this attempt starts the lock."""

    def __init__(self, scope: CounterScope, wait_s: int, *, begins: bool) -> None:
        super().__init__(scope)
        self.scope, self.wait_s, self.begins = scope, wait_s, begins


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """The account name and the address; `known` is the mark of a browser or phone that the account knows."""

    name: str
    address: str
    known: str | None = None

    @property
    def counters(self) -> dict[CounterScope, str]:
        account, address = _short(self.name.strip().lower()), _short(_net(self.address))
        if self.known is not None:
            return {CounterScope.BROWSER: f"{account}:{_short(self.known)}"}
        return {CounterScope.PAIR: f"{account}:{address}", CounterScope.ACCOUNT: account, CounterScope.ADDRESS: address}

    @property
    def keys(self) -> list[str]:
        return [f"console:failures:{scope}:{counted}" for scope, counted in self.counters.items()]


class Attempts:
    def __init__(self, redis: Redis) -> None:
        self._claim = redis.register_script(CLAIM)
        self._release = redis.register_script(RELEASE)
        self._circuit = Circuit("valkey", redis.ping, failures=(RedisError,))
        self._counters = Counters()

    async def run(self) -> None:
        """Runs until cancelled: probes Valkey while the circuit is open."""
        await self._circuit.run()

    async def claim(self, attempt: SignInAttempt) -> None:
        """Counts the attempt. Raises TooManyFailures."""
        scopes, keys = list(attempt.counters), attempt.keys
        most = [MOST[scope] for scope in scopes]
        try:
            number, over, wait_s = await self._circuit.call(lambda: self._claim(keys=keys, args=[WINDOW_S, *most]))
        except CircuitOpen:
            number, over, wait_s = self._counters.claim(keys, most)
        if number:
            raise TooManyFailures(scopes[number - 1], max(1, wait_s), begins=over == 1)

    async def release(self, attempt: SignInAttempt) -> None:
        """The password was right: resets the pair's or browser's counter, lowers the account's and address's by one."""
        self._counters.release(attempt.keys)
        with suppress(CircuitOpen):
            await self._circuit.call(lambda: self._release(keys=attempt.keys))


class Counters:
    """The same counting as the scripts above, in memory."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, float]] = {}  # count, end of the window

    def claim(self, keys: Sequence[str], most: Sequence[int]) -> tuple[int, int, int]:
        now = time.monotonic()
        for number, (key, limit) in enumerate(zip(keys, most, strict=True), start=1):
            count, ends = self._counts.get(key, (0, 0.0))
            count, ends = (count + 1, ends) if ends > now else (1, now + WINDOW_S)
            self._keep(key, count, ends)
            if count > limit:
                return number, count - limit, round(ends - now)
        return 0, 0, 0

    def release(self, keys: Sequence[str]) -> None:
        first, *others = keys
        self._counts.pop(first, None)
        for key in others:
            count, ends = self._counts.pop(key, (0, 0.0))
            if count > 1:
                self._keep(key, count - 1, ends)

    def _keep(self, key: str, count: int, ends: float) -> None:
        self._counts[key] = count, ends
        if len(self._counts) > MOST_COUNTERS:
            del self._counts[next(iter(self._counts))]


def _net(address: str) -> str:
    """The address, for IPv6 its /64 network: one household has 2^64 addresses, which count as one."""
    return str(ip_network(f"{address}/64", strict=False)) if ":" in address else address


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
