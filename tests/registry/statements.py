"""Repeats reads that exceed a statement's time limit."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from shared.failures import is_too_slow

T = TypeVar("T")


async def again_if_busy(read: Callable[[], Awaitable[T]]) -> T:
    """Repeats a read that was too slow, because the machine may have been busy."""
    for _ in range(3):
        try:
            return await read()
        except DBAPIError as error:
            if not is_too_slow(error):
                raise
    return await read()
