"""Gives the roles of the services the rights that they need in PostgreSQL, and withdraws all their other rights.

This module changes only memberships in our roles, rights on our database, and rights on our schemas and their
contents. Rights of PUBLIC are withdrawn too, because our roles also have them. Rights on other objects are kept,
because the administrators of the server gave these rights.
"""

# raw SQL throughout: roles, rights and PostgreSQL's own tables have no models

from collections.abc import Iterator
from typing import NamedTuple

import asyncpg

from shared.events.topics import SERVICES

AUDIT_ROLE = "audit"  # this role owns the schemas and their tables `audit`, but has no login

# Rights of an owner are left out, because they are part of the ownership. A right on a column names the column after
# the privilege, as in `SELECT (email)`. The role 0 is PUBLIC. By default, PUBLIC may execute each function of a schema
# that PUBLIC may use. PostgreSQL stores this right only after a grant or revoke on the function, so only then the query
# finds it.
GIVEN = """
SELECT kind, object, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE format('"%s"', rolname) END AS role,
    privilege_type || columns AS privilege
FROM (
    SELECT 'DATABASE' AS kind, quote_ident(datname) AS object, '' AS columns, datdba AS owner, datacl AS rights
    FROM pg_database WHERE datname = current_database()
    UNION ALL
    SELECT 'SCHEMA', quote_ident(nspname), '', nspowner, nspacl FROM pg_namespace WHERE nspname = ANY($1)
    UNION ALL
    SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, format('%I.%I', nspname, relname), '', relowner,
        relacl
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = ANY($1)
    UNION ALL
    SELECT 'TABLE', format('%I.%I', nspname, relname), format(' (%I)', attname), relowner, attacl
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = ANY($1) AND NOT attisdropped
    UNION ALL
    SELECT 'ROUTINE', format('%I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(pg_proc.oid)), '',
        proowner, proacl
    FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace WHERE nspname = ANY($1)
) AS objects CROSS JOIN aclexplode(rights) LEFT JOIN pg_roles ON pg_roles.oid = grantee
WHERE (grantee = 0 OR rolname = ANY($2)) AND grantee <> owner
"""
MEMBERSHIPS = """
SELECT of_role.rolname, member.rolname, grantor.rolname
FROM pg_auth_members JOIN pg_roles AS of_role ON of_role.oid = roleid
JOIN pg_roles AS member ON member.oid = pg_auth_members.member
JOIN pg_roles AS grantor ON grantor.oid = pg_auth_members.grantor
WHERE of_role.rolname = ANY($1) AND member.rolname = ANY($2)
"""


class Right(NamedTuple):
    """`object` and `role` are quoted as in SQL."""

    kind: str
    object: str
    role: str
    privilege: str


def rights_of(role_prefix: str, database: str) -> Iterator[Right]:
    """The service's role owns its tables, except `audit`."""
    for service in SERVICES:
        needed = {
            ("DATABASE", database): ("CONNECT", "TEMPORARY"),
            ("SCHEMA", service): ("USAGE", "CREATE"),
            ("TABLE", f"{service}.audit"): ("INSERT", "SELECT"),
        }
        for (kind, name), privileges in needed.items():
            yield from (Right(kind, name, f'"{role_prefix}{service}"', privilege) for privilege in privileges)


async def converge(connection: "asyncpg.Connection[asyncpg.Record]", *, role_prefix: str) -> None:
    """Give the services' roles their missing rights on the connection's database, and withdraw all others.

    Idempotent.
    """
    logins = [f"{role_prefix}{service}" for service in SERVICES]
    async with connection.transaction():
        given = {Right(*row) for row in await connection.fetch(GIVEN, SERVICES, logins)}
        needed = set(rights_of(role_prefix, await connection.fetchval("SELECT quote_ident(current_database())")))
        for kind, name, role, privilege in sorted(given - needed):
            await connection.execute(f"REVOKE {privilege} ON {kind} {name} FROM {role}")
        for kind, name, role, privilege in sorted(needed - given):
            await connection.execute(f"GRANT {privilege} ON {kind} {name} TO {role}")
        for role, member, grantor in await connection.fetch(
            MEMBERSHIPS, [*logins, f"{role_prefix}{AUDIT_ROLE}"], logins
        ):
            await connection.execute(f'REVOKE "{role}" FROM "{member}" GRANTED BY "{grantor}"')
