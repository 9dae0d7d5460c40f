"""The first accounts of an installation: an administrator always, and in an exercise two operators and a field team."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.console import accounts, passwords
from services.console.config import ConsoleSettings
from services.console.first import first_administrator
from services.console.queries import accounts as queries
from shared import database
from shared.auth import Role
from shared.seal import write_private

EXERCISE = {"operator-1": Role.OPERATOR, "operator-2": Role.OPERATOR, "field-1": Role.FIELD}


async def make(settings: ConsoleSettings, state: Path) -> None:
    """Where there is none yet; the exercise's passwords are left in `state`."""
    engine = database.engine(settings)
    try:
        await first_administrator(database.sessions(engine), settings)
        if settings.exercise:
            await _make_exercise(database.sessions(engine), state / "accounts")
    finally:
        await engine.dispose()


async def _make_exercise(sessions: async_sessionmaker[AsyncSession], file: Path) -> None:
    drawn: dict[str, str] = {}
    for name, role in EXERCISE.items():
        password = passwords.draw()
        password_hash = await passwords.hashed(password)  # no transaction stands open meanwhile
        async with sessions.begin() as session:
            if await queries.named(session, name) is None:
                drawn[name] = password
                await queries.add(session, accounts.new(
                    name, frozenset({role}), datetime.now(UTC), team=uuid4() if role is Role.FIELD else None,
                    password_hash=password_hash,
                ))  # fmt: skip
    if drawn:
        lines = [f"{name} {password}\n" for name, password in drawn.items()]
        write_private(file, "".join(lines).encode())
