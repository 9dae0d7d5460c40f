"""Answers the people who press buttons, answer the bot's questions, or send it commands."""

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts import bindings
from services.alerts.acts.bindings import BoundPerson, CodeRefusal
from services.alerts.acts.replies import Replies, comment_of, note_of
from services.alerts.acts.reply_results import Reply, ReplyResult, sentence
from services.alerts.alerts import Alert
from services.alerts.delivery.notices import Content
from services.alerts.delivery.state_lines import state_line
from services.alerts.delivery.texts import LOCALES
from services.alerts.models import TelegramMessage, TelegramQuestion
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import telegram_messages as message_queries
from services.alerts.queries.telegram_messages import ANSWERED_WITHIN, PressedDelivery
from services.alerts.receivers.secrets import WebhookSecrets
from services.alerts.telegram.bot_calls import HOW_TO_BIND, BotCall, answer_to, place_of, received, text_call, toast
from services.alerts.telegram.chat_messages import (
    OUTCOMES,
    SNOOZE_REASONS,
    ChatMessage,
    ChatMessages,
    Press,
    read_data,
    units,
)
from services.alerts.telegram.chats import Chat
from services.alerts.telegram.incoming import BotUpdate, IncomingMessage, PressedButton, Sender
from shared import audit
from shared.audit import Action, Entry, Result
from shared.events.vocabulary import DeliveryChannel
from shared.pages.catalogs import translations
from shared.pages.languages import DEFAULT, LANGUAGES
from shared.pages.terms import N_

TELEGRAM = DeliveryChannel.TELEGRAM
COMMAND = re.compile(r"/(start|id)(?:@\w{1,64})?(?:\s+(\S{1,40}))?\s*")

# Maps each button to which the bot answers with a question to the result that the person's answer has.
ASKING = {
    Press.ON_BEHALF: ReplyResult.ACKNOWLEDGED,
    Press.SNOOZE: ReplyResult.SNOOZED,
    Press.CLOSE: ReplyResult.CLOSED_BY_SELF,
}

WRONG_CODE = N_("This code is wrong, already used, or older than 15 minutes. Ask for a new code.")
TOO_MANY_CODES = N_("Too many wrong codes. Try again in 15 minutes.")
ONLY_PRIVATE = N_("Send the code to me in a private chat, not in a group. Ask for a new code.")
BOUND = N_("You are now {name}, and can acknowledge alerts here.")
ADDRESS = N_("The address of this chat for alerts: {address}")
QUESTION = N_("On whose behalf do you acknowledge this alert? Answer this message with the name.")
HOW_TO_ACKNOWLEDGE = N_(
    "Not acknowledged. Press “Acknowledge” below the alert; or press “On behalf of…”, and answer the question within "
    "an hour."
)
SEVERAL_ALERTS = N_(
    "Not recorded: this message is about several alerts. Open one of them by its link, and add the comment there."
)
BAD_COMMENT = N_("Not recorded: answer with text of at most 1,000 characters.")
BAD_NAME = N_("Answer with the name only, in one line of at most 150 characters.")


