"""The first administrator of a new installation."""

import os
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.console.config import ConsoleSettings
from services.console.queries import accounts as queries
from services.console.sign_in import accounts, passwords
from shared import log
from shared.auth.tokens import Role
from shared.crypto.seal import write_private

NAME = "administrator"
GIVEN = "DAYAR_ADMIN_PASSWORD"


def given_password() -> str | None:
    """Removes the password from the environment, which child processes inherit."""
    return os.environ.pop(GIVEN, None)


async def first_administrator(
    sessions: async_sessionmaker[AsyncSession], settings: ConsoleSettings, given: str | None
) -> None:
    """Creates the first administrator if no account exists. The first password is valid for an hour.

    Without a `given` password, a random password is written to a file.
    """
    async with sessions() as session:
        if not await queries.is_empty(session):
            return
    password = given or passwords.draw()
    password_hash = await passwords.hashed(password)
    async with sessions.begin() as session:
        await queries.lock_first(session)
        if not await queries.is_empty(session):
            return
        now = datetime.now(UTC)
        await queries.add(
            session,
            accounts.new(
                NAME,
                frozenset({Role.ADMINISTRATOR}),
                now,
                password_hash=password_hash,
                must_change=True,
                password_until=now + accounts.FIRST_PASSWORD,
            ),
        )
        if given is None:
            settings.admin_password_file.unlink(missing_ok=True)
            write_private(settings.admin_password_file, password.encode())
    log.get().info("first administrator created", account=NAME)
