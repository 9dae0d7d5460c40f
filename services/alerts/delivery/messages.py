"""The message of a delivery, or of several combined deliveries, as the channel shows it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.alerts.delivery.notices import Content
from services.alerts.delivery.state_lines import state_line
from services.alerts.delivery.texts import Text, Texts
from services.alerts.sms.segments import Segments
from services.alerts.sms.sms_texts import SmsTexts
from services.alerts.telegram.chat_messages import ChatMessage, ChatMessages, DigestItem
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

    def together(self, deliveries: Sequence[tuple[Mapping[str, Any], Content]]) -> list[ShownMessage]:
        """The messages of deliveries to one receiver by one channel, which the channel combines."""
        first, _ = deliveries[0]
        language = first["language"]
        match first["channel"]:
            case DeliveryChannel.TELEGRAM:
                items = [DigestItem(each.data, row["cause"], row["delivery_id"]) for row, each in deliveries]
                return [self._of_chat(ChatMessages(self.texts).digest(items, language))]
            case DeliveryChannel.SMS:
                segments = self.sms.digest([(each.data, row["cause"]) for row, each in deliveries], language)
                return [ShownMessage(Text("", segments.text), segments=segments)]
        texts = [self.of(*each).text for each in deliveries]
        return [ShownMessage(self.texts.digest(texts, language))]

    def of(self, delivery: Mapping[str, Any], content: Content) -> ShownMessage:
        alert, cause, language, words = content.data, delivery["cause"], delivery["language"], content.hazard
        match delivery["channel"]:
            case DeliveryChannel.EMAIL:
                deeds = state_line(alert, language)
                return ShownMessage(self.texts.of(alert, cause, language, words, deeds=deeds))
            case DeliveryChannel.TELEGRAM:
                id, is_internal = delivery["delivery_id"], delivery["is_internal"]
                message = ChatMessages(self.texts).of(alert, cause, language, id, words, is_internal=is_internal)
                return self._of_chat(message)
            case DeliveryChannel.SMS:
                segments = self.sms.of(alert, cause, language, words)
                return ShownMessage(Text("", segments.text), segments=segments)
        return ShownMessage(Text("", json.dumps(delivery["content"], ensure_ascii=False, indent=2)))

    @staticmethod
    def _of_chat(message: ChatMessage) -> ShownMessage:
        return ShownMessage(Text(message.title, message.body), tuple(button.text for button in message.buttons))
