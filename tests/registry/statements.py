"""Reads whose statements have a time limit."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from shared.failures import is_too_slow

T = TypeVar("T")


async def again_if_busy(read: Callable[[], Awaitable[T]]) -> T:
    """Reads again if a statement took too long, because the machine may have been busy."""
    for _ in range(3):
        try:
            return await read()
        except DBAPIError as error:
            if not is_too_slow(error):
                raise
    return await read()
