"""Publishes records with a service's login, as the service does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.config import Settings
from shared.messaging.publisher import Publisher


@asynccontextmanager
async def publishing(settings: Settings) -> AsyncIterator[Publisher]:
    """A publisher that has reached the broker.

    `Publisher` itself waits for the broker only one second, which is too short on a busy machine.
    """
    async with Publisher(settings) as publisher:
        await publisher.flush()  # `flush` returns once the broker has applied the new login's rights
        yield publisher
