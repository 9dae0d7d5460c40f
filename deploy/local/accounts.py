"""The first accounts of an installation: an administrator always, and in an exercise two operators and a field team."""

import os
from datetime import UTC, datetime
from unittest.mock import patch
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from deploy.local.stack import Stack
from services.console import accounts, passwords
from services.console.config import ConsoleSettings
from services.console.first import first_administrator
from services.console.queries import accounts as queries
from shared import database
from shared.auth import Role
from shared.seal import write_private

EXERCISE = {"operator-1": Role.OPERATOR, "operator-2": Role.OPERATOR, "field-1": Role.FIELD}


async def make(stack: Stack) -> None:
    """Where there is none yet."""
    with patch.dict(os.environ, stack.env(), clear=True):
        settings = ConsoleSettings().for_service("console")
    engine = database.engine(settings)
    try:
        if stack.options.admin_password:
            os.environ["DAYAR_ADMIN_PASSWORD"] = stack.options.admin_password  # read and removed there
        await first_administrator(database.sessions(engine), settings)
        if stack.exercise:
            await _make_exercise(stack, database.sessions(engine))
    finally:
        await engine.dispose()


async def _make_exercise(stack: Stack, sessions: async_sessionmaker[AsyncSession]) -> None:
    drawn: dict[str, str] = {}
    async with sessions.begin() as session:
        for name, role in EXERCISE.items():
            if await queries.named(session, name) is None:
                drawn[name] = passwords.draw()
                await queries.add(session, accounts.new(
                    name, frozenset({role}), datetime.now(UTC), team=uuid4() if role is Role.FIELD else None,
                    password_hash=await passwords.hashed(drawn[name]),
                ))  # fmt: skip
    if drawn:
        lines = [f"{name} {password}\n" for name, password in drawn.items()]
        write_private(stack.folders.state / "accounts", "".join(lines).encode())
