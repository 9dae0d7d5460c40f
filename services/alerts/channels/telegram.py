"""Sends Telegram messages.

Each later message about an alert is a reply to the first message about the alert. The channel edits the first message,
so that it shows the newest state.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts.alerts import Alert
from services.alerts.channels import OUTBOX_PAGE, Job, Undelivered, sending
from services.alerts.delivery.notices import Content
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import telegram_edits as edit_queries
from services.alerts.queries import telegram_messages as message_queries
from services.alerts.queries.telegram_messages import SentMessage
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Receiver
from services.alerts.telegram.bot_api import BotApi, BotApiError
from services.alerts.telegram.chat_messages import ChatMessage, ChatMessages, DigestItem, in_digest_order
from services.alerts.telegram.chats import Chat
from services.alerts.telegram.limits import ChatLimits
from services.alerts.telegram.refusals import BAD_LINK, NO_TOPIC, refusal
from shared import log
from shared.events import AlertRaised
from shared.failures import outage_logged
from shared.outbound_errors import OutboundError

DELIVERED = "telegram_200"
MESSAGE_SECONDS = 20.0
EDIT_SECONDS = 8.0  # The two limits together are shorter than the lease of a delivery.
MOST_WAIT_SECONDS = 5.0  # If the chat's limit demands a longer wait, the delivery is retried later.
MOST_EDITS = 5


@dataclass(frozen=True, slots=True)
class Thread:
    """`sent` is the id of this delivery's message, or None before the message was sent.

    `first` is the first message about the alert, or None if this delivery sent that message.
    """

    state: Alert | AlertRaised
    changed_at: datetime | None
    sent: int | None
    first: SentMessage | None


@dataclass(frozen=True, slots=True)
class MessageEdit:
    alert_id: UUID
    chat: Chat
    message_id: int
    message: ChatMessage


@dataclass(frozen=True, slots=True)
class SentStates:
    """`shown` maps an alert to the time of the state that the messages show.

    `left` has the alerts whose earlier messages are edited later, by `MessageEdits`.
    """

    edits: Sequence[MessageEdit]
    shown: Mapping[UUID, datetime | None]
    left: Collection[UUID] = ()


class TelegramChannel:
    def __init__(
        self, api: BotApi, messages: ChatMessages, sessions: async_sessionmaker[AsyncSession], limits: ChatLimits
    ) -> None:
        self._api, self._messages, self._sessions, self._limits = api, messages, sessions, limits

    @sending
    async def send(self, job: Job, receiver: Receiver) -> str:
        if self._api.is_outside_exercise:
            return OUTBOX_PAGE
        try:
            chat = Chat.of(receiver.address)
        except ValueError as error:
            raise Undelivered("chat_not_found", is_final=True) from error
        sent: dict[UUID, str] = {}
        try:
            async with asyncio.timeout(MESSAGE_SECONDS):
                message = await self._deliver(job, receiver, chat, sent)
        except BotApiError as error:
            if error.retry_after:
                self._limits.close(chat, error.retry_after)
            refused = refusal(error)
            refused.results = sent
            raise refused from error
        except TimeoutError as error:
            raise Undelivered("timed_out", results=sent) from error
        failed = await self._renew(message.edits)
        await self._compare(job.recipient, message.shown, failed.union(message.left))
        return DELIVERED

    async def _deliver(self, job: Job, receiver: Receiver, chat: Chat, sent: dict[UUID, str]) -> SentStates:
        """Adds each delivery of a combined job to `sent` as soon as its message is sent."""
        if job.companions:
            return await self._deliver_digest((job, *job.companions), receiver, chat, sent)
        content = Content.model_validate_json(job.content)
        thread = (await self._threads([job], {job.delivery_id: content}, chat))[job.delivery_id]
        if thread.sent is None:
            message = self._messages.of(
                thread.state,
                job.cause,
                receiver.language,
                job.delivery_id,
                content.hazard,
                is_internal=receiver.is_internal,
            )
            replied_to = thread.first or await self._first_of_places(job, content, chat)
            chat, message_id = await self._post(chat, message, replied_to)
            await self._store([job], receiver, chat, message_id, {})
        # If an earlier attempt sent the message, the message shows at least the state in `content`.
        shown = thread.changed_at if thread.sent is None else content.timestamp
        return SentStates(self._renewals(job, content, thread, receiver, chat), {job.alert_id: shown})

    async def _deliver_digest(
        self, jobs: Sequence[Job], receiver: Receiver, chat: Chat, sent: dict[UUID, str]
    ) -> SentStates:
        """An alert is left out if a message of an earlier attempt has shown the alert."""
        contents = {job.delivery_id: Content.model_validate_json(job.content) for job in jobs}
        threads = await self._threads(jobs, contents, chat)
        in_order = sorted(jobs, key=lambda job: job.step)
        unsent = [job for job in in_order if threads[job.delivery_id].sent is None]
        sent.update(dict.fromkeys((job.delivery_id for job in jobs if job not in unsent), DELIVERED))
        if unsent:
            by_id = {job.delivery_id: job for job in unsent}
            items = in_digest_order([DigestItem(threads[id].state, job.cause, id) for id, job in by_id.items()])
            chat, message_id = await self._post(chat, self._messages.digest(items, receiver.language), None)
            sent.update(dict.fromkeys((job.delivery_id for job in unsent), DELIVERED))
            shown = {item.state.alert_id: threads[item.delivery_id].changed_at for item in items}
            await self._store([by_id[item.delivery_id] for item in items], receiver, chat, message_id, shown)
        earlier = [job for job in jobs if threads[job.delivery_id].first is not None]
        renewals = [
            renewal
            for job in earlier[:MOST_EDITS]
            for renewal in self._renewals(job, contents[job.delivery_id], threads[job.delivery_id], receiver, chat)
        ]
        states = {job.alert_id: threads[job.delivery_id].changed_at for job in earlier[:MOST_EDITS]}
        return SentStates(renewals, states, {job.alert_id for job in earlier} - states.keys())

    async def _threads(self, jobs: Sequence[Job], contents: Mapping[UUID, Content], chat: Chat) -> dict[UUID, Thread]:
        """Expects jobs for one receiver.

        A digest may be about 500 alerts, so each query reads the data of all alerts at once.
        """
        alert_ids = {job.alert_id for job in jobs}
        async with self._sessions() as session:
            alerts = await alert_queries.by_id(session, alert_ids)
            sent = await message_queries.messages_of(session, list(contents))
            firsts = await message_queries.firsts(session, chat.id, jobs[0].recipient, alert_ids)
        threads = dict[UUID, Thread]()
        for job in jobs:
            alert, content = alerts.get(job.alert_id), contents[job.delivery_id]
            state, changed_at = (alert, alert.changed_at) if alert else (content.data, content.timestamp)
            first = firsts.get(job.alert_id)
            is_own = first is not None and first.delivery_id == job.delivery_id
            threads[job.delivery_id] = Thread(state, changed_at, sent.get(job.delivery_id), None if is_own else first)
        return threads

    async def _first_of_places(self, job: Job, content: Content, chat: Chat) -> SentMessage | None:
        async with self._sessions() as session:
            return await message_queries.first_of_places(session, chat.id, job, content.data)

    def _renewals(
        self, job: Job, content: Content, thread: Thread, receiver: Receiver, chat: Chat
    ) -> list[MessageEdit]:
        """A digest also shows other alerts, so only `MessageEdits` edits digests."""
        first = thread.first
        if first is None or first.is_digest:
            return []
        whole = self._messages.whole(
            thread.state,
            job.cause,
            receiver.language,
            first.delivery_id,
            content.hazard,
            is_internal=receiver.is_internal,
        )
        return [MessageEdit(job.alert_id, chat, first.message_id, whole)]

    async def _renew(self, renewals: Sequence[MessageEdit]) -> set[UUID]:
        """Returns the alerts whose messages could not be edited.

        A failed edit does not fail the delivery, because `MessageEdits` repeats the edit later.
        """
        failed = {renewal.alert_id for renewal in renewals}
        try:
            async with asyncio.timeout(EDIT_SECONDS):
                for renewal in renewals:
                    await self._edit(renewal.chat, renewal.message_id, renewal.message)
                    failed.discard(renewal.alert_id)
        except BotApiError as error:
            if error.retry_after:
                self._limits.close(renewal.chat, error.retry_after)
            log.get().warning("telegram message not edited", code=error.code)
        except (OutboundError, Undelivered, TimeoutError) as error:
            log.get().warning("telegram message not edited", **log.described(error))
        return failed

    async def _compare(self, recipient: str, shown: Mapping[UUID, datetime | None], outdated: Collection[UUID]) -> None:
        """If an alert changed during the calls to Telegram, marks the first message about this alert as outdated.

        For alerts in `outdated`, marks the first message in any case. Every alert is marked in its own transaction,
        because two transactions with several locks could wait for each other.
        """
        with outage_logged("telegram message not compared"):
            if outdated:
                async with self._sessions.begin() as session:
                    await edit_queries.mark_outdated(session, recipient, outdated)
            for alert_id, shown_at in shown.items():
                async with self._sessions.begin() as session:
                    await edit_queries.mark_changed(session, recipient, alert_id, shown_at)

    async def _post(self, chat: Chat, message: ChatMessage, first: SentMessage | None) -> tuple[Chat, int]:
        """A group that became a supergroup has a new chat id, to which the message is then sent."""
        try:
            return chat, await self._message(chat, message, first)
        except BotApiError as error:
            if error.migrated_to is None:
                raise
            moved = Chat(error.migrated_to, chat.topic)
            async with self._sessions.begin() as session:
                await subscriptions.move(session, chat.address, moved.address)
            return moved, await self._message(moved, message, None)

    async def _message(self, chat: Chat, message: ChatMessage, first: SentMessage | None) -> int:
        """If Telegram refuses the topic or a link, sends the message once more without them."""
        fields: dict[str, Any] = {
            "reply_parameters": first and {"message_id": first.message_id, "allow_sending_without_reply": True},
            "message_thread_id": chat.topic,
            "disable_notification": message.is_silent or None,
        }
        await self._turn(chat)
        try:
            result = await self._api.call("sendMessage", chat_id=chat.id, **message.fields, **fields)
        except BotApiError as error:
            if error.code != HTTPStatus.BAD_REQUEST or not error.says(*NO_TOPIC, *BAD_LINK):
                raise
            if error.says(*NO_TOPIC):
                fields["message_thread_id"] = None
            result = await self._api.call("sendMessage", chat_id=chat.id, **message.without_links.fields, **fields)
        return int(result["message_id"])

    async def _edit(self, chat: Chat, message_id: int, message: ChatMessage) -> None:
        """Telegram refuses to edit a deleted or an unchanged message, and this refusal is ignored."""
        await self._turn(chat)
        try:
            await self._api.call("editMessageText", chat_id=chat.id, message_id=message_id, **message.fields)
        except BotApiError as error:
            if error.code != HTTPStatus.BAD_REQUEST:
                raise
            log.get().info("telegram message not edited", code=error.code)

    async def _turn(self, chat: Chat) -> None:
        is_reserved, seconds = self._limits.reserve(chat, MOST_WAIT_SECONDS)
        if not is_reserved:
            raise Undelivered("chat_limit", retry_after=seconds)
        await asyncio.sleep(seconds)

    async def _store(
        self,
        jobs: Sequence[Job],
        receiver: Receiver,
        chat: Chat,
        message_id: int,
        shown: Mapping[UUID, datetime | None],
    ) -> None:
        """Stores the message at once, so that no retry sends it twice.

        `shown` maps each alert of the digest to the time of its state in the digest. If an alert has changed since its
        time in `shown`, the digest is marked for an edit. If storing fails, the delivery succeeds nevertheless, because
        a retry would send the message twice.
        """
        with outage_logged("telegram message not stored"):
            async with self._sessions.begin() as session:
                await message_queries.store(session, jobs, chat.id, message_id, receiver.language)
                if len(jobs) > 1:
                    await edit_queries.mark_digest(session, chat.id, message_id, shown)
