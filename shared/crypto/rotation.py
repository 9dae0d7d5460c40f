"""After a rotation: what older keys sealed or wrapped comes under the newest one, some rows at a time, while the service works."""

import asyncio
from collections.abc import Awaitable, Callable

from shared import log
from shared.crypto import keyring
from shared.failures import retry_while_unavailable


async def keep_newest(what: str, renew: Callable[[], Awaitable[int]]) -> None:
    """`renew` brings all there is under the newest key and returns how many rows that were. Until cancelled."""
    while True:
        if count := await retry_while_unavailable(renew):
            log.get().info("brought under the newest key", what=what, rows=count)
        await asyncio.sleep(keyring.FRESH_SECONDS)


__all__ = ["keep_newest"]
