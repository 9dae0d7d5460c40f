"""The message of a delivery, as its channel shows it."""

import json
from typing import Any

from services.alerts.notices import Content
from services.alerts.telegram.chat_messages import ChatMessages
from services.alerts.texts import Text, Texts
from shared.events.vocabulary import DeliveryChannel


def message_of(delivery: dict[str, Any], content: Content, texts: Texts) -> tuple[Text, tuple[str, ...]]:
    """The message as its channel shows it, and the texts of its buttons."""
    cause, language = delivery["cause"], delivery["language"]
    if delivery["channel"] == DeliveryChannel.EMAIL:
        return texts.of(content.data, cause, language, content.hazard), ()
    if delivery["channel"] == DeliveryChannel.TELEGRAM:
        message = ChatMessages(texts).of(content.data, cause, language, delivery["delivery_id"], content.hazard)
        return Text(message.title, message.body), tuple(button.text for button in message.buttons)
    return Text("", json.dumps(delivery["content"], ensure_ascii=False, indent=2)), ()
