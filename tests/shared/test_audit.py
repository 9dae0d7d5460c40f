"""A service can add entries to the security log, but cannot change an entry. Only an auditor can read the entries."""

from collections.abc import AsyncIterator
from dataclasses import replace
from importlib import import_module
from uuid import uuid4

import asyncpg
import httpx
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from deploy.provision import database_rights
from deploy.provision.database_rights import Right
from shared import audit
from shared.audit import Action, Entry, Result
from shared.auth.tokens import Role
from shared.config import Settings, secret
from shared.events.topics import SERVICES
from shared.postgres import database
from shared.web.audit_routes import Wanted, entries
from tests.clients import PLAIN
from tests.installation import Installation, Web
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

ENTRY = Entry(action=Action.SIGNED_IN, account=uuid4(), token=uuid4(), address="192.0.2.1", objects=[uuid4()])


@pytest.fixture
def settings(tables: Installation) -> Settings:
    return tables.settings(Settings, "alerts")


@pytest.fixture
async def engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """Each test has its own database, and therefore its own engine."""
    async with database.opened(settings) as made:
        yield made


async def test_an_act_and_its_entry_are_stored_together_or_not_at_all(engine: AsyncEngine) -> None:
    sessions = database.sessions(engine)
    async with sessions() as session:
        await audit.add(session, ENTRY)
        await session.rollback()
    refused = replace(ENTRY, result=Result.REFUSED, reason="wrong-password")
    await audit.write(sessions, refused)
    async with sessions() as session:
        [entry] = await entries(session, Wanted())
    assert (entry.action, entry.result, entry.reason) == ("signed_in", "refused", "wrong-password")
    assert (entry.account, entry.token, entry.address) == (ENTRY.account, ENTRY.token, "192.0.2.1")
    assert list(entry.objects) == list(ENTRY.objects)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_can_only_add_and_read_entries(tables: Installation, service: str) -> None:
    settings = tables.settings(Settings, service)
    connection = await asyncpg.connect(settings.database_url, password=secret(settings.database_password_file))
    try:
        await connection.execute(f"SET search_path = {service}")
        await connection.execute("INSERT INTO audit (action, result) VALUES ('read', 'done')")
        for statement in (
            "UPDATE audit SET account = NULL",
            "DELETE FROM audit",
            "TRUNCATE audit",
            "DROP TABLE audit",
            "ALTER TABLE audit DROP COLUMN account",
            f"DROP SCHEMA {service} CASCADE",
            "ALTER TABLE audit RENAME TO old",
            "ALTER TABLE audit DISABLE TRIGGER ALL",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        assert await connection.fetchval("SELECT count(*) FROM audit") == 1
    finally:
        await connection.close()
    owner = await connection_owner(tables, service)
    assert owner == f"{tables.ground.role_prefix}audit"


async def test_rights_that_a_service_no_longer_needs_are_withdrawn(tables: Installation) -> None:
    """The administrators created a role for an archive. The role of the archive must keep its right."""
    server, prefix = tables.components.server, tables.ground.role_prefix
    archive = f"{tables.database}_archive"
    connection = await server.connect(tables.database)
    try:
        await connection.execute(f"""
            CREATE ROLE "{archive}"; GRANT SELECT ON registry.members TO "{archive}";
            GRANT SELECT, UPDATE ON registry.members, registry.audit TO "{prefix}console";
            GRANT USAGE ON SCHEMA registry TO "{prefix}console"; GRANT UPDATE ON intake.audit TO "{prefix}intake";
            GRANT CREATE ON DATABASE "{tables.database}" TO "{prefix}console";
            GRANT "{prefix}registry" TO "{prefix}console";
            REVOKE CREATE ON SCHEMA alerts FROM "{prefix}alerts";
            GRANT USAGE ON SCHEMA registry TO PUBLIC; GRANT SELECT ON registry.households TO PUBLIC;
            GRANT SELECT (household_id) ON registry.members TO "{prefix}alerts";
            GRANT EXECUTE ON FUNCTION registry.total_figures_by_insert() TO "{prefix}alerts"
        """)
        kept = f"SELECT has_table_privilege('{archive}', 'registry.members', 'SELECT')"
        withdrawn = f"""
            SELECT has_any_column_privilege('{prefix}alerts', 'registry.members', 'SELECT'),
                has_table_privilege('{prefix}alerts', 'registry.households', 'SELECT'),
                has_schema_privilege('{prefix}alerts', 'registry', 'USAGE'),
                has_function_privilege('{prefix}alerts', 'registry.total_figures_by_insert()', 'EXECUTE')
        """
        assert all((await connection.fetch(withdrawn))[0])
        await database_rights.converge(connection, role_prefix=prefix)
        roles = [f"{prefix}{service}" for service in SERVICES]
        given = {Right(*row) for row in await connection.fetch(database_rights.GIVEN, SERVICES, roles)}
        assert given == set(database_rights.rights_of(prefix, tables.database))
        assert await connection.fetchval(kept) and not any((await connection.fetch(withdrawn))[0])
        assert not await connection.fetchval("SELECT pg_has_role($1, $2, 'MEMBER')", roles[-1], f"{prefix}registry")
    finally:
        await connection.execute(f'DROP OWNED BY "{archive}"; DROP ROLE "{archive}"')
        await connection.close()


async def connection_owner(tables: Installation, service: str) -> str:
    connection = await tables.components.server.connect(tables.database)
    try:
        query = "SELECT tableowner FROM pg_tables WHERE schemaname = $1 AND tablename = 'audit'"
        return str(await connection.fetchval(query, service))
    finally:
        await connection.close()


async def test_without_postgresql_a_refusal_is_still_answered(tables: Installation) -> None:
    away = tables.settings(Settings, "alerts").model_copy(update={"database_url": "postgresql://127.0.0.1:1/none"})
    engine = database.engine(away)
    await audit.write(database.sessions(engine), ENTRY)
    await engine.dispose()


def client(web: Web, installation: Installation, role: Role, **claims: object) -> httpx.AsyncClient:
    token = installation.token(roles=[role], **claims)
    headers = {"authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=web.base_url, headers=headers, verify=PLAIN, trust_env=False, timeout=60)


PATHS = {
    "intake": "/intake/v1/audit",
    "registry": "/registry/v1/audit",
    "alerts": "/alerts/v1/audit",
    "console": "/console/v1/audit",
}


@pytest.mark.parametrize("path", PATHS.values())
@pytest.mark.parametrize("role", Role)
async def test_only_an_auditor_reads_the_log(
    web: Web, shared_installation: Installation, path: str, role: Role
) -> None:
    async with client(web, shared_installation, role) as http:
        await wait_for(lambda: is_ready(http), 60)
        assert (await http.get(path)).status_code == (200 if role is Role.AUDITOR else 403)


async def is_ready(http: httpx.AsyncClient) -> bool:
    return all([(await http.get(f"{prefix}/ready")).status_code == 200 for prefix in ("", "/intake", "/registry")])


async def test_a_refusal_is_found_with_account_request_and_reason(web: Web, shared_installation: Installation) -> None:
    account = uuid4()
    async with client(web, shared_installation, Role.VIEWER, account=account) as viewer:
        await wait_for(lambda: is_ready(viewer), 60)
        assert (await viewer.get("/registry/v1/households")).status_code == 403
    async with client(web, shared_installation, Role.REGISTRAR, account=account) as registrar:
        missing = uuid4()
        assert (await registrar.get(f"/registry/v1/households/{missing}")).status_code == 404
        assert (await registrar.get("/registry/v1/households")).status_code == 200
        assert (await registrar.get("/registry/v1/statistics/stock?format=csv")).status_code == 200
    async with client(web, shared_installation, Role.AUDITOR) as auditor:
        listed = (await auditor.get("/registry/v1/audit", params={"account": str(account)})).json()["entries"]
        acts = [(each["action"], each["result"], each["subject"], each["reason"]) for each in listed]
        assert acts == [
            ("exported", "done", "GET /registry/v1/statistics/stock", None),
            ("read", "done", "GET /registry/v1/households", None),
            ("read", "refused", "GET /registry/v1/households/{household_id}", "not-found"),
            ("requested", "refused", "GET /registry/v1/households", "forbidden"),
        ]
        assert listed[2]["objects"] == [str(missing)]
        assert {each["address"] for each in listed} == {"127.0.0.1"}
        page = (await auditor.get("/registry/v1/audit", params={"account": str(account), "limit": 3})).json()
        rest = await auditor.get("/registry/v1/audit", params={"account": str(account), "before": page["next"]})
        assert page["entries"] + rest.json()["entries"] == listed


async def test_earlier_read_entries_are_migrated(tables: Installation) -> None:
    """Earlier releases stored entries about reads in tables of their own. The migration moves these entries."""
    settings, account, household = tables.settings(Settings, "registry"), uuid4(), uuid4()
    engine = database.engine(settings)
    async with engine.begin() as connection:
        values = {"account": account, "household": household}
        await connection.execute(
            text(
                "INSERT INTO reads (account, what, household_ids) "
                "VALUES (:account, 'history', ARRAY[CAST(:household AS uuid)])"
            ),
            values,
        )
        await connection.run_sync(again, "services.registry.migrations.0003_audit")
    async with database.sessions(engine)() as session:
        [entry] = await entries(session, Wanted(account=account))
    await engine.dispose()
    assert (entry.action, entry.subject, entry.objects) == ("read", "history", (household,))


def again(connection: Connection, migration: str) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        import_module(migration).upgrade()


async def test_the_processs_log_has_only_the_code_of_a_stated_purpose(engine: AsyncEngine) -> None:
    stated = replace(ENTRY, account=uuid4(), reason="assistance: the words of a person")
    sessions = database.sessions(engine)
    with capture_logs() as logged:
        await audit.write(sessions, stated)
    assert [each["reason"] for each in logged] == ["assistance"]
    async with sessions() as session:
        [entry] = await entries(session, Wanted(account=stated.account))
    assert entry.reason == stated.reason
