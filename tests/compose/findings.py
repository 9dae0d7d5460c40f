"""Prints each fulfilled promise, and ends the check at the first broken promise."""

from collections.abc import Callable
from typing import Any

from deploy.local.process import wait_until
from tests.compose.project import Failed

SECONDS = 180  # enough even on a busy machine


def wait(is_so: Callable[[], bool], what: str) -> None:
    if not wait_until(is_so, timeout=SECONDS, every=0.2):
        raise Failed(what)
    say(what)


def same(what: str, expected: Any, actual: Any) -> None:
    if expected != actual:
        raise Failed(f"{what}: {expected} was expected, {actual} was found")
    say(what)


def holds(what: str, is_so: Any) -> None:
    if not is_so:
        raise Failed(what)
    say(what)


def say(what: str) -> None:
    print(f"  {what}", flush=True)
