"""Each embedded server refuses two kinds of clients: without a password, and with another service's password."""

import asyncpg
import pytest
import redis
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from shared.config import Settings
from shared.messaging import kafka
from tests.installation import Installation


@pytest.fixture
def closed(shared_installation: Installation) -> Installation:
    """The installation. The test is skipped if an external Kafka admits clients without a login."""
    if not shared_installation.components.broker.is_closed:
        pytest.skip("the given Kafka is open")
    return shared_installation


async def test_postgres_refuses_a_wrong_password(shared_installation: Installation) -> None:
    settings = shared_installation.settings(Settings, "registry")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(settings.database_url, password="wrong")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(settings.database_url.replace("registry", "intake"), password="")


async def test_a_service_reaches_only_its_own_schema(shared_installation: Installation) -> None:
    settings = shared_installation.settings(Settings, "registry")
    password = (shared_installation.secrets / "database-registry").read_text()
    connection = await asyncpg.connect(settings.database_url, password=password)
    await connection.execute("CREATE TABLE registry.probe (id int)")
    for statement in ("CREATE TABLE alerts.probe (id int)", "CREATE TABLE public.probe (id int)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


def test_valkey_refuses_without_a_password(shared_installation: Installation) -> None:
    with pytest.raises(redis.AuthenticationError), redis.Redis.from_url(shared_installation.redis_url) as client:
        client.ping()


async def test_kafka_refuses_without_credentials(closed: Installation) -> None:
    for options in (
        {},
        {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-256",
            "sasl_plain_username": "admin",
            "sasl_plain_password": "wrong",
        },
    ):
        producer = AIOKafkaProducer(
            bootstrap_servers=closed.components.broker.bootstrap, request_timeout_ms=1000, **options
        )
        with pytest.raises(KafkaError):
            await producer.start()
        await producer.stop()


async def test_kafka_lets_a_service_write_only_its_own_topics(closed: Installation) -> None:
    settings = closed.settings(Settings, "registry")
    async with AIOKafkaProducer(**kafka.options(settings), enable_idempotence=True, acks="all") as producer:
        await producer.send_and_wait(f"{settings.topic_prefix}households", b"{}", key=b"1")
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(f"{settings.topic_prefix}hazards", b"{}", key=b"1")
