"""A process that hangs is silent.

A process is not silent if it is starting, if it is slow, or if it is rarely checked.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path

import pytest

from shared.liveness import beat, by_beat, over_http, silent


async def returned(answers: Callable[[], bool], *, within: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            await silent(answers, seconds=0.1, every=0.02)
            return True
    return False


@pytest.mark.parametrize(
    ("seen", "is_over"),
    [
        (chain([True], repeat(False)), True),
        (repeat(True), False),
        (repeat(False), False),  # the process has never answered, because it is starting
        (chain.from_iterable(repeat([True, False, False, False])), False),  # the process answers one of four checks
    ],
)
async def test_only_a_process_that_answered_before_counts_as_silent(seen: chain[bool], is_over: bool) -> None:
    assert await returned(lambda: next(seen), within=60 if is_over else 0.5) is is_over


async def test_the_heartbeat_of_a_running_event_loop_is_seen_and_that_of_a_blocked_one_is_not(tmp_path: Path) -> None:
    file = tmp_path / "beat"
    file.touch()  # the file of an earlier process
    answers = by_beat(file)
    assert not answers()
    beating = asyncio.create_task(beat(file, every=0.01))
    assert not await returned(answers, within=0.5)
    asyncio.get_running_loop().call_later(1, beating.cancel)
    assert await returned(answers, within=60)


def test_without_a_listener_there_is_no_answer() -> None:
    assert not over_http("127.0.0.1", 1, "localhost")()
