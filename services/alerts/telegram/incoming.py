"""Parses updates from Telegram. Fields that Dayar does not need are ignored."""

from typing import Any

import msgspec

ALLOWED = ("message", "callback_query")


class Sender(msgspec.Struct):
    """`language_code` is the language of the app in which the person writes."""

    id: int
    language_code: str | None = None


class OwnChat(msgspec.Struct):
    id: int
    type: str = ""

    @property
    def is_private(self) -> bool:
        return self.type == "private"


class IncomingMessage(msgspec.Struct):
    """If `is_topic_message` is true, `message_thread_id` is the topic."""

    message_id: int
    chat: OwnChat
    sender: Sender | None = msgspec.field(name="from", default=None)
    text: str = ""
    message_thread_id: int | None = None
    is_topic_message: bool = False
    reply_to_message: "IncomingMessage | None" = None

    @property
    def topic(self) -> int | None:
        return self.message_thread_id if self.is_topic_message else None


class PressedButton(msgspec.Struct):
    id: str
    sender: Sender = msgspec.field(name="from")
    data: str = ""
    message: IncomingMessage | None = None


class BotUpdate(msgspec.Struct):
    update_id: int
    message: IncomingMessage | None = None
    callback_query: PressedButton | None = None


def read(update: dict[str, Any]) -> BotUpdate | None:
    """Returns None for an update of another form."""
    try:
        return msgspec.convert(update, BotUpdate)
    except msgspec.ValidationError:
        return None
