"""The rights of a service, tried from within its own container."""

from tests.compose.findings import holds, same
from tests.compose.project import SERVICES, Project


def kafka_knows_who_writes_what(project: Project) -> None:
    """With its own login the registry may write households, but not hazards, which are intake's."""
    probe = """
import asyncio, sys
from aiokafka import AIOKafkaProducer
from aiokafka.errors import TopicAuthorizationFailedError
from shared import kafka
from shared.config import Settings
async def main():
    settings = Settings().for_service("registry")
    async with AIOKafkaProducer(**kafka.options(settings)) as producer:
        await producer.partitions_for("dayar.households")
        try:
            await producer.send_and_wait("dayar.hazards", b"{}")
        except TopicAuthorizationFailedError:
            print("refused")
asyncio.run(main())
"""
    same("the registry may not write hazards", "refused", project.python("registry", probe).strip())


def postgres_knows_who_reads_what(project: Project) -> None:
    """With its own login the registry reads households, but not accounts, which are the console's."""
    probe = """
import asyncio, os, asyncpg
from shared.config import Settings, secret
async def main():
    settings = Settings().for_service("registry")
    connection = await asyncpg.connect(settings.database_url, password=secret(settings.database_password_file))
    print(await connection.fetchval("SELECT current_user"))
    await connection.fetch("SELECT 1 FROM registry.households")
    try:
        await connection.fetch("SELECT 1 FROM console.accounts")
    except asyncpg.InsufficientPrivilegeError:
        print("refused")
asyncio.run(main())
"""
    said = project.python("registry", probe).split()
    same("the registry may not read accounts", ["dayar_registry", "refused"], said)


def prometheus_reads_the_figures(project: Project) -> None:
    probe = """
import sys, urllib.request
for service in sys.argv[1:]:
    print(urllib.request.urlopen(f"http://{service}:8080/metrics", timeout=10).read().decode())
"""
    said = project.python("console", probe, *SERVICES)
    holds("each service has its figures within", said.count("# HELP http_requests_total") == len(SERVICES))


def an_address_is_the_gateways_to_tell(project: Project) -> None:
    """Five sign-ins to an account may fail from one address.

    A client inside cannot evade this with a forged address.
    """
    probe = """
import json, sys, urllib.error, urllib.request
for number in range(6):
    device = "00000000-0000-4000-8000-000000000000"
    body = json.dumps({"name": f"nobody-{sys.argv[1]}", "password": "x", "device": device})
    headers = {"content-type": "application/json", "x-forwarded-for": f"192.0.2.{number}"}
    try:
        urllib.request.urlopen(urllib.request.Request(f"http://{sys.argv[1]}:8080/v1/tokens", body.encode(), headers))
    except urllib.error.HTTPError as error:
        print(error.code)
"""
    refused = ["401"] * 5 + ["429"]
    same("a service cannot name another's address", refused, project.python("registry", probe, "console").split())
    same("nor by way of the gateway", refused, project.python("alerts", probe, "gateway").split())
    project.desk()  # signs in: the gateway forwarded the real address
    # deleted, as another container may get one of these addresses later
    project.compose("exec", "--no-TTY", "valkey", "valkey-cli", "FLUSHALL")
