"""Creates the first accounts: an administrator, and for an exercise two operators and a field team."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from deploy.provision.secrets import keep
from services.console.config import ConsoleSettings
from services.console.queries import accounts as queries
from services.console.sign_in import accounts, passwords
from services.console.sign_in.bootstrap import first_administrator, given_password
from shared.auth.tokens import Role
from shared.postgres import database

EXERCISE = {"operator-1": Role.OPERATOR, "operator-2": Role.OPERATOR, "field-1": Role.FIELD}


async def make(settings: ConsoleSettings, state: Path) -> None:
    """An exercise's passwords are written into a file in the folder `state`."""
    async with database.opened(settings) as engine:
        await first_administrator(database.sessions(engine), settings, given_password())
        if settings.exercise:
            await _make_exercise(database.sessions(engine), state / "accounts")


async def _make_exercise(sessions: async_sessionmaker[AsyncSession], file: Path) -> None:
    async with sessions() as session:
        missing = [name for name in EXERCISE if await queries.named(session, name) is None]
    if not missing:
        return
    # The passwords are written before the accounts are made: after an interruption, the file has every account's
    # password.
    keep(file, "".join(f"{name} {passwords.draw()}\n" for name in missing).encode())
    for name, password in map(str.split, file.read_text(encoding="utf-8").splitlines()):
        if name in missing:
            await _make(sessions, name, password)


async def _make(sessions: async_sessionmaker[AsyncSession], name: str, password: str) -> None:
    role = EXERCISE[name]
    # passwords are hashed before the transaction, because hashing is slow
    password_hash = await passwords.hashed(password)
    async with sessions.begin() as session:
        await queries.add(
            session,
            accounts.new(
                name,
                frozenset({role}),
                datetime.now(UTC),
                team=uuid4() if role is Role.FIELD else None,
                password_hash=password_hash,
            ),
        )
