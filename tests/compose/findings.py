"""The output of the check: each promise that holds, and the first one that does not."""

import time
from collections.abc import Callable
from typing import Any

from tests.compose.project import Failed

SECONDS = 180  # the wait is long enough for a busy machine


def wait(is_so: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        if time.monotonic() > end:
            raise Failed(what)
        time.sleep(0.2)
    say(what)


def same(what: str, wanted: Any, found: Any) -> None:
    if wanted != found:
        raise Failed(f"{what}: {wanted} was expected, {found} was found")
    say(what)


def holds(what: str, is_so: Any) -> None:
    if not is_so:
        raise Failed(what)
    say(what)


def say(what: str) -> None:
    print(f"  {what}", flush=True)
