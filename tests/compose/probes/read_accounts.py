"""Reads households with the registry's login, and then tries to read the console's accounts.

Prints the login and PostgreSQL's refusal.
"""

import asyncio

import asyncpg

from shared.config import Settings, secret


async def main() -> None:
    settings = Settings().for_service("registry")
    connection = await asyncpg.connect(settings.database_url, password=secret(settings.database_password_file))
    print(await connection.fetchval("SELECT current_user"))
    await connection.fetch("SELECT 1 FROM registry.households")
    try:
        await connection.fetch("SELECT 1 FROM console.accounts")
    except asyncpg.InsufficientPrivilegeError:
        print("refused")


if __name__ == "__main__":
    asyncio.run(main())
