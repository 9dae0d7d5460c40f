"""A silent dependency makes calls time out.

After some timeouts, the circuit breaker refuses calls until a probe succeeds.
"""

import asyncio
import time
from contextlib import suppress

import pytest

from shared.circuits import FAILURES, Circuit, CircuitOpen
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


class Dependency:
    def __init__(self) -> None:
        self.is_frozen = False
        self.calls = 0

    async def answer(self) -> str:
        self.calls += 1
        if self.is_frozen:
            await asyncio.Event().wait()
        return "answer"


async def test_a_frozen_dependency_is_called_three_times_and_again_after_a_successful_probe() -> None:
    dependency = Dependency()
    circuit = Circuit("dependency", dependency.answer, failures=())
    dependency.is_frozen = True
    for _ in range(10):
        with pytest.raises(CircuitOpen):
            await circuit.call(dependency.answer)
    assert dependency.calls == FAILURES
    probing = asyncio.ensure_future(circuit.run())
    await wait_for(lambda: dependency.calls > FAILURES)
    assert circuit.is_open
    dependency.is_frozen = False
    await wait_for(lambda: not circuit.is_open)
    assert await circuit.call(dependency.answer) == "answer"
    probing.cancel()
    with suppress(asyncio.CancelledError):
        await probing


async def test_failures_that_are_not_in_a_row_do_not_open_the_circuit() -> None:
    dependency = Dependency()
    circuit = Circuit("dependency", dependency.answer, failures=())
    for is_frozen in (True, True, False) * 3:
        dependency.is_frozen = is_frozen
        with suppress(CircuitOpen):
            await circuit.call(dependency.answer)
    assert not circuit.is_open
    assert dependency.calls == 9


async def test_a_busy_event_loop_is_not_a_slow_dependency() -> None:
    async def answer() -> str:
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            pass  # this busy loop blocks the event loop
        await asyncio.sleep(0)
        return "answer"

    assert await Circuit("dependency", answer, failures=()).call(answer) == "answer"
