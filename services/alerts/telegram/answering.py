"""Answers replies to messages, and commands to the bot."""

import re
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts import bindings
from services.alerts.acts.bindings import BoundPerson, CodeRefusal
from services.alerts.acts.replies import Replies
from services.alerts.acts.reply_results import Reply, ReplyResult, sentence
from services.alerts.acts.typed_texts import comment_of, note_of
from services.alerts.delivery.texts import LOCALES
from services.alerts.models import TelegramMessage, TelegramQuestion
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import telegram_messages as message_queries
from services.alerts.queries.telegram_messages import ANSWERED_WITHIN
from services.alerts.receivers.secrets import WebhookSecrets
from services.alerts.telegram.bot_calls import HOW_TO_BIND, BotCall, language_of, text_call
from services.alerts.telegram.button_answering import ButtonAnswering
from services.alerts.telegram.chat_messages import ChatMessages
from services.alerts.telegram.chats import Chat
from services.alerts.telegram.incoming import BotUpdate, IncomingMessage, Sender
from shared import audit
from shared.audit import Action, Entry, Result
from shared.events.vocabulary import DeliveryChannel
from shared.pages.catalogs import translations
from shared.pages.terms import N_

TELEGRAM = DeliveryChannel.TELEGRAM
COMMAND = re.compile(r"/(start|id)(?:@\w{1,64})?(?:\s+(\S{1,40}))?\s*")

WRONG_CODE = N_("This code is wrong, already used, or older than 15 minutes. Ask for a new code.")
TOO_MANY_CODES = N_("Too many wrong codes. Try again in 15 minutes.")
ONLY_PRIVATE = N_("Send the code to me in a private chat, not in a group. Ask for a new code.")
BOUND = N_("You are now {name}, and can acknowledge alerts here.")
ADDRESS = N_("The address of this chat for alerts: {address}")
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
    """Handles an update in the transaction of the caller. Make the returned calls of the Bot API after the commit."""

    def __init__(self, replies: Replies, box: WebhookSecrets, messages: ChatMessages) -> None:
        self._replies, self._box, self._buttons = replies, box, ButtonAnswering(replies, messages)

    async def handle(self, session: AsyncSession, update: BotUpdate, now: datetime) -> list[BotCall]:
        if update.callback_query is not None:
            return await self._buttons.handle(session, update.callback_query, now)
        message = update.message
        if message is None or message.sender is None:
            return []
        if command := COMMAND.fullmatch(message.text):
            return await self._command(session, message, message.sender, command[1], command[2], now)
        return await self._named(session, message, message.sender, now)

    async def is_bound(self, session: AsyncSession, update: BotUpdate) -> bool:
        """Returns True if the sender of the message or button press is bound to an account."""
        sender = update.message.sender if update.message is not None else None
        if update.callback_query is not None:
            sender = update.callback_query.sender
        return sender is not None and await bindings.person(session, TELEGRAM, str(sender.id)) is not None

    async def _named(
        self, session: AsyncSession, message: IncomingMessage, sender: Sender, now: datetime
    ) -> list[BotCall]:
        """A reply to the bot's question names a person, on whose behalf the alert is acknowledged.

        A reply to an alert's message is a comment on the alert. Messages that are no replies are ignored.
        """
        if message.reply_to_message is None:
            return []
        replied = (message.chat.id, message.reply_to_message.message_id)
        question = await message_queries.question(session, *replied)
        if question is None:
            return await self._commented(
                session, message, sender, await message_queries.in_chat(session, *replied), now
            )
        if question.asked_at < now - ANSWERED_WITHIN:
            return await self._unanswered(session, message, question)
        note = note_of(message.text, by="Telegram")
        if note is None:
            return [text_call(message, translations(question.language, LOCALES).gettext(BAD_NAME))]
        person = await bindings.person(session, TELEGRAM, str(sender.id))
        reply = await self._replies.hindrance(session, question.alert_id, person, now, ReplyResult.ACKNOWLEDGED)
        if reply is None:
            replies = self._replies.to(question.sequence)
            reply = await replies.acknowledge(session, question.alert_id, person, now, on_behalf_of=note)
        return [text_call(message, sentence(reply, question.language))]

    async def _commented(
        self,
        session: AsyncSession,
        message: IncomingMessage,
        sender: Sender,
        replied: TelegramMessage | None,
        now: datetime,
    ) -> list[BotCall]:
        """Until somebody acknowledges or closes the alert, a user without an account learns how to acknowledge.

        After that, messages of users without an account get no answer, because they are conversation within the group.
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
        # The security log cannot be shortened, so a locked user must not add entries without end.
        if bound is not CodeRefusal.LOCKED:
            await audit.add(session, entry_of(bound))
        if isinstance(bound, CodeRefusal):
            return [text_call(message, _(WRONG_CODE if bound is CodeRefusal.WRONG else TOO_MANY_CODES))]
        if refusal := self._replies.refusal(bound):
            return [text_call(message, sentence(Reply(refusal), language))]
        return [text_call(message, _(BOUND).format(name=bound.name))]


def entry_of(bound: BoundPerson | CodeRefusal) -> Entry:
    """The entry of a refused code does not say which Telegram user sent it."""
    account: UUID | None = None if isinstance(bound, CodeRefusal) else bound.account
    result, reason = (Result.DONE, None) if account else (Result.REFUSED, str(bound))
    return Entry(action=Action.BOUND, result=result, account=account, subject="telegram", reason=reason)
