"""The message of a delivery, as its channel shows it."""

import json
from dataclasses import dataclass
from typing import Any

from services.alerts.delivery.notices import Content
from services.alerts.delivery.state_lines import state_line
from services.alerts.delivery.texts import Text, Texts
from services.alerts.sms.segments import Segments
from services.alerts.sms.sms_texts import SmsTexts
from services.alerts.telegram.chat_messages import ChatMessages
from shared.events.vocabulary import DeliveryChannel


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """`buttons` are the texts of the buttons below a Telegram message; `segments` are the parts of a short message."""

    text: Text
    buttons: tuple[str, ...] = ()
    segments: Segments | None = None


class Messages:
    """Writes the messages of this installation."""

    def __init__(self, texts: Texts, sms: SmsTexts) -> None:
        self.texts, self.sms = texts, sms

    def of(self, delivery: dict[str, Any], content: Content) -> ShownMessage:
        alert, cause, language, words = content.data, delivery["cause"], delivery["language"], content.hazard
        match delivery["channel"]:
            case DeliveryChannel.EMAIL:
                deeds = state_line(alert, language)
                return ShownMessage(self.texts.of(alert, cause, language, words, deeds=deeds))
            case DeliveryChannel.TELEGRAM:
                message = ChatMessages(self.texts).of(alert, cause, language, delivery["delivery_id"], words)
                buttons = tuple(button.text for button in message.buttons)
                return ShownMessage(Text(message.title, message.body), buttons)
            case DeliveryChannel.SMS:
                segments = self.sms.of(alert, cause, language, words)
                return ShownMessage(Text("", segments.text), segments=segments)
        return ShownMessage(Text("", json.dumps(delivery["content"], ensure_ascii=False, indent=2)))