class Answering:
    """Handles an update in the caller's transaction. The returned calls of the Bot API are made after the commit."""

    def __init__(self, replies: Replies, box: WebhookSecrets, messages: ChatMessages) -> None:
        self._replies, self._box, self._messages = replies, box, messages

    async def handle(self, session: AsyncSession, update: BotUpdate, now: datetime) -> list[BotCall]:
        if update.callback_query is not None:
            return await self._pressed(session, update.callback_query, now)
        message = update.message
        if message is None or message.sender is None:
            return []
        if command := COMMAND.fullmatch(message.text):
            return await self._command(session, message, message.sender, command[1], command[2], now)
        return await self._named(session, message, message.sender, now)

    async def is_bound(self, session: AsyncSession, update: BotUpdate) -> bool:
        """Whether the person who wrote or pressed is bound to an account."""
        sender = update.message.sender if update.message is not None else None
        if update.callback_query is not None:
            sender = update.callback_query.sender
        return sender is not None and await bindings.person(session, TELEGRAM, str(sender.id)) is not None

    async def _pressed(self, session: AsyncSession, pressed: PressedButton, now: datetime) -> list[BotCall]:
        read = await self._read(session, pressed)
        if read is None:
            return [toast(pressed, Reply(ReplyResult.NOT_FOUND), language_of(pressed.sender))]
        press, delivery = read
        person = await bindings.person(session, TELEGRAM, str(pressed.sender.id))
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

    async def _named(
        self, session: AsyncSession, message: IncomingMessage, sender: Sender, now: datetime
    ) -> list[BotCall]:
        """If the message answers a question with a person's name, acknowledges the alert on behalf of this person.

        An answer to the message of an alert is a comment. Other messages get no answer.
        """
        if message.reply_to_message is None:
            return []
        replied = (message.chat.id, message.reply_to_message.message_id)
        asked = await message_queries.question(session, *replied)
        if asked is None:
            return await self._commented(
                session, message, sender, await message_queries.in_chat(session, *replied), now
            )
        if asked.asked_at < now - ANSWERED_WITHIN:
            return await self._unanswered(session, message, asked)
        note = note_of(message.text, by="Telegram")
        if note is None:
            return [text_call(message, translations(asked.language, LOCALES).gettext(BAD_NAME))]
        person = await bindings.person(session, TELEGRAM, str(sender.id))
        reply = await self._replies.hindrance(session, asked.alert_id, person, now, ReplyResult.ACKNOWLEDGED)
        if reply is None:
            reply = await self._replies.acknowledge(session, asked.alert_id, person, now, on_behalf_of=note)
        return [text_call(message, sentence(reply, asked.language))]

    async def _commented(
        self,
        session: AsyncSession,
        message: IncomingMessage,
        sender: Sender,
        replied: TelegramMessage | None,
        now: datetime,
    ) -> list[BotCall]:
        """Stores the answer to an alert's message as a comment, and tells the person.

        Telegram users without an account are told how to acknowledge, as long as the alert waits for somebody. Later
        messages of these users get no answer, because they are conversation of the group.
        """
        if replied is None:
            return []
        person = await bindings.person(session, TELEGRAM, str(sender.id))
        if person is None:
            return await self._unanswered(session, message, replied)
        _ = translations(replied.language, LOCALES).gettext
        if replied.is_digest:
            return [text_call(message, _(SEVERAL_ALERTS))]
        text = comment_of(message.text)
        if text is None:
            return [text_call(message, _(BAD_COMMENT))]
        reply = await self._replies.comment(session, replied.alert_id, person, now, text)
        is_waiting = reply.is_done and reply.alert is not None and not reply.alert.is_answered
        how = f" {_(HOW_TO_ACKNOWLEDGE)}" if is_waiting else ""
        return [text_call(message, sentence(reply, replied.language) + how)]

    async def _unanswered(
        self, session: AsyncSession, message: IncomingMessage, replied: TelegramQuestion | TelegramMessage
    ) -> list[BotCall]:
        """If the alert of an old question or a message still waits, tells the person how to acknowledge it."""
        alert = await alert_queries.readable_alert(session, replied.alert_id)
        if alert is None or alert.is_answered:
            return []
        return [text_call(message, translations(replied.language, LOCALES).gettext(HOW_TO_ACKNOWLEDGE))]

    async def _command(
        self,
        session: AsyncSession,
        message: IncomingMessage,
        sender: Sender,
        command: str,
        code: str | None,
        now: datetime,
    ) -> list[BotCall]:
        language = language_of(sender)
        _ = translations(language, LOCALES).gettext
        if command == "id":
            address = Chat(message.chat.id, message.topic).address
            return [text_call(message, _(ADDRESS).format(address=address))]
        if code is None:
            return [text_call(message, _(HOW_TO_BIND))]
        if not message.chat.is_private:
            await bindings.burn(session, self._box, TELEGRAM, code, now)
            return [text_call(message, _(ONLY_PRIVATE))]
        bound = await bindings.bind(session, self._box, TELEGRAM, str(sender.id), code, now)
        # the security log cannot be shortened, so a locked user must not add entries without end
        if bound is not CodeRefusal.LOCKED:
            await audit.add(session, entry_of(bound))
        if isinstance(bound, CodeRefusal):
            return [text_call(message, _(WRONG_CODE if bound is CodeRefusal.WRONG else TOO_MANY_CODES))]
        if refusal := self._replies.refusal(bound):
            return [text_call(message, sentence(Reply(refusal), language))]
        return [text_call(message, _(BOUND).format(name=bound.name))]

    def _edit(self, place: Mapping[str, int] | None, delivery: PressedDelivery, alert: Alert | None) -> list[BotCall]:
        """Shows the alert's newest state in the message about the alert, unless it is a digest."""
        if place is None or alert is None or delivery.is_digest:
            return []
        content = Content.model_validate_json(delivery.content)
        whole = self._messages.whole(alert, delivery.cause, delivery.language, delivery.delivery_id, content.hazard)
        return [BotCall("editMessageText", {**place, **whole.fields})]


def language_of(sender: Sender) -> str:
    """The language of the person's app, if Dayar has this language."""
    code = (sender.language_code or "")[:2]
    return code if code in LANGUAGES else DEFAULT


def entry_of(bound: BoundPerson | CodeRefusal) -> Entry:
    """The entry of the security log. It does not name the Telegram user."""
    account: UUID | None = None if isinstance(bound, CodeRefusal) else bound.account
    result, reason = (Result.DONE, None) if account else (Result.REFUSED, str(bound))
    return Entry(action=Action.BOUND, result=result, account=account, subject="telegram", reason=reason)
