"""Creates the database, and for each service a login role and a schema that only this role may use."""

# raw SQL throughout: roles, rights and PostgreSQL's own tables have no models

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from sqlalchemy import create_mock_engine
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement

from deploy.provision import database_rights
from deploy.provision.database_rights import AUDIT_ROLE
from shared.audit import AUDIT
from shared.events.topics import SERVICES
from shared.postgres.schemas import EarlierBuild

# With the server's locale C, lower() does not change Cyrillic letters, so the account "Айбек" could not sign in as
# "айбек".
LOCALE = "ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"

# `database_rights` lists all rights of a service's role.
NO_POWERS = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"

# Finds the schemas that an earlier build made: they have no version mark.
UNMARKED = """
SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relname = 'installation' AND nspname = ANY($1::text[]) AND NOT EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'contract'
)
"""


@dataclass(frozen=True, slots=True)
class Server:
    """The login may create roles and databases."""

    url: str  # postgresql://admin@host:port/postgres
    password: str | None

    async def connect(self, database: str | None = None) -> "asyncpg.Connection[asyncpg.Record]":
        url = urlsplit(self.url)
        wanted = urlunsplit(url._replace(path=f"/{database}")) if database else self.url
        return await asyncpg.connect(wanted, password=self.password, timeout=30)

    def service_url(self, database: str, role_prefix: str) -> str:
        """Each service replaces `{service}` in the DATABASE_URL by its own name."""
        url = urlsplit(self.url)
        address = url.netloc.rpartition("@")[2]
        return urlunsplit(url._replace(netloc=f"{role_prefix}{{service}}@{address}", path=f"/{database}"))


async def create(server: Server, database: str, *, role_prefix: str, passwords: Mapping[str, str]) -> None:
    """Set the roles and their passwords. Missing databases and schemas are created. Idempotent. Raises EarlierBuild."""
    await hold_to_contract(server, database)
    await create_roles(server, role_prefix=role_prefix, passwords=passwords)
    connection = await server.connect()
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await connection.execute(f'CREATE DATABASE "{database}" TEMPLATE template0 {LOCALE}')
    finally:
        await connection.close()
    await _create_schemas(server, database, role_prefix)


async def hold_to_contract(server: Server, database: str) -> None:
    """Raise EarlierBuild if a schema has no version mark.

    Only the schema's service can read the version in the mark. The service checks the version when it runs `migrate`.
    """
    connection = await server.connect()
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            return
    finally:
        await connection.close()
    connection = await server.connect(database)
    try:
        if unmarked := await connection.fetchval(UNMARKED, SERVICES):
            raise EarlierBuild(unmarked)
    finally:
        await connection.close()


async def create_roles(server: Server, *, role_prefix: str, passwords: Mapping[str, str]) -> None:
    connection = await server.connect()
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", f"{role_prefix}{AUDIT_ROLE}"):
            await connection.execute(f'CREATE ROLE "{role_prefix}{AUDIT_ROLE}" NOLOGIN')
        for service in SERVICES:
            role = f"{role_prefix}{service}"
            known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
            # ALTER ROLE accepts no parameters, so the server quotes the password
            password = await connection.fetchval("SELECT quote_literal($1)", passwords[service])
            verb = "ALTER" if known else "CREATE"
            await connection.execute(f'{verb} ROLE "{role}" LOGIN {NO_POWERS} PASSWORD {password}')
    finally:
        await connection.close()


async def _create_schemas(server: Server, database: str, role_prefix: str) -> None:
    connection = await server.connect(database)
    try:
        await connection.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
        await connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        for service in SERVICES:
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {service}")
            # no service owns its schema: an owner could drop all tables, even the security log
            await connection.execute(f'ALTER SCHEMA {service} OWNER TO "{role_prefix}{AUDIT_ROLE}"')
            await _create_audit(connection, service, f"{role_prefix}{AUDIT_ROLE}")
        await database_rights.converge(connection, role_prefix=role_prefix)
    finally:
        await connection.close()


async def _create_audit(connection: "asyncpg.Connection[asyncpg.Record]", service: str, owner: str) -> None:
    """The role of the service does not own the security log, and so cannot change its rows."""
    async with connection.transaction():
        await connection.execute(f"SET LOCAL search_path = {service}")
        if not await connection.fetchval("SELECT to_regclass('audit')"):
            for statement in audit_statements():
                await connection.execute(statement)
        await connection.execute(f'ALTER TABLE audit OWNER TO "{owner}"')


def audit_statements() -> list[str]:
    engine = create_mock_engine("postgresql://", lambda *_: None)
    made: tuple[DDLElement, ...] = (CreateTable(AUDIT), *map(CreateIndex, AUDIT.indexes))
    return [str(statement.compile(dialect=engine.dialect)) for statement in made]


async def copy(server: Server, template: str, database: str, *, role_prefix: str) -> None:
    """No connection to the template may be open.

    PostgreSQL copies the files, because logging each page, the default, takes twice the time.
    """
    connection = await server.connect()
    try:
        await connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        # the copy lacks the rights of the template: by default, every role could connect to the copy
        await connection.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
        for service in SERVICES:
            await connection.execute(f'GRANT CONNECT, TEMPORARY ON DATABASE "{database}" TO "{role_prefix}{service}"')
    finally:
        await connection.close()


async def drop(server: Server, *databases: str) -> None:
    connection = await server.connect()
    try:
        for database in databases:
            await connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
    finally:
        await connection.close()


async def drop_roles(server: Server, *, role_prefix: str) -> None:
    connection = await server.connect()
    try:
        for name in (*SERVICES, AUDIT_ROLE):
            await connection.execute(f'DROP ROLE IF EXISTS "{role_prefix}{name}"')
    finally:
        await connection.close()
