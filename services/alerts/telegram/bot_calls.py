"""Builds the Bot API calls that answer a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.alerts.acts.reply_results import Reply, ReplyResult, sentence
from services.alerts.delivery.texts import LOCALES
from services.alerts.queries.telegram_messages import PressedDelivery
from services.alerts.telegram.incoming import IncomingMessage, PressedButton, Sender
from shared.pages.catalogs import translations
from shared.pages.languages import DEFAULT, LANGUAGES
from shared.pages.terms import N_

SHOWN_TOAST = 200  # After the press of a button, Telegram shows at most this number of characters.
HOW_TO_BIND = N_("Ask the administrator for a code, and send it to me in a private chat: /start CODE")


@dataclass(frozen=True, slots=True)
class BotCall:
    """`question` is the delivery of the alert, if the call asks on whose behalf somebody acknowledges."""

    method: str
    fields: Mapping[str, Any]
    question: PressedDelivery | None = None


def toast(pressed: PressedButton, reply: Reply, language: str) -> BotCall:
    """A refusal stays on the screen until the person closes the refusal."""
    text = sentence(reply, language)
    if reply.result in (ReplyResult.NOT_BOUND, ReplyResult.ACCESS_ENDED):
        text = f"{text} {translations(language, LOCALES).gettext(HOW_TO_BIND)}"
    fields = {"callback_query_id": pressed.id, "text": text[:SHOWN_TOAST], "show_alert": not reply.is_done}
    return BotCall("answerCallbackQuery", fields)


def received(pressed: PressedButton) -> BotCall:
    """Until this call, Telegram shows a waiting sign on the pressed button."""
    return BotCall("answerCallbackQuery", {"callback_query_id": pressed.id})


def place_of(message: IncomingMessage | None) -> dict[str, int] | None:
    return None if message is None else {"chat_id": message.chat.id, "message_id": message.message_id}


def text_call(message: IncomingMessage, text: str) -> BotCall:
    place = {"chat_id": message.chat.id, "message_thread_id": message.topic}
    return BotCall("sendMessage", {**place, "text": text, "reply_parameters": answer_to(message)})


def answer_to(message: IncomingMessage) -> dict[str, Any]:
    return {"message_id": message.message_id, "allow_sending_without_reply": True}


def language_of(sender: Sender) -> str:
    code = (sender.language_code or "")[:2]
    return code if code in LANGUAGES else DEFAULT
