"""Functions that wait for a condition. With these functions, no test sleeps for a fixed time."""

import asyncio
import contextlib
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

from deploy.local.process import pause_after

Result = TypeVar("Result")


@overload
async def wait_for(
    condition: Callable[[], Awaitable[Result | None]], timeout: float = 180, every: float = 0.02
) -> Result: ...
@overload
async def wait_for(condition: Callable[[], Result | None], timeout: float = 180, every: float = 0.02) -> Result: ...
async def wait_for(condition: Callable[[], Any], timeout: float = 180, every: float = 0.02) -> Any:
    """Returns the first true result of `condition`. If there is none within `timeout` seconds, the test fails."""
    began = time.monotonic()
    while True:
        answer = condition()
        result = await answer if inspect.isawaitable(answer) else answer
        if result:
            return result
        waited = time.monotonic() - began
        if waited > timeout:
            raise AssertionError(f"not so within {timeout} s: {inspect.getsource(condition).strip()}")
        await asyncio.sleep(pause_after(waited, every))


async def last(seconds: float, until: asyncio.Event | None = None) -> None:
    """Simulates slow work. Waits until the event `until` is set, but at most `seconds`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await (until or asyncio.Event()).wait()


async def let_turn(times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0)
