"""Reads the short messages that the gateway hands over, and the codes that people type."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from services.alerts.sms.calls import NotReadable
from services.alerts.sms.gateway import bounded_id, found, written
from services.alerts.sms.numbers import PREFIX, number_of
from services.alerts.sms.profiles import GatewayInbound

LONGEST_TEXT = 1000
# Letters that look like digits, in Latin and in Cyrillic.
LIKE_DIGITS = str.maketrans("IilОоOoЗзІіӀӏ|", "11100003311111")
REPLY = re.compile(r"[\W_]*1[\W_]*([0-9]{4})[\W_]*")


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message from a person. `number` is in the format E.164, or None if the sender's number is no mobile number."""

    id: str
    number: str | None
    text: str


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
