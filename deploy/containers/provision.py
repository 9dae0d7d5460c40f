"""Creates databases, topics, logins, rights and first accounts in a container, before the services start."""

import asyncio
import os
import sys

from deploy.containers import start
from deploy.containers.start import BadSecret, HalfRestored, check, check_restored
from deploy.containers.volumes import SECRETS, variable
from deploy.provision import accounts, acls, database, logins, topics
from deploy.provision.broker import Broker
from deploy.provision.database import Server
from services.console.config import ConsoleSettings
from shared.config import BadSettings, Settings, secret
from shared.events.topics import SERVICES
from shared.lifecycle import leaves
from shared.postgres.schemas import NotOurs, migrate

DATABASE, ROLE_PREFIX = "dayar", "dayar_"
ADMIN = "admin"
SECONDS_TO_START = 120  # Kafka's first start on a slow machine may take this long


async def main() -> None:
    check_restored()
    os.environ.update(start.installation())
    settings = Settings()
    passwords = {
        name: os.environ.get(variable(name), "") for name in ("kafka-admin", "kafka-integrator", "database-admin")
    }
    check({variable(name): password for name, password in passwords.items()})
    await database.hold_to_contract(server(passwords["database-admin"]), DATABASE)
    async with asyncio.TaskGroup() as group:
        group.create_task(
            asyncio.to_thread(make_topics, settings, passwords["kafka-admin"], passwords["kafka-integrator"])
        )
        group.create_task(make_database(settings, passwords["database-admin"]))


def make_topics(settings: Settings, admin_password: str, integrator_password: str) -> None:
    broker = Broker(os.environ["ADMIN_KAFKA_BOOTSTRAP"], ADMIN, admin_password, mechanism="PLAIN")
    broker.admin().list_topics(timeout=SECONDS_TO_START)
    topics.hold_to_contract(broker, settings.topic_prefix)
    passwords = {**of_services("kafka"), acls.INTEGRATOR: integrator_password}
    logins.set_passwords(broker, passwords)
    topics.create(broker, settings, logins={login: login for login in passwords})


async def make_database(settings: Settings, admin_password: str) -> None:
    await database.create(server(admin_password), DATABASE, role_prefix=ROLE_PREFIX, passwords=of_services("database"))
    for service in SERVICES:
        await migrate(service, settings)
    await accounts.make(ConsoleSettings().for_service("console"), settings.state)


def server(admin_password: str) -> Server:
    return Server(os.environ["ADMIN_DATABASE_URL"], admin_password)


def of_services(server: str) -> dict[str, str]:
    return {service: secret(SECRETS / service / server) or "" for service in SERVICES}


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except* (BadSecret, BadSettings, HalfRestored, NotOurs) as group:
        sys.exit("\n".join(str(error) for error in leaves(group)))
