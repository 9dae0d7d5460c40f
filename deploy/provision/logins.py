"""The Kafka logins: their passwords, and the settings of an integrator's program."""

import json
from collections.abc import Iterable, Mapping

from confluent_kafka import KafkaError
from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from deploy.provision.broker import SECONDS, Broker, settle, wait_until

ITERATIONS = 4096


def set_passwords(broker: Broker, passwords: Mapping[str, str]) -> None:
    """The password of an existing login is changed."""
    scram = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, ITERATIONS)
    wanted = [UserScramCredentialUpsertion(login, scram, password.encode()) for login, password in passwords.items()]
    admin = broker.admin()  # without this variable, Python would destroy the client before the answers arrive
    settle(admin.alter_user_scram_credentials(wanted, request_timeout=SECONDS).values())
    wait_until(lambda: _knows(admin, passwords))


def _knows(admin: AdminClient, logins: Iterable[str]) -> bool:
    answers = admin.describe_user_scram_credentials(list(logins), request_timeout=SECONDS)
    return all(answer.exception(timeout=SECONDS) is None for answer in answers.values())


def reader_settings(bootstrap: str, login: str, password: str) -> str:
    """The settings are JSON with the names that librdkafka uses."""
    return json.dumps(
        {
            "bootstrap.servers": bootstrap,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "SCRAM-SHA-256",
            "sasl.username": login,
            "sasl.password": password,
            "session.timeout.ms": 6000,  # if an instance crashes, another instance gets its partitions after 6 s
        }
    )


def remove_logins(broker: Broker, logins: Iterable[str]) -> None:
    gone = [UserScramCredentialDeletion(login, ScramMechanism.SCRAM_SHA_256) for login in logins]
    admin = broker.admin()
    settle(admin.alter_user_scram_credentials(gone, request_timeout=SECONDS).values(), KafkaError.RESOURCE_NOT_FOUND)
