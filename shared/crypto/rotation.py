"""After a rotation, encrypts the stored rows again with the newest key.

The rows are encrypted in small batches while the service runs.
"""

import asyncio
from collections.abc import Awaitable, Callable

from shared import log
from shared.crypto import keyring
from shared.failures import retry_while_unavailable


async def keep_newest(what: str, renew: Callable[[], Awaitable[int]]) -> None:
    """Call `renew` every minute until cancelled.

    `renew` encrypts some rows with the newest key, and returns their number.
    """
    while True:
        if count := await retry_while_unavailable(renew):
            log.get().info("moved to the newest key", what=what, rows=count)
        await asyncio.sleep(keyring.FRESH_SECONDS)


__all__ = ["keep_newest"]
