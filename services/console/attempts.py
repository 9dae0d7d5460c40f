"""Failed sign-ins, counted in Valkey: five for an account or an address within 15 minutes, then it waits."""

from hashlib import sha256
from ipaddress import ip_network

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared import log

MOST = 5
WINDOW_S = 15 * 60

# Counted before the password is looked at, so that a hundred guesses at once are not all the first.
CLAIM = """
local most, wait = 0, 0
for _, key in ipairs(KEYS) do
    local count = redis.call('INCR', key)
    if count == 1 then redis.call('EXPIRE', key, ARGV[1]) end
    if count > most then most, wait = count, redis.call('TTL', key) end
end
return {most, wait}
"""
RELEASE = """
redis.call('DEL', KEYS[1])
if redis.call('EXISTS', KEYS[2]) == 1 and redis.call('DECR', KEYS[2]) <= 0 then redis.call('DEL', KEYS[2]) end
"""


class TooManyFailures(Exception):
    """Five sign-ins failed for this account or address."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


class Attempts:
    def __init__(self, redis: Redis) -> None:
        self._claim = redis.register_script(CLAIM)
        self._release = redis.register_script(RELEASE)

    async def claim(self, name: str, address: str) -> None:
        """Raises TooManyFailures. Valkey away: sign-in goes on, as a centre that nobody can enter helps nobody."""
        try:
            count, wait_s = await self._claim(keys=_keys(name, address), args=[WINDOW_S])
        except RedisError as error:
            log.get().warning("failed sign-ins are not counted", **log.described(error))
            return
        if count > MOST:
            raise TooManyFailures(max(1, wait_s))

    async def release(self, name: str, address: str) -> None:
        """The password was right: the account starts anew, the address has one failure less."""
        try:
            await self._release(keys=_keys(name, address))
        except RedisError as error:
            log.get().warning("failed sign-ins are not counted", **log.described(error))


def _keys(name: str, address: str) -> list[str]:
    return [
        f"console:failures:account:{_short(name.strip().lower())}",
        f"console:failures:address:{_short(_net(address))}",
    ]


def _net(address: str) -> str:
    """An IPv6 house has 2^64 addresses: they count as one."""
    return str(ip_network(f"{address}/64", strict=False)) if ":" in address else address


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
