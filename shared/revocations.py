"""The revoked credentials, followed from the topic `access` by every web process."""

import asyncio
from contextlib import suppress
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared import events, kafka, log
from shared.auth import Principal
from shared.config import Settings
from shared.events import CredentialKind, CredentialRevoked

logger = log.get()


class Revocations:
    """Known to the topic's end before `is_complete`; a change is in force as soon as it is read, well within 5 s."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._revoked: dict[tuple[CredentialKind, UUID], CredentialRevoked] = {}
        self.is_complete = False
        self.changed = asyncio.Condition()

    def is_revoked(self, principal: Principal) -> bool:
        if not self._revoked:
            return False
        return any(
            revoked is not None
            and (revoked.issued_before is None or principal.issued_at < revoked.issued_before.timestamp())
            for revoked in map(self._revoked.get, credentials(principal))
        )

    async def run(self) -> None:
        """Reads for ever; a broker that is away is waited for, and what is known stays in force meanwhile."""
        topic = self._settings.topic_prefix + CredentialRevoked.topic
        consumer = AIOKafkaConsumer(
            **kafka.options(self._settings), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await kafka.start(consumer)
        try:
            partitions = [TopicPartition(topic, number) for number in sorted(await kafka.partitions(consumer, topic))]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)
            while True:
                self.is_complete = self.is_complete or await reached(consumer, ends)
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        await self._apply(record.value, record.headers)
        finally:
            with suppress(asyncio.CancelledError):
                await consumer.stop()

    async def _apply(self, value: bytes | None, headers: tuple[tuple[str, bytes], ...]) -> None:
        try:
            change = events.decode(value, headers).data
        except (events.UnknownEventType, events.MalformedEvent) as error:
            logger.warning("access event not understood", **log.described(error))
            return
        name = (change.kind, change.credential_id)
        if change.event_type == CredentialRevoked.event_type:
            self._revoked[name] = change
        else:
            self._revoked.pop(name, None)
        async with self.changed:
            self.changed.notify_all()


def credentials(principal: Principal) -> list[tuple[CredentialKind, UUID]]:
    found = [(CredentialKind.TOKEN, principal.jti), (CredentialKind.ACCOUNT, principal.account)]
    if principal.device is not None:
        found.append((CredentialKind.DEVICE, principal.device))
    return found


async def reached(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    for partition, end in ends.items():
        if await consumer.position(partition) < end:
            return False
    return True
