"""Limits failed sign-ins with counters. Nobody can guess many passwords, and nobody can lock other people out.

Valkey keeps each counter for 15 minutes. Each process also counts in its memory, so sign-in works within limits while
Valkey is slow or unavailable.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from ipaddress import ip_network
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.circuits import Circuit, CircuitOpen

WINDOW_S = 15 * 60
MOST_COUNTERS = 50_000  # above this number, the oldest counter in memory that locks nothing is removed


class CounterScope(StrEnum):
    """The kinds of counter. A counter at its limit locks the sign-in.

    - An attempt from a browser that the account has used before raises only the counter of this browser.
    - An attempt from another browser raises three counters: the account at this address, the account, and the address.
    - After the right password, attempts at the second factor raise their own counters.
    """

    BROWSER = "browser"
    PAIR = "pair"
    ACCOUNT = "account"
    ADDRESS = "address"
    SECOND_FACTOR = "second_factor"


MOST = {
    CounterScope.BROWSER: 5,
    CounterScope.PAIR: 5,
    CounterScope.ACCOUNT: 25,
    CounterScope.ADDRESS: 100,
    CounterScope.SECOND_FACTOR: 5,
}

# An attempt is counted before the password is checked, so that many concurrent guesses cannot pass the limit.
#
# If one counter refuses the attempt, no other counter rises. One address therefore adds at most five guesses to an
# account's counter. An address at its limit cannot fill the memory with counters for invented names.
CLAIM = """
for number, key in ipairs(KEYS) do
    local most = tonumber(ARGV[number + 1])
    if tonumber(redis.call('GET', key) or 0) >= most then
        return {number, redis.call('INCR', key) - most, redis.call('TTL', key)}
    end
end
for _, key in ipairs(KEYS) do
    if redis.call('INCR', key) == 1 then redis.call('EXPIRE', key, ARGV[1]) end
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
    """Sign-in is locked for a while. `begins` is true if this attempt started the lock."""

    def __init__(self, scope: CounterScope, wait_s: int, *, begins: bool) -> None:
        super().__init__(scope)
        self.scope, self.wait_s, self.begins = scope, wait_s, begins


class Attempt(ABC):
    __slots__ = ()
    address: str

    @property
    @abstractmethod
    def counters(self) -> dict[CounterScope, str]:
        """Returns the counted value of each kind, in the order in which the limits are checked."""

    @property
    def keys(self) -> list[str]:
        return [f"console:failures:{scope}:{counted}" for scope, counted in self.counters.items()]


@dataclass(frozen=True, slots=True)
class SignInAttempt(Attempt):
    """An attempt with a password. `known` is the browser or phone, if the account has used it before."""

    name: str
    address: str
    known: str | None = None

    @property
    def counters(self) -> dict[CounterScope, str]:
        account, address = _short(self.name.strip().lower()), _short(_net(self.address))
        if self.known is not None:
            return {CounterScope.BROWSER: f"{account}:{_short(self.known)}"}
        return {CounterScope.PAIR: f"{account}:{address}", CounterScope.ACCOUNT: account, CounterScope.ADDRESS: address}


class SecondFactorStep(StrEnum):
    """Each step has its own counter: wrong codes must not prevent a sign-in without the administrator role."""

    CODE = "code"
    WITHOUT = "without"


@dataclass(frozen=True, slots=True)
class SecondFactorAttempt(Attempt):
    step: SecondFactorStep
    account_id: UUID
    address: str

    @property
    def counters(self) -> dict[CounterScope, str]:
        return {CounterScope.SECOND_FACTOR: f"{self.step}:{self.account_id}"}


class Attempts:
    def __init__(self, redis: Redis) -> None:
        self._claim = redis.register_script(CLAIM)
        self._release = redis.register_script(RELEASE)
        self._circuit = Circuit("valkey", redis.ping, failures=(RedisError,))
        self._counters = Counters()

    async def run(self) -> None:
        """Tests Valkey at intervals while the circuit breaker is open."""
        await self._circuit.run()

    async def claim(self, attempt: Attempt) -> None:
        """Counts the attempt in this process and in Valkey. Raises TooManyFailures.

        A slow Valkey may count too late to limit a burst of attempts.
        """
        scopes, keys = list(attempt.counters), attempt.keys
        most = [MOST[scope] for scope in scopes]
        number, over, wait_s = self._counters.claim(keys, most)
        if not number:
            with suppress(CircuitOpen):
                number, over, wait_s = await self._circuit.call(lambda: self._claim(keys=keys, args=[WINDOW_S, *most]))
        if number:
            raise TooManyFailures(scopes[number - 1], max(1, wait_s), begins=over == 1)

    async def release(self, attempt: Attempt) -> None:
        """After a right password or code, deletes the attempt's first counter, and lowers its other counters by one."""
        self._counters.release(attempt.keys)
        with suppress(CircuitOpen):
            await self._circuit.call(lambda: self._release(keys=attempt.keys))


@dataclass(frozen=True, slots=True)
class Counter:
    count: int
    limit: int
    ends: float

    @property
    def may_be_forgotten(self) -> bool:
        return self.count < self.limit or self.ends <= time.monotonic()


class Counters:
    """Counts in memory, by the same rules as the Valkey scripts CLAIM and RELEASE."""

    def __init__(self) -> None:
        self._counters: dict[str, Counter] = {}  # sorted by the end of the counters' windows

    def claim(self, keys: Sequence[str], most: Sequence[int]) -> tuple[int, int, int]:
        now = time.monotonic()
        counters = [self._running(key, limit, now) for key, limit in zip(keys, most, strict=True)]
        for number, (key, counter) in enumerate(zip(keys, counters, strict=True), start=1):
            if counter.count >= counter.limit:
                self._counters[key] = replace(counter, count=counter.count + 1)
                return number, counter.count + 1 - counter.limit, round(counter.ends - now)
        for key, counter in zip(keys, counters, strict=True):
            self._counters[key] = replace(counter, count=counter.count + 1)
        self._forget()
        return 0, 0, 0

    def release(self, keys: Sequence[str]) -> None:
        first, *others = keys
        self._counters.pop(first, None)
        for key in others:
            counter = self._counters.get(key)
            if counter and counter.count > 1:
                self._counters[key] = replace(counter, count=counter.count - 1)
            elif counter:
                del self._counters[key]

    def _running(self, key: str, limit: int, now: float) -> Counter:
        """Returns the counter of a key.

        An expired counter is deleted first, so that the new counter is the last in the dict.
        """
        counter = self._counters.get(key)
        if counter is None or counter.ends > now:
            return counter or Counter(0, limit, now + WINDOW_S)
        del self._counters[key]
        return Counter(0, limit, now + WINDOW_S)

    def _forget(self) -> None:
        """Removes the oldest counters that lock nothing. A lock needs five attempts, so most counters can go."""
        while len(self._counters) > MOST_COUNTERS:
            oldest = next((key for key, counter in self._counters.items() if counter.may_be_forgotten), None)
            if oldest is None:
                return
            del self._counters[oldest]


def _net(address: str) -> str:
    """Returns the /64 network of an IPv6 address. One internet connection usually has a whole /64."""
    return str(ip_network(f"{address}/64", strict=False)) if ":" in address else address


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
