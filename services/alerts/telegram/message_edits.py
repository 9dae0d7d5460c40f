"""If an alert changes without a new message, edits the first message about the alert, so that nobody reads old facts.

If an alert of a digest changes or is answered, edits the digest.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts.alerts import Alert
from services.alerts.delivery.notices import Cause
from services.alerts.delivery.texts import CHANGED
from services.alerts.delivery.words import MOST_SITES, ExposedSite, HazardWords
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import contacts as contact_queries
from services.alerts.queries import deliveries as delivery_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.queries import telegram_edits as edit_queries
from services.alerts.queries.telegram_edits import AT_ONCE, OutdatedMessage
from services.alerts.receivers.receivers import Contact, Receiver
from services.alerts.telegram.bot_api import BotApi, BotApiError
from services.alerts.telegram.chat_messages import ChatMessage, ChatMessages, DigestItem
from services.alerts.telegram.chats import Chat
from services.alerts.telegram.limits import ChatLimits
from shared import log
from shared.events.vocabulary import DeliveryChannel
from shared.failures import retry_while_unavailable
from shared.outbound_errors import OutboundError
from shared.postgres import database

LOOK_SECONDS = 1.0
FOR_MESSAGES = 10  # Of the messages that a group may get in a minute, this number stays reserved for new messages.
# Somebody deleted the message or blocked the bot, so a later edit cannot succeed.
FINAL = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN})
TRIED_FOR = timedelta(hours=24)  # If an edit still fails this long after the alert's change, the edit is given up.


@dataclass(frozen=True, slots=True)
class Facts:
    alerts: Mapping[UUID, Alert]
    words: Mapping[UUID, HazardWords]
    receivers: Mapping[str, Receiver]
    further: Mapping[str, Sequence[Contact]]
    sites: Mapping[UUID, ExposedSite]

    def receiver_of(self, message: OutdatedMessage) -> Receiver | None:
        """Returns None if the receiver was removed, or has another chat now."""
        receiver = self.receivers.get(message.recipient)
        if receiver is None:
            return None
        contacts = (receiver.first_contact, *self.further.get(receiver.label, ()))
        chats = {Chat.of(contact.address).id for contact in contacts if contact.channel is DeliveryChannel.TELEGRAM}
        return receiver if message.chat_id in chats else None

    def words_for(self, alert: Alert, receiver: Receiver) -> HazardWords | None:
        texts = self.words.get(alert.hazard_id) if alert.hazard_id else None
        if texts is None:
            return None
        own = site_ids(alert)
        named = [names for site_id, names in self.sites.items() if site_id in own]
        return texts.naming(named[:MOST_SITES]).for_receiver(is_internal=receiver.is_internal)


class MessageEdits:
    """Runs until cancelled.

    Several workers may run this task, because each skips messages that another worker edits.
    """

    def __init__(
        self, api: BotApi, messages: ChatMessages, sessions: async_sessionmaker[AsyncSession], limits: ChatLimits
    ) -> None:
        self._api, self._messages, self._sessions, self._limits = api, messages, sessions, limits

    async def run(self) -> None:
        while True:
            if await retry_while_unavailable(self.edit) < AT_ONCE:
                await asyncio.sleep(LOOK_SECONDS)

    async def edit(self) -> int:
        async with database.committed(self._sessions) as session:
            outdated = await edit_queries.claim(session)
            facts = await facts_of(session, outdated)
        for message in outdated:
            await self._edit(message, facts)
        return len(outdated)

    async def _edit(self, message: OutdatedMessage, facts: Facts) -> None:
        """If the chat's limits permit no edit now, the edit waits.

        The edit also waits if Telegram does not answer or refuses the token. An edit that still fails at TRIED_FOR
        after the alert's last change is given up until the next change.
        """
        alert, receiver = facts.alerts.get(message.alert_id), facts.receiver_of(message)
        if message.is_digest:
            await self._edit_digest(message, is_received=receiver is not None)
        elif alert is None or receiver is None:
            await self._settle(message, None)
        elif self._has_time(message):
            texts, cause = facts.words_for(alert, receiver), Cause.RESOLVED if alert.resolved_at else CHANGED
            whole = self._messages.whole(
                alert, cause, message.language, message.delivery_id, texts, is_internal=receiver.is_internal
            )
            is_final = await self._is_final(message, whole)
            if is_final or alert.changed_at < datetime.now(UTC) - TRIED_FOR:
                await self._settle(message, alert)

    async def _edit_digest(self, digest: OutdatedMessage, *, is_received: bool) -> None:
        """All alerts keep their order and numbers.

        If an alert is unreadable or its number is unknown, the digest is not edited.
        """
        async with database.committed(self._sessions) as session:
            deliveries = await edit_queries.deliveries_of(session, digest)
            alerts = await alert_queries.by_id(session, {delivery.alert_id for delivery in deliveries})
        is_in_order = [delivery.position for delivery in deliveries] == list(range(len(deliveries)))
        if not (is_received and is_in_order) or any(delivery.alert_id not in alerts for delivery in deliveries):
            await self._settle_digest(digest, None)
        elif self._has_time(digest):
            items = [
                DigestItem(alerts[delivery.alert_id], delivery.cause, delivery.delivery_id) for delivery in deliveries
            ]
            is_final = await self._is_final(digest, self._messages.digest(items, digest.language))
            changes = {alert.alert_id: alert.changed_at for alert in alerts.values()}
            if is_final or max(changes.values()) < datetime.now(UTC) - TRIED_FOR:
                await self._settle_digest(digest, changes)

    def _has_time(self, message: OutdatedMessage) -> bool:
        is_reserved, _ = self._limits.reserve(Chat(message.chat_id), 0, kept_free=FOR_MESSAGES)
        return is_reserved

    async def _is_final(self, message: OutdatedMessage, whole: ChatMessage) -> bool:
        """Returns True if Telegram has made the edit, or will never make it.

        A deleted or unchanged message stays as it is.
        """
        place = {"chat_id": message.chat_id, "message_id": message.message_id}
        try:
            await self._api.call("editMessageText", **place, **whole.fields)
        except BotApiError as error:
            if error.retry_after:
                self._limits.close(Chat(message.chat_id), error.retry_after)
            log.get().info("telegram message not edited", code=error.code)
            return error.code in FINAL
        except OutboundError as error:
            log.get().warning("telegram message not edited", **log.described(error))
            return False
        return True

    async def _settle(self, message: OutdatedMessage, alert: Alert | None) -> None:
        async with database.committed(self._sessions) as session:
            await edit_queries.settle(session, message, None if alert is None else alert.changed_at)

    async def _settle_digest(self, digest: OutdatedMessage, shown: Mapping[UUID, datetime] | None) -> None:
        async with database.committed(self._sessions) as session:
            await edit_queries.settle_digest(session, digest, shown)


async def facts_of(session: AsyncSession, outdated: Collection[OutdatedMessage]) -> Facts:
    if not outdated:
        return Facts({}, {}, {}, {}, {})
    alerts = await alert_queries.by_id(session, {message.alert_id for message in outdated})
    hazards = {alert.hazard_id for alert in alerts.values() if alert.hazard_id is not None}
    texts = await delivery_queries.stored_words(session, hazards)
    receivers = {receiver.label: receiver for receiver in await receiver_queries.receivers(session)}
    further = await contact_queries.further(session, {message.recipient for message in outdated})
    sites = await delivery_queries.named_sites(session, {id for alert in alerts.values() for id in site_ids(alert)})
    return Facts(alerts, texts, receivers, further, sites)


def site_ids(alert: Alert) -> frozenset[UUID]:
    return frozenset(map(UUID, alert.figures.get("sites", ())))
