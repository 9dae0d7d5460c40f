"""What a web process knows of revoked credentials, on a real broker that refuses it for a while."""

from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
from confluent_kafka.admin import AclBindingFilter, AclOperation, AclPermissionType, ResourcePatternType, ResourceType

from deploy.provision import topics
from shared.auth import Role
from shared.config import Settings
from shared.events import CredentialKind, CredentialRevoked, derived_id, message
from shared.publisher import Publisher
from tests.installation import Installation
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


async def test_a_broker_that_refused_for_a_while_is_read_on(installation: Installation) -> None:
    account = uuid4()
    token = installation.token(roles=[Role.REGISTRAR], account=account)
    process = installation.start("registry", "web", env={"PORT": str(installation.port)})
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{installation.port}", trust_env=False) as anybody:

        async def answered(path: str) -> int:
            try:
                return (await anybody.get(path, headers={"authorization": f"Bearer {token}"})).status_code
            except httpx.TransportError:
                return 0

        async def is_ready() -> bool:
            return await answered("/ready") == 200

        async def is_turned_away() -> bool:
            return await answered("/v1/households") == 401

        await wait_for(is_ready, 30)
        refuse_access(installation, "registry")
        await wait_for(lambda: "revocations are read again" in process.log.read_text(encoding="utf-8"), 30)
        await revoke(installation, CredentialRevoked(
            credential_id=account, kind=CredentialKind.ACCOUNT, revoked_at=datetime.now(UTC),
        ))  # fmt: skip
        assert not await is_turned_away()
        topics.create(
            installation.parts.broker, installation.settings(Settings), logins=installation.ground.kafka_logins
        )
        await wait_for(is_turned_away, 30)
    assert process.is_running


def refuse_access(installation: Installation, service: str) -> None:
    right = AclBindingFilter(
        ResourceType.TOPIC, f"{installation.topic_prefix}{CredentialRevoked.topic}", ResourcePatternType.LITERAL,
        f"User:{installation.ground.kafka_logins[service]}", "*", AclOperation.READ, AclPermissionType.ALLOW,
    )  # fmt: skip
    admin = installation.parts.broker.admin()
    for gone in admin.delete_acls([right], request_timeout=30).values():
        assert gone.result(30)


async def revoke(installation: Installation, revoked: CredentialRevoked) -> None:
    async with Publisher(installation.settings(Settings, "console")) as publisher:
        told = message(revoked, id=derived_id("trial", revoked.key), source="/console", time=revoked.revoked_at)
        await publisher.publish(told, timeout=30)
