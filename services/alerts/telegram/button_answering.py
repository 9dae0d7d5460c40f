"""Answers the people who press the buttons of messages."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts import bindings
from services.alerts.acts.bindings import BoundPerson
from services.alerts.acts.replies import Replies
from services.alerts.acts.reply_results import Reply, ReplyResult
from services.alerts.alerts import Alert
from services.alerts.delivery.notices import Content
from services.alerts.delivery.state_lines import state_line
from services.alerts.delivery.texts import LOCALES
from services.alerts.queries import telegram_messages as message_queries
from services.alerts.queries.telegram_messages import PressedDelivery
from services.alerts.telegram.bot_calls import BotCall, answer_to, language_of, place_of, received, toast
from services.alerts.telegram.chat_messages import (
    OUTCOMES,
    SNOOZE_REASONS,
    ChatMessage,
    ChatMessages,
    Press,
    read_data,
    units,
)
from services.alerts.telegram.incoming import PressedButton
from shared.events.vocabulary import DeliveryChannel
from shared.pages.catalogs import translations
from shared.pages.terms import N_

# Maps each button to which the bot answers with a question to the result that the person's answer has.
ASKING = {
    Press.ON_BEHALF: ReplyResult.ACKNOWLEDGED,
    Press.SNOOZE: ReplyResult.SNOOZED,
    Press.CLOSE: ReplyResult.CLOSED_BY_SELF,
}

QUESTION = N_("On whose behalf do you acknowledge this alert? Answer this message with the name.")


class ButtonAnswering:
    """Acts in the caller's transaction. The returned calls of the Bot API are made after the commit."""

    def __init__(self, replies: Replies, messages: ChatMessages) -> None:
        self._replies, self._messages = replies, messages

    async def handle(self, session: AsyncSession, pressed: PressedButton, now: datetime) -> list[BotCall]:
        read = await self._read(session, pressed)
        if read is None:
            return [toast(pressed, Reply(ReplyResult.NOT_FOUND), language_of(pressed.sender))]
        press, delivery = read
        person = await bindings.person(session, DeliveryChannel.TELEGRAM, str(pressed.sender.id))
        if press in ASKING:
            reply = await self._replies.hindrance(session, delivery.alert_id, person, now, ASKING[press])
            return (
                self._asked(pressed, press, delivery) if reply is None else [toast(pressed, reply, delivery.language)]
            )
        if press in SNOOZE_REASONS or press in OUTCOMES:
            return await self._chosen(session, pressed, press, delivery, person, now)
        acts = {Press.START: self._replies.start, Press.TAKE_OVER: self._replies.take_over}
        act = acts.get(press, self._replies.acknowledge)
        reply = await act(session, delivery.alert_id, person, now)
        return [toast(pressed, reply, delivery.language), *self._edit(place_of(pressed.message), delivery, reply.alert)]

    def _asked(self, pressed: PressedButton, press: Press, delivery: PressedDelivery) -> list[BotCall]:
        if press is Press.ON_BEHALF:
            return self._question(pressed, delivery)
        write = self._messages.reasons if press is Press.SNOOZE else self._messages.outcomes
        return self._choices(pressed, write(delivery.language, delivery.delivery_id))

    async def _chosen(
        self,
        session: AsyncSession,
        pressed: PressedButton,
        press: Press,
        delivery: PressedDelivery,
        person: BoundPerson | None,
        now: datetime,
    ) -> list[BotCall]:
        """Snoozes the alert for the chosen reason, or closes it with the chosen outcome.

        The question then shows who acted and why, and has no buttons any more.
        """
        alert_id, reason = delivery.alert_id, ""
        if press in OUTCOMES:
            reply = await self._replies.close(session, alert_id, person, now, OUTCOMES[press])
        else:
            reason = translations(delivery.language, LOCALES).gettext(SNOOZE_REASONS[press])
            reply = await self._replies.snooze(session, alert_id, person, now, reason)
        calls = [toast(pressed, reply, delivery.language)]
        if not reply.is_done or reply.alert is None or pressed.message is None:
            return calls
        chat_id = pressed.message.chat.id
        text = f"{state_line(reply.alert, delivery.language)}\n{reason}".rstrip()
        asked = {"chat_id": chat_id, "message_id": pressed.message.message_id, "text": text}
        message_id = await message_queries.message_of(session, delivery.delivery_id)
        alerted = None if message_id is None else {"chat_id": chat_id, "message_id": message_id}
        return [*calls, BotCall("editMessageText", asked), *self._edit(alerted, delivery, reply.alert)]

    async def _read(self, session: AsyncSession, pressed: PressedButton) -> tuple[Press, PressedDelivery] | None:
        """What the pressed button asks for, and the delivery whose message has the button.

        The result is None if the button's data is not ours, or if the delivery was not sent to this chat.
        """
        read = read_data(pressed.data)
        if read is None or pressed.message is None:
            return None
        delivery = await message_queries.pressed(session, read[1], pressed.message.chat.id)
        return None if delivery is None else (read[0], delivery)

    def _choices(self, pressed: PressedButton, message: ChatMessage) -> list[BotCall]:
        """Asks in a new message, so that the alert's message keeps its buttons for the other people of the group."""
        assert pressed.message is not None
        place = {"chat_id": pressed.message.chat.id, "message_thread_id": pressed.message.topic}
        silent = {"disable_notification": True, "reply_parameters": answer_to(pressed.message)}
        return [received(pressed), BotCall("sendMessage", {**place, **message.fields, **silent})]

    def _question(self, pressed: PressedButton, delivery: PressedDelivery) -> list[BotCall]:
        """Asks on whose behalf the person acts.

        Because of the mention, only this person's app opens a reply in a group.
        """
        assert pressed.message is not None
        text = translations(delivery.language, LOCALES).gettext(QUESTION)
        mention = {"type": "text_mention", "offset": 0, "length": units(text), "user": {"id": pressed.sender.id}}
        question = BotCall(
            "sendMessage",
            {
                "chat_id": pressed.message.chat.id,
                "message_thread_id": pressed.message.topic,
                "text": text,
                "entities": [mention],
                "reply_parameters": answer_to(pressed.message),
                "reply_markup": {"force_reply": True, "selective": True},
            },
            delivery,
        )
        return [received(pressed), question]

    def _edit(self, place: Mapping[str, int] | None, delivery: PressedDelivery, alert: Alert | None) -> list[BotCall]:
        """Shows the alert's newest state in the message about the alert, unless it is a digest."""
        if place is None or alert is None or delivery.is_digest:
            return []
        content = Content.model_validate_json(delivery.content)
        whole = self._messages.whole(alert, delivery.cause, delivery.language, delivery.delivery_id, content.hazard)
        return [BotCall("editMessageText", {**place, **whole.fields})]
