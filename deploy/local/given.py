"""Checks before the start that each external server in the settings answers."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import parse_qs, unquote, urlsplit

from deploy.local.messages import CannotStart
from deploy.local.options import GIVEN, Options

SECONDS = 5.0
USUAL_PORTS = {"kafka": 9092, "postgres": 5432, "valkey": 6379}

Address = tuple[str, int] | str  # host and port, or the path of a Unix socket


class ServerAway(CannotStart):
    """An external server that the settings name does not answer.

    Start the server, or correct its address; without the variable Dayar runs a server of its own.
    """


class DatabaseRefuses(CannotStart):
    """PostgreSQL answers, but does not let this login in.

    Correct DATABASE_URL and DATABASE_PASSWORD_FILE, or prepare the database: dayar provision database.
    """


async def away(options: Options) -> list[str]:
    """Return a text for each server that does not answer: the server's variable and the tried addresses."""
    servers = sorted(options.given)
    answers = await asyncio.gather(*(answers_at(server, options.environment[GIVEN[server]]) for server in servers))
    return [
        f"{GIVEN[server]}: {tried(server, options.environment[GIVEN[server]])}"
        for server, is_there in zip(servers, answers, strict=True)
        if not is_there
    ]


async def answers_at(server: str, given: str) -> bool:
    """A Kafka cluster has several addresses, and an answer from any of them is enough."""
    answers = await asyncio.gather(*map(_accepts, addresses(server, given)))
    return any(answers)


def tried(server: str, given: str) -> str:
    """The full value of the variable may contain a password, so only addresses are shown."""
    return ", ".join(
        address if isinstance(address, str) else f"{address[0]}:{address[1]}" for address in addresses(server, given)
    )


def addresses(server: str, given: str) -> Iterator[Address]:
    if server == "kafka":
        yield from (_host_and_port(server, f"//{broker.strip()}") for broker in given.split(","))
    elif given.startswith("unix:"):
        yield unquote(urlsplit(given).path)
    else:
        yield _database_socket(given) or _host_and_port(server, given)


def _database_socket(url: str) -> str | None:
    """The URL's parameter `host` may name the folder of the socket."""
    folder = parse_qs(urlsplit(url).query).get("host", [""])[0]
    return f"{folder}/.s.PGSQL.{urlsplit(url).port or USUAL_PORTS['postgres']}" if folder.startswith("/") else None


def _host_and_port(server: str, url: str) -> tuple[str, int]:
    address = urlsplit(url)
    return address.hostname or "localhost", address.port or USUAL_PORTS[server]


async def _accepts(address: Address) -> bool:
    opening = asyncio.open_unix_connection(address) if isinstance(address, str) else asyncio.open_connection(*address)
    try:
        async with asyncio.timeout(SECONDS):
            _, writer = await opening
    except OSError:  # timeouts and unknown host names also raise an OSError
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
