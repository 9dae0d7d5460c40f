"""A real broker refuses the connections of a web process. Tests which revoked credentials this process knows."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from confluent_kafka.admin import AclBindingFilter, AclOperation, AclPermissionType, ResourcePatternType, ResourceType

from deploy.local.process import Process
from deploy.provision import topics
from shared.auth import revocation_snapshots
from shared.auth.tokens import Role
from shared.config import Settings
from shared.events import CredentialKind, CredentialRevoked, derived_id, message
from tests.installation import Installation
from tests.publishing import publishing
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


async def test_revocations_are_read_on_after_a_broker_refused_for_a_while(installation: Installation) -> None:
    account = uuid4()
    token = installation.token(roles=[Role.REGISTRAR], account=account)
    process = installation.start("registry", "web", env={"PORT": str(installation.port)})
    url = f"http://127.0.0.1:{installation.port}"
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as anybody:

        async def answered(path: str) -> int:
            try:
                return (await anybody.get(path, headers={"authorization": f"Bearer {token}"})).status_code
            except httpx.TransportError:
                return 0

        async def is_ready() -> bool:
            return await answered("/ready") == 200

        async def is_turned_away() -> bool:
            return await answered("/v1/households") == 401

        await wait_for(is_ready)
        refuse_access(installation, "registry")
        await wait_for(lambda: "log is read again" in process.log.read_text(encoding="utf-8"))
        await revoke(
            installation,
            CredentialRevoked(
                credential_id=account,
                kind=CredentialKind.ACCOUNT,
                revoked_at=datetime.now(UTC),
            ),
        )
        assert not await is_turned_away()
        topics.create(
            installation.components.broker, installation.settings(Settings), logins=installation.ground.kafka_logins
        )
        await wait_for(is_turned_away)
    assert process.is_running


def refuse_access(installation: Installation, service: str) -> None:
    right = AclBindingFilter(
        ResourceType.TOPIC,
        f"{installation.topic_prefix}{CredentialRevoked.topic}",
        ResourcePatternType.LITERAL,
        f"User:{installation.ground.kafka_logins[service]}",
        "*",
        AclOperation.READ,
        AclPermissionType.ALLOW,
    )
    admin = installation.components.broker.admin()
    for gone in admin.delete_acls([right], request_timeout=30).values():
        assert gone.result(30)


async def revoke(installation: Installation, revoked: CredentialRevoked) -> None:
    async with publishing(installation.settings(Settings, "console")) as publisher:
        record = message(revoked, id=derived_id("trial", revoked.key), source="/console", time=revoked.revoked_at)
        await publisher.publish(record, timeout=30)


REVOKED, OTHER = uuid4(), uuid4()
BANNER = "No connection to the message broker"


class Reader:
    def __init__(self, installation: Installation, http: httpx.AsyncClient) -> None:
        self.installation, self.http = installation, http
        self.snapshot = revocation_snapshots.file_of(installation.settings(Settings, "registry"))
        self.process = self.start()

    def start(self) -> Process:
        return self.installation.start("registry", "web", env={"PORT": str(self.installation.port)})

    async def get(self, account: UUID, path: str = "/v1/households") -> httpx.Response:
        token = self.installation.token(roles=[Role.REGISTRAR], account=account)
        return await self.http.get(path, headers={"authorization": f"Bearer {token}", "accept-language": "en"})

    async def answers(self, account: UUID, status: int) -> bool:
        try:
            return (await self.get(account)).status_code == status
        except httpx.TransportError:
            return False


@pytest.fixture
async def reader(killable_installation: Installation) -> AsyncIterator[Reader]:
    url = f"http://127.0.0.1:{killable_installation.port}"
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
        made = Reader(killable_installation, http)
        await wait_for(lambda: made.answers(OTHER, 200), 60)
        yield made


async def start_without_broker(reader: Reader) -> None:
    reader.process.stop()
    reader.installation.components.kafka.freeze()
    reader.process = reader.start()


async def test_without_a_snapshot_reads_are_refused_until_the_topic_is_read(reader: Reader) -> None:
    await wait_for(reader.snapshot.exists)
    reader.process.stop()
    reader.snapshot.unlink()
    await start_without_broker(reader)
    await wait_for(lambda: reader.answers(OTHER, 503), 60)
    assert (await reader.get(OTHER)).json()["type"] == "urn:dayar:problem:access-unknown"
    page = await reader.http.get("/figures", headers={**bearer(reader), "accept": "text/html"})
    assert page.status_code == 503
    reader.installation.components.kafka.resume()
    await wait_for(lambda: reader.answers(OTHER, 200), 60)


async def test_a_snapshot_of_today_is_used_with_a_banner_and_contains_the_revocations(reader: Reader) -> None:
    await revoke(
        reader.installation,
        CredentialRevoked(
            credential_id=REVOKED,
            kind=CredentialKind.ACCOUNT,
            revoked_at=datetime.now(UTC),
        ),
    )
    await wait_for(lambda: reader.answers(REVOKED, 401))
    await wait_for(lambda: str(REVOKED) in reader.snapshot.read_text())
    assert BANNER not in (await reader.get(OTHER, "/figures")).text
    await start_without_broker(reader)
    await wait_for(lambda: reader.answers(OTHER, 200), 60)
    assert (await reader.get(REVOKED)).status_code == 401
    assert BANNER in (await reader.get(OTHER, "/figures")).text
    reader.installation.components.kafka.resume()

    async def is_whole() -> bool:
        return BANNER not in (await reader.get(OTHER, "/figures")).text

    await wait_for(is_whole, 60)
    assert (await reader.get(REVOKED)).status_code == 401


@pytest.mark.parametrize("content", ["yesterday", "torn"])
async def test_a_snapshot_of_yesterday_or_a_damaged_one_is_ignored(reader: Reader, content: str) -> None:
    await wait_for(reader.snapshot.exists)
    reader.process.stop()
    yesterday = datetime.now(UTC) - timedelta(hours=24)
    reader.snapshot.write_text(f'{{"read_at":"{yesterday.isoformat()}"}}' if content == "yesterday" else '{"read_at"')
    await start_without_broker(reader)
    await wait_for(lambda: reader.answers(OTHER, 503), 60)
    reader.installation.components.kafka.resume()
    await wait_for(lambda: reader.answers(OTHER, 200), 60)


def bearer(reader: Reader) -> dict[str, str]:
    return {"authorization": f"Bearer {reader.installation.token(roles=[Role.REGISTRAR], account=OTHER)}"}


async def test_a_phone_with_an_accounts_id_replaces_nothing_of_the_account() -> None:
    """A compacted topic keeps only the last record of each key.

    A phone and an account may have one id. Records of phones and of accounts must therefore have different keys.
    """
    id, now = uuid4(), datetime.now(UTC)
    keys = {CredentialRevoked(credential_id=id, kind=kind, revoked_at=now).key for kind in CredentialKind}
    assert len(keys) == len(CredentialKind)
