"""Compares this server's clock with an NTP server, because the ages and the expiry of alerts depend on the clock."""

import asyncio
import os
import socket
import struct
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.console.checks import CheckName, InstallationCheck
from services.console.queries import checks
from shared import log
from shared.failures import retry_while_unavailable

MOST_SECONDS = 2.0
EVERY_SECONDS = 300.0
ANSWER_SECONDS = 5.0
PORT = 123

# The request of an NTP version 4 client, and the fields that `_offset` reads from the answer (RFC 5905).
PACKET = 48
REQUEST = b"\x23" + bytes(39)
ANSWER = struct.Struct("!B B 22x 8s Q Q")
UNIX_EPOCH = 2_208_988_800  # seconds from 1900 (the NTP epoch) to 1970 (the Unix epoch)
FRACTION = 1 << 32
SERVER_MODE, NOT_SYNCHRONISED = 4, 3


class NoAnswer(Exception):
    """No valid answer: malformed, not for this request, or from a server that is not synchronised."""


async def watch(server: str, sessions: async_sessionmaker[AsyncSession], *, every: float = EVERY_SECONDS) -> None:
    """Checks the clock until cancelled, and stores each result."""
    while True:
        check = await look(server)
        if check.is_well is not True:
            log.get().error("clock wrong or unchecked", is_well=check.is_well, seconds=check.figure)
        await retry_while_unavailable(lambda: _record(sessions, check))  # noqa: B023 - awaited before the next
        await asyncio.sleep(every)


async def look(server: str) -> InstallationCheck:
    try:
        off = await asyncio.to_thread(offset, server)
    except (OSError, NoAnswer):
        off = None
    now = datetime.now(UTC)
    is_well = None if off is None else abs(off) <= MOST_SECONDS
    return InstallationCheck(CheckName.CLOCK, now, is_well, off, now + timedelta(seconds=3 * EVERY_SECONDS))


def offset(server: str) -> float:
    """How many seconds this clock is behind the clock of the NTP server. Raises OSError, NoAnswer."""
    host, _, port = server.partition(":")
    nonce = os.urandom(8)  # a valid answer repeats these bytes, which an attacker cannot know
    with socket.socket(*_address_kind(host, int(port or PORT))) as asking:
        asking.settimeout(ANSWER_SECONDS)
        asking.connect((host, int(port or PORT)))
        sent = time.time()
        asking.send(REQUEST + nonce)
        answer = asking.recv(PACKET)
        received = time.time()
    return _offset(answer, nonce, sent, received)


def _address_kind(host: str, port: int) -> tuple[int, int]:
    family, kind, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    return family, kind


def _offset(answer: bytes, nonce: bytes, sent: float, received: float) -> float:
    if len(answer) < PACKET:
        raise NoAnswer
    first, stratum, echo, came, left = ANSWER.unpack(answer)
    if first & 0b111 != SERVER_MODE or first >> 6 == NOT_SYNCHRONISED or stratum == 0 or echo != nonce:
        raise NoAnswer
    return ((_unix(came) - sent) + (_unix(left) - received)) / 2


def _unix(stamp: int) -> float:
    return stamp / FRACTION - UNIX_EPOCH


async def _record(sessions: async_sessionmaker[AsyncSession], check: InstallationCheck) -> None:
    async with sessions.begin() as session:
        await checks.record(session, check)
