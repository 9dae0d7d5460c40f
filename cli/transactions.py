"""Runs a command's transaction on the schema of one service."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from shared.config import Settings
from shared.postgres import database

T = TypeVar("T")


async def within(service: str, do: Callable[[AsyncSession], Awaitable[T]], settings: Settings | None = None) -> T:
    async with (
        database.opened((settings or Settings()).for_service(service)) as engine,
        database.sessions(engine).begin() as session,
    ):
        return await do(session)
