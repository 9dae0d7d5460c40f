"""Reads the short messages that the gateway hands over, and the codes that people type."""

import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from services.alerts.sms.gateway import bounded_id, found, written
from services.alerts.sms.numbers import PREFIX, number_of
from services.alerts.sms.profiles import BodyFormat, GatewayInbound

MOST_FIELDS = 50
LONGEST_TEXT = 1000
# Letters that look like digits, in Latin and in Cyrillic.
LIKE_DIGITS = str.maketrans("IilОоOoЗзІіӀӏ|", "11100003311111")
REPLY = re.compile(r"[\W_]*1[\W_]*([0-9]{4})[\W_]*")


class NotReadable(Exception):
    """The body does not have the fields that the profile names."""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message from a person. `number` is in the format E.164, or None if the sender's number is no mobile number."""

    id: str
    number: str | None
    text: str


def fields_of(body: bytes, profile: GatewayInbound) -> Any:
    """Raises NotReadable."""
    try:
        if profile.body is BodyFormat.JSON:
            return msgspec.json.decode(body)
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=MOST_FIELDS, keep_blank_values=True))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise NotReadable from error


def has_secret(profile: GatewayInbound, headers: Mapping[str, str], fields: Any, secret: str) -> bool:
    """Whether the message has the secret. The comparison takes constant time, so that nobody can guess the secret."""
    if profile.secret_header is not None:
        sent = headers.get(profile.secret_header.lower(), "")
        expected = f"{profile.secret_prefix}{secret}"
    else:
        sent, expected = written(found(fields, profile.secret_field or "")) or "", secret
    return hmac.compare_digest(sent.encode(), expected.encode())


def message_of(fields: Any, profile: GatewayInbound) -> InboundMessage:
    """Raises NotReadable."""
    id, sender = bounded_id(found(fields, profile.id)), written(found(fields, profile.number))
    text = written(found(fields, profile.text))
    if id is None or sender is None or text is None:
        raise NotReadable
    try:
        number = number_of(f"{PREFIX}{sender.strip()}")
    except ValueError:
        number = None
    return InboundMessage(id, number, text[:LONGEST_TEXT])


def code_in(text: str) -> str | None:
    """The code of a text like "1 4711", or None."""
    reply = REPLY.fullmatch(unicodedata.normalize("NFKC", text).translate(LIKE_DIGITS))
    return None if reply is None else reply[1]
