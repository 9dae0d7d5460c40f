"""The options of `make run`, read once from the environment."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local import paths
from deploy.local.messages import CannotStart

GIVEN = {"kafka": "KAFKA_BOOTSTRAP", "postgres": "DATABASE_URL", "valkey": "REDIS_URL"}


class BindingOpen(CannotStart):
    """Without TLS the pages are served to this machine only.

    Put a proxy with TLS in front of Dayar, and state the proxy's address in PUBLIC_URL=https://...
    """


class NotANumber(CannotStart):
    """A port is a number from 1 to 65535."""


@dataclass(frozen=True, slots=True)
class Options:
    root: Path
    host: str
    port: int
    kafka_port: int | None
    exercise: bool
    plays: bool  # A new exercise plays the mudflow scenario.
    given: frozenset[str]  # The operator runs these servers outside Dayar.
    public_url: str
    admin_password: str | None
    environment: Mapping[str, str]

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Options":
        own = dict(environment)
        # no child process may inherit the password
        admin_password = own.pop("DAYAR_ADMIN_PASSWORD", None)
        host, port = own.get("HOST", "127.0.0.1"), _port(own.get("PORT") or "8080")
        public_url = own.get("PUBLIC_URL") or f"http://{host}:{port}"
        if not _is_loopback(host) and not public_url.startswith("https://"):
            raise BindingOpen(host)
        given = frozenset(server for server, name in GIVEN.items() if own.get(name))
        exercise = own.get("DEMO", "0" if given else "1") != "0"
        root = own.pop("STATE", "")
        return cls(
            root=Path(root).absolute() if root else paths.states(),
            host=host,
            port=port,
            kafka_port=_port(own["KAFKA_PORT"]) if own.get("KAFKA_PORT") else None,
            exercise=exercise,
            plays=exercise and not given,
            given=given,
            public_url=public_url,
            admin_password=admin_password,
            environment=own,
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"  # DNS may resolve any other name to another machine.


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 2**16:
        raise NotANumber(text)
    return int(text)


def read() -> Options:
    options = Options.read(os.environ)
    os.environ.pop("DAYAR_ADMIN_PASSWORD", None)
    return options
