"""The revoked credentials, followed from the topic `access` by every web process."""

import asyncio
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared import events, kafka, log
from shared.auth import Principal
from shared.config import Settings
from shared.events import CredentialKind, CredentialRevoked
from shared.faults import Backoff

logger = log.get()


class Revocations:
    """Known to the topic's end before `is_complete`; a change is in force as soon as it is read, well within 5 s."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._revoked: dict[tuple[CredentialKind, UUID], CredentialRevoked] = {}
        self._positions: dict[TopicPartition, int] = {}
        self.is_complete = False
        self.changed = asyncio.Condition()

    def is_revoked(self, principal: Principal) -> bool:
        if not self._revoked:
            return False
        # by the sign-in: a session renewed before the revocation was read is no newer for it
        began_at = principal.signed_in_at or principal.issued_at
        return any(
            revoked is not None and (revoked.issued_before is None or began_at < revoked.issued_before.timestamp())
            for revoked in map(self._revoked.get, credentials(principal))
        )

    async def run(self) -> None:
        """Reads for ever; a broker that is away or refuses is waited for, and what is known stays in force meanwhile."""
        backoff = Backoff()
        while True:
            try:
                with kafka.no_end_of_ours():
                    await self._read(backoff)
            except KafkaError as error:
                logger.warning("revocations are read again", **log.described(error))
            await backoff.wait()

    async def _read(self, backoff: Backoff) -> None:
        topic = self._settings.topic_prefix + CredentialRevoked.topic
        consumer = AIOKafkaConsumer(
            **kafka.options(self._settings), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            await kafka.start_when_there(consumer)
            partitions = [TopicPartition(topic, number) for number in sorted(await kafka.partitions(consumer, topic))]
            consumer.assign(partitions)
            begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
            for partition in partitions:  # not from the start again: what was revoked twice would be free in between
                consumer.seek(partition, self._positions.get(partition, begins[partition]))
            while True:
                self.is_complete = self.is_complete or await kafka.reached(consumer, ends)
                for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                    for record in records:
                        await self._apply(record.value, record.headers)
                        self._positions[partition] = record.offset + 1
                backoff.reset()
        finally:
            await kafka.stop(consumer)

    async def _apply(self, value: bytes | None, headers: tuple[tuple[str, bytes], ...]) -> None:
        try:
            change = events.decode(CredentialRevoked.topic, value, headers).data
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
