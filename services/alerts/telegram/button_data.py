"""Encodes the action of a Telegram button, and decodes it after a press."""

import base64
import binascii
import re
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

SEQUENCE = re.compile(r"[0-9]{1,9}")


class Press(StrEnum):
    ACCEPT = "a"
    ON_BEHALF = "b"
    START = "p"
    TAKE_OVER = "t"
    SNOOZE = "s"
    CLOSE = "c"
    SNOOZE_TO_VERIFY = "1"
    SNOOZE_UNTIL_CALLED = "2"
    SNOOZE_ON_THE_WAY = "3"
    SNOOZE_OTHER_ALERT = "4"
    ASSIGN = "g"
    ASSIGN_TO = "G"
    CLOSE_CONFIRMED = "C"
    CLOSE_FALSE_ALARM = "F"
    CLOSE_DUPLICATE = "D"
    CLOSE_EXPIRED = "E"
    CLOSE_CANCELLED = "X"


@dataclass(frozen=True, slots=True)
class ShownAlert:
    """Buttons of earlier releases of Dayar have no sequence.

    `assignee` is the account of the person on the button.
    """

    delivery_id: UUID
    sequence: int | None = None
    assignee: UUID | None = None


def data_of(press: Press, shown: ShownAlert) -> str:
    """The data has at most 56 of the 64 bytes that Telegram permits."""
    sequence = () if shown.sequence is None else (str(shown.sequence),)
    assignee = () if shown.assignee is None else (short(shown.assignee),)
    return ".".join((press + short(shown.delivery_id), *sequence, *assignee))


def read_data(data: str) -> tuple[Press, ShownAlert] | None:
    """Returns None if the data does not come from Dayar."""
    id, *rest = data[1:].split(".", 2)
    if rest and not SEQUENCE.fullmatch(rest[0]):
        return None
    try:
        assignee = uuid_of(rest[1]) if rest[1:] else None
        read = Press(data[:1]), ShownAlert(uuid_of(id), int(rest[0]) if rest else None, assignee)
    except (ValueError, binascii.Error):
        return None
    has_assignee = read[0] is Press.ASSIGN_TO
    return read if data == data_of(*read) and has_assignee is (assignee is not None) else None


def short(id: UUID) -> str:
    return base64.urlsafe_b64encode(id.bytes).decode().rstrip("=")


def uuid_of(written: str) -> UUID:
    return UUID(bytes=base64.urlsafe_b64decode(f"{written}=="))
