"""Publishes records with the login of a service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.config import Settings
from shared.messaging.publisher import Publisher


@asynccontextmanager
async def publishing(settings: Settings) -> AsyncIterator[Publisher]:
    """Yields a publisher that has reached the broker.

    On a busy machine, the publisher's own limit of one second is too short.
    """
    async with Publisher(settings) as publisher:
        await publisher.flush()  # `flush` returns when the broker has applied the rights of the new login
        yield publisher
