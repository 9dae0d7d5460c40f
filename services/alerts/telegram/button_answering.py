"""Answers people who press the buttons of messages."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts import bindings
from services.alerts.acts.answer_links import VALID
from services.alerts.acts.bindings import BoundPerson
from services.alerts.acts.replies import Replies
from services.alerts.acts.reply_results import Reply, ReplyResult, sentence
from services.alerts.alerts import Alert
from services.alerts.delivery.notices import Content
from services.alerts.delivery.state_lines import state_line
from services.alerts.delivery.texts import LOCALES
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import telegram_messages as message_queries
from services.alerts.queries.telegram_messages import PressedDelivery
from services.alerts.telegram.bot_calls import BotCall, answer_to, language_of, place_of, received, toast
from services.alerts.telegram.button_data import Press, ShownAlert, read_data
from services.alerts.telegram.chat_messages import OUTCOMES, REASON_OF_PRESS, ChatMessage, ChatMessages, units
from services.alerts.telegram.incoming import PressedButton
from services.alerts.views import Assignee
from shared.events.vocabulary import DeliveryChannel
from shared.pages.catalogs import translations
from shared.pages.terms import N_

# These buttons make the bot ask a question.
ASKING = {
    Press.ON_BEHALF: ReplyResult.ACKNOWLEDGED,
    Press.SNOOZE: ReplyResult.SNOOZED,
    Press.ASSIGN: ReplyResult.ASSIGNED,
    Press.CLOSE: ReplyResult.CLOSED_BY_SELF,
}

QUESTION = N_("On whose behalf do you acknowledge this alert? Answer this message with the name.")


class ButtonAnswering:
    """Acts on the alert in the transaction of the caller. Make the returned calls of the Bot API after the commit."""

    def __init__(self, replies: Replies, messages: ChatMessages) -> None:
        self._replies, self._messages = replies, messages

    async def handle(self, session: AsyncSession, pressed: PressedButton, now: datetime) -> list[BotCall]:
        read = await self._read(session, pressed)
        if read is None:
            return [toast(pressed, Reply(ReplyResult.NOT_FOUND), language_of(pressed.sender))]
        press, delivery = read
        person = await bindings.person(session, DeliveryChannel.TELEGRAM, str(pressed.sender.id))
        if delivery.sent_at <= now - VALID:
            return await self._ended(session, pressed, delivery, person, now)
        if press in REASON_OF_PRESS or press in OUTCOMES or press is Press.ASSIGN_TO:
            return await self._chosen(session, pressed, press, delivery, person, now)
        if press in ASKING:
            hindrance = await self._replies.hindrance(session, delivery.alert_id, person, now, ASKING[press])
            if hindrance is None:
                people = await self._replies.assignees(session, delivery.alert_id, person, now)
                return self._choice(pressed, press, delivery, people)
            reply = hindrance
        else:
            replies = self._replies.to(delivery.sequence)
            acts = {Press.START: replies.start, Press.TAKE_OVER: replies.take_over}
            reply = await acts.get(press, replies.acknowledge)(session, delivery.alert_id, person, now)
        return [toast(pressed, reply, delivery.language), *self._edit(place_of(pressed.message), delivery, reply.alert)]

    async def _ended(
        self,
        session: AsyncSession,
        pressed: PressedButton,
        delivery: PressedDelivery,
        person: BoundPerson | None,
        now: datetime,
    ) -> list[BotCall]:
        """Tells a person who may act on the alert that the message is too old.

        Removes the buttons of the message.
        """
        reply = await self._replies.hindrance(session, delivery.alert_id, person, now, ReplyResult.TOO_OLD)
        if reply is None:
            reply = Reply(ReplyResult.TOO_OLD, await alert_queries.readable_alert(session, delivery.alert_id))
        edits = self._edit(place_of(pressed.message), delivery, reply.alert, has_buttons=False)
        return [toast(pressed, reply, delivery.language), *edits]

    def _choice(
        self, pressed: PressedButton, press: Press, delivery: PressedDelivery, people: Sequence[Assignee]
    ) -> list[BotCall]:
        language, shown = delivery.language, ShownAlert(delivery.delivery_id, delivery.sequence)
        match press:
            case Press.ON_BEHALF:
                return self._question(pressed, delivery)
            case Press.ASSIGN if not delivery.is_internal:
                return [toast(pressed, Reply(ReplyResult.NAMES_WITHHELD), language)]
            case Press.ASSIGN if not people:
                return [toast(pressed, Reply(ReplyResult.NO_ASSIGNEE), language)]
            case Press.ASSIGN:
                return self._choices(pressed, self._messages.people(language, shown, people))
            case Press.SNOOZE:
                return self._choices(pressed, self._messages.reasons(language, shown))
        return self._choices(pressed, self._messages.outcomes(language, shown))

    async def _chosen(
        self,
        session: AsyncSession,
        pressed: PressedButton,
        press: Press,
        delivery: PressedDelivery,
        person: BoundPerson | None,
        now: datetime,
    ) -> list[BotCall]:
        """After the action, the question has no buttons, and shows who acted and why, or that the alert changed."""
        alert_id, replies, reason = delivery.alert_id, self._replies.to(delivery.sequence), ""
        if press in OUTCOMES:
            reply = await replies.close(session, alert_id, person, now, OUTCOMES[press])
        elif delivery.assignee is not None:
            reply = await replies.assign(session, alert_id, person, now, delivery.assignee)
        else:
            reason = translations(delivery.language, LOCALES).gettext(REASON_OF_PRESS[press])
            reply = await replies.snooze(session, alert_id, person, now, reason)
        calls = [toast(pressed, reply, delivery.language)]
        is_over = reply.result in (ReplyResult.CLOSED, ReplyResult.CHANGED_MEANWHILE)
        if not (reply.is_done or is_over) or reply.alert is None or pressed.message is None:
            return calls
        chat_id = pressed.message.chat.id
        text = f"{state_line(reply.alert, delivery.language)}\n{reason}".rstrip()
        if is_over:
            text = sentence(reply, delivery.language)
        parameters = {"chat_id": chat_id, "message_id": pressed.message.message_id, "text": text}
        message_id = await message_queries.message_of(session, delivery.delivery_id)
        alerted = None if message_id is None else {"chat_id": chat_id, "message_id": message_id}
        return [*calls, BotCall("editMessageText", parameters), *self._edit(alerted, delivery, reply.alert)]

    async def _read(self, session: AsyncSession, pressed: PressedButton) -> tuple[Press, PressedDelivery] | None:
        """Returns None if the data is not from Dayar, or if this chat never got the delivery."""
        read = read_data(pressed.data)
        if read is None or pressed.message is None:
            return None
        delivery = await message_queries.pressed(session, read[1].delivery_id, pressed.message.chat.id)
        if delivery is None:
            return None
        shown, sequence = read[1], read[1].sequence
        if sequence is None:
            sequence = Content.model_validate_json(delivery.content).data.sequence
        return read[0], replace(delivery, sequence=sequence, assignee=shown.assignee)

    def _choices(self, pressed: PressedButton, message: ChatMessage) -> list[BotCall]:
        """The question is a new message. The alert's own message keeps its buttons for the rest of the group."""
        assert pressed.message is not None
        place = {"chat_id": pressed.message.chat.id, "message_thread_id": pressed.message.topic}
        silent = {"disable_notification": True, "reply_parameters": answer_to(pressed.message)}
        return [received(pressed), BotCall("sendMessage", {**place, **message.fields, **silent})]

    def _question(self, pressed: PressedButton, delivery: PressedDelivery) -> list[BotCall]:
        """In a group, a reply field opens only in the app of the mentioned person."""
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

    def _edit(
        self,
        place: Mapping[str, int] | None,
        delivery: PressedDelivery,
        alert: Alert | None,
        *,
        has_buttons: bool = True,
    ) -> list[BotCall]:
        if place is None or alert is None or delivery.is_digest:
            return []
        content = Content.model_validate_json(delivery.content)
        whole = self._messages.whole(
            alert,
            delivery.cause,
            delivery.language,
            delivery.delivery_id,
            content.hazard,
            is_internal=delivery.is_internal,
        )
        shown = whole if has_buttons else whole.without_actions
        return [BotCall("editMessageText", {**place, **shown.fields})]
