"""Shows a delivery's message, or the message of several deliveries, as the receiver sees it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.alerts.acts.answer_links import hidden_link, with_own_link
from services.alerts.delivery.notices import Content, is_open, page_of
from services.alerts.delivery.shown_states import ActedAlerts
from services.alerts.delivery.state_lines import NAMING, state_line
from services.alerts.delivery.texts import CHANGED, Text, Texts
from services.alerts.sms.segments import Segments
from services.alerts.sms.sms_texts import SmsTexts
from services.alerts.telegram.chat_messages import ChatMessage, ChatMessages, DigestItem, in_digest_order
from shared.events.vocabulary import DeliveryChannel

NOBODY_ACTED = ActedAlerts()


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """`buttons` has the texts of the buttons under a Telegram message. `segments` has the parts of an SMS."""

    text: Text
    buttons: tuple[str, ...] = ()
    segments: Segments | None = None


class Messages:
    def __init__(self, texts: Texts, sms: SmsTexts) -> None:
        self.texts, self.sms = texts, sms

    def together(
        self, deliveries: Sequence[tuple[Mapping[str, Any], Content]], acted: ActedAlerts = NOBODY_ACTED
    ) -> list[ShownMessage]:
        """Expects deliveries to one receiver by a channel that combines messages."""
        first, _ = deliveries[0]
        language = first["language"]
        match first["channel"]:
            case DeliveryChannel.TELEGRAM:
                items = [
                    DigestItem(acted.then(content.data), row["cause"], row["delivery_id"])
                    for row, content in deliveries
                ]
                return [self._of_chat(ChatMessages(self.texts).digest(in_digest_order(items), language))]
            case DeliveryChannel.SMS:
                segments = self.sms.digest([(content.data, row["cause"]) for row, content in deliveries], language)
                return [ShownMessage(Text("", segments.text), segments=segments)]
        texts = [self.of(*delivery, acted).text for delivery in deliveries]
        return [ShownMessage(self.texts.digest(texts, language))]

    def of(self, delivery: Mapping[str, Any], content: Content, acted: ActedAlerts = NOBODY_ACTED) -> ShownMessage:
        """`delivery` is a row of `listings.deliveries`. `acted` has the names of people who acted on the alerts."""
        alert, cause, language, words = content.data, delivery["cause"], delivery["language"], content.hazard
        named = acted.then(alert)
        match delivery["channel"]:
            case DeliveryChannel.EMAIL:
                deeds = state_line(named if cause in NAMING else alert, language)
                text = self.texts.of(alert, cause, language, words, deeds=deeds)
                has_link = delivery.get("is_own_account", False) and is_open(alert)
                link = hidden_link(self.texts.public_url, language)
                return ShownMessage(with_own_link(text, link, language) if has_link else text)
            case DeliveryChannel.TELEGRAM:
                id, is_internal = delivery["delivery_id"], delivery["is_internal"]
                message = ChatMessages(self.texts).of(named, cause, language, id, words, is_internal=is_internal)
                return self._of_chat(message)
            case DeliveryChannel.SMS:
                segments = self.sms.of(alert, cause, language, words, state=named if cause in NAMING else None)
                return ShownMessage(Text("", segments.text), segments=segments)
        body = {**delivery["content"], "page": page_of(delivery["alert_id"], self.texts.public_url)}
        return ShownMessage(Text("", json.dumps(body, ensure_ascii=False, indent=2)))

    def edited(
        self, first: Mapping[str, Any], newest: Mapping[str, Any], content: Content, acted: ActedAlerts
    ) -> ShownMessage | None:
        """Shows the message after its edit, with the newest state of the alert.

        Returns None if the message was never edited.

        `newest` is the newest delivery about the alert to this chat, and `content` is its content.
        """
        alert = acted.newest.get(first["alert_id"])
        if alert is None or alert.sequence <= Content.model_validate(first["content"]).data.sequence:
            return None
        is_announced = alert.changed_at <= datetime.fromisoformat(newest["content"]["timestamp"])
        cause = newest["cause"] if is_announced else CHANGED
        if is_announced and newest["delivery_id"] == first["delivery_id"]:
            return None
        return self._of_chat(
            ChatMessages(self.texts).whole(
                alert,
                cause,
                first["language"],
                first["delivery_id"],
                content.hazard,
                is_internal=first["is_internal"],
            )
        )

    @staticmethod
    def _of_chat(message: ChatMessage) -> ShownMessage:
        return ShownMessage(Text(message.title, message.body), tuple(button.text for button in message.buttons))
