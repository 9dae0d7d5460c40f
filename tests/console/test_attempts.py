"""Failed sign-ins are counted even if Valkey is frozen or stopped."""

import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from redis.asyncio import Redis

from services.console.sign_in.attempts import (
    MOST,
    WINDOW_S,
    Attempts,
    Counters,
    CounterScope,
    SignInAttempt,
    TooManyFailures,
)
from shared import lifecycle
from shared.config import secret
from tests.installation import Ground
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

SOON = 60  # seconds; without a circuit breaker, each of the 36 attempts may wait five seconds


@pytest.fixture
async def attempts(killable: Ground) -> AsyncIterator[Attempts]:
    valkey = killable.components.valkey
    redis = valkey_of(killable)
    made = Attempts(redis)
    async with lifecycle.beside(made.run()):
        yield made
    valkey.resume()
    if not valkey.is_ready():
        valkey.start()
    await redis.flushdb()
    await redis.aclose()


@pytest.mark.parametrize("is_frozen", [True, False], ids=["frozen", "killed"])
async def test_without_valkey_each_process_counts_and_nobody_waits(
    killable: Ground, attempts: Attempts, is_frozen: bool
) -> None:
    valkey = killable.components.valkey
    assert await guesses(attempts, "aida") == [None] * 5 + [CounterScope.PAIR]
    valkey.freeze() if is_frozen else valkey.kill9()
    began = time.monotonic()
    assert await guesses(attempts, "bakyt") == [None] * 5 + [CounterScope.PAIR]
    for number in range(4):
        await guesses(attempts, "bakyt", address=f"192.0.2.{number}")
    assert await guesses(attempts, "bakyt", address="192.0.2.77") == [CounterScope.ACCOUNT] * 6
    assert time.monotonic() - began < SOON
    await attempts.release(SignInAttempt("bakyt", ADDRESS))
    await attempts.claim(SignInAttempt("chynara", ADDRESS))
    valkey.resume() if is_frozen else valkey.start()
    redis = valkey_of(killable)

    async def is_counted_there() -> bool:
        with suppress(TooManyFailures):
            await attempts.claim(SignInAttempt("dinara", ADDRESS))
        return bool(await redis.exists(SignInAttempt("dinara", ADDRESS).keys[0]))

    await wait_for(is_counted_there)
    await redis.aclose()


def test_many_names_do_not_exceed_the_memory_for_counters() -> None:
    counters = Counters()
    for number in range(60_000):
        counters.claim([f"pair {number}"], [MOST[CounterScope.PAIR]])
    assert len(counters._counters) == 50_000


def test_invented_names_do_not_flush_a_lock() -> None:
    counters = Counters()
    for _ in range(5):
        assert counters.claim(["locked"], [5]) == (0, 0, 0)
    for number in range(60_000):
        counters.claim([f"pair {number}", f"account {number}"], [5, 25])
    assert counters.claim(["locked"], [5])[:2] == (1, 1)


def test_an_address_at_its_limit_adds_no_counter() -> None:
    counters = Counters()
    answers = [counters.claim([f"pair {number}", "address"], [5, 100])[0] for number in range(200)]
    assert answers == [0] * 100 + [2] * 100
    assert len(counters._counters) == 101


def test_ended_windows_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    counters, began = Counters(), time.monotonic()
    for _ in range(6):
        counters.claim(["ended lock"], [5])
    counters.claim(["ended", "renewed"], [5, 5])
    monkeypatch.setattr(time, "monotonic", lambda: began + WINDOW_S + 60)
    counters.claim(["renewed"], [5])
    for number in range(49_999):
        counters.claim([f"pair {number}"], [5])
    assert set(counters._counters) == {"renewed", *(f"pair {number}" for number in range(49_999))}


ADDRESS = "192.0.2.1"


async def guesses(attempts: Attempts, name: str, address: str = "198.51.100.1") -> list[CounterScope | None]:
    """Claims six attempts. Returns for each attempt None, or the scope of the counter that refused the attempt."""
    answers: list[CounterScope | None] = []
    for _ in range(6):
        try:
            await attempts.claim(SignInAttempt(name, address))
        except TooManyFailures as failure:
            answers.append(failure.scope)
        else:
            answers.append(None)
    return answers


def valkey_of(killable: Ground) -> Redis:
    return Redis.from_url(
        killable.components.redis_url, password=secret(killable.components.redis_password_file), socket_timeout=5
    )
