"""The connection of the provision to a Kafka cluster."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

SECONDS = 30


@dataclass(frozen=True, slots=True)
class Broker:
    """If no login is configured, no access rights (ACLs) are set."""

    bootstrap: str
    username: str | None = None
    password: str | None = None
    security_protocol: str = "SASL_PLAINTEXT"
    mechanism: str = "SCRAM-SHA-256"
    ca_file: str | None = None

    @property
    def is_closed(self) -> bool:
        return self.username is not None

    def admin(self) -> AdminClient:
        return AdminClient(self.options())

    def options(self) -> dict[str, Any]:
        """For librdkafka's clients."""
        options: dict[str, Any] = {"bootstrap.servers": self.bootstrap, "log_level": 0, "reconnect.backoff.ms": 20}
        if self.is_closed:
            options |= {
                "security.protocol": self.security_protocol,
                "sasl.mechanism": self.mechanism,
                "sasl.username": self.username,
                "sasl.password": self.password,
            }
        if self.ca_file:
            options["ssl.ca.location"] = self.ca_file
        return options


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.02)


def settle(futures: Iterable[Future[Any]], *forgiven: int) -> None:
    for future in futures:
        with suppress(KafkaException):
            future.result(timeout=SECONDS)
        error = future.exception(timeout=SECONDS)
        if isinstance(error, KafkaException) and error.args[0].code() in forgiven:
            continue
        if error is not None:
            raise error
