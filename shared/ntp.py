"""Compares this machine's clock with an NTP server."""

import os
import socket
import struct
import time

MOST_SECONDS = 2.0
ANSWER_SECONDS = 5.0
PORT = 123

# The request of an NTP version 4 client, then the fields of the answer (RFC 5905).
PACKET = 48
REQUEST = b"\x23" + bytes(39)
ANSWER = struct.Struct("!B B 22x 8s Q Q")
UNIX_EPOCH = 2_208_988_800  # seconds between 1900 (the NTP epoch) and 1970 (the Unix epoch)
FRACTION = 1 << 32
SERVER_MODE, NOT_SYNCHRONISED = 4, 3


class NoAnswer(Exception):
    """The answer is malformed or belongs to another request, or the server is not synchronised."""


def offset(server: str) -> float:
    """Return how many seconds this clock is behind the clock of the NTP server. Raises OSError, NoAnswer."""
    host, _, port = server.partition(":")
    nonce = os.urandom(8)  # a valid answer repeats these bytes, which a forger cannot guess
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
