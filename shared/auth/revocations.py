"""Revoked credentials, which every web process reads from the topic `access`."""

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared import events, log
from shared.auth import revocation_snapshots
from shared.auth.tokens import Principal
from shared.auth.unverified import UnverifiedRecords
from shared.config import Settings
from shared.crypto.keyring import UnknownKey
from shared.events import CredentialKind, CredentialRestored, CredentialRevoked, EventData, TeamReadmitted
from shared.failures import Backoff, SetAside
from shared.messaging import kafka
from shared.messaging.handlers import HandlerMissing, missing_types
from shared.messaging.records import Record
from shared.messaging.signatures import UNKNOWN_KEY, RecordVerifier

logger = log.get()


CONFIRM_SECONDS = 60  # seconds between two checks that the topic is read to the end, and between two snapshots
CONFIRM_TIMEOUT = 5
KEY_SECONDS = 5  # interval of the search for missing signature keys
WRITE_SECONDS = 2  # seconds from a change to the next snapshot, so that close changes share a snapshot

Credential = tuple[CredentialKind, UUID]


class Revocations:
    """A revocation takes effect within 5 s.

    Raises HandlerMissing.

    `is_complete` becomes true when the topic is read to the end. Until `is_complete`, the service uses a snapshot and
    the records that were read so far. If the snapshot is missing or older than 24 hours, the revocations are unknown.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._verifier = RecordVerifier(settings)
        self._revoked: dict[Credential, CredentialRevoked] = {}
        self._readmitted: dict[UUID, datetime] = {}
        self._unverified = UnverifiedRecords()
        self._positions: dict[TopicPartition, int] = {}
        self._file = revocation_snapshots.file_of(settings)
        self._snapshot = revocation_snapshots.load(self._file)
        self._snapshot_revoked = (
            {_credential(change): change for change in self._snapshot.revoked} if self._snapshot else {}
        )
        self._handlers: dict[type[EventData], Callable[[Any], None]] = {
            CredentialRevoked: self._revoke,
            CredentialRestored: self._restore,
            TeamReadmitted: self._readmit,
        }
        if missing := missing_types((CredentialRevoked.topic,), {model.event_type for model in self._handlers}):
            raise HandlerMissing(*missing)
        self._read_at: datetime | None = None
        self._confirm_at = self._write_at = self._verify_at = 0.0
        self._reading = asyncio.Lock()
        self.is_complete = False
        self.changed = asyncio.Condition()

    @property
    def is_known(self) -> bool:
        return self.is_complete or self.known_since is not None

    @property
    def known_since(self) -> datetime | None:
        """Return the time of the snapshot in use, or None if no snapshot is in use."""
        if self.is_complete or self._snapshot is None or not self._snapshot.is_usable(datetime.now(UTC)):
            return None
        return self._snapshot.read_at

    def is_revoked(self, principal: Principal) -> bool:
        # Compare with the time of the sign-in: the token may have been issued later than the revocation, by a renewal.
        return self.ends(credentials(principal), principal.signed_in_at or principal.issued_at)

    def is_disabled(self, account: UUID) -> bool:
        """True if the account is disabled.

        A change of password or rights only ends earlier sessions, and does not disable the account. False while the
        revocations are unknown.
        """
        return self.is_known and self.ends([(CredentialKind.ACCOUNT, account)], sys.maxsize)

    def ends(self, names: Sequence[Credential], began_at: int) -> bool:
        """`began_at` is the Unix time at which the session began."""
        sources = (self._revoked,) if self.is_complete else (self._revoked, self._snapshot_revoked)
        return any(
            revoked is not None and (revoked.issued_before is None or began_at < revoked.issued_before.timestamp())
            for source in sources
            if source
            for revoked in map(source.get, names)
        )

    def is_readmitted(self, principal: Principal) -> bool:
        until = self._readmitted.get(principal.team) if principal.team else None
        return until is not None and datetime.now(UTC) < until

    async def until_complete(self) -> None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.is_complete)

    async def run(self) -> None:
        """Read the topic until cancelled.

        After an error, the reading is retried, and the known revocations stay in force. Several apps of a process can
        share this object. Of several apps, only one reads at a time.
        """
        async with self._reading:
            await kafka.follow(self._settings, self._read)

    async def _read(self, consumer: AIOKafkaConsumer, backoff: Backoff) -> None:
        begins, ends = await kafka.assign_all(consumer, self._settings, [CredentialRevoked.topic])
        # A retry continues at the last position. If a retry began at the start of the topic, old records would undo
        # newer revocations for a moment.
        for partition, begin in begins.items():
            consumer.seek(partition, self._positions.get(partition, begin))
        while True:
            if not self.is_complete and await kafka.reached(consumer, ends):
                self.is_complete, self._read_at, self._write_at = True, datetime.now(UTC), time.monotonic()
                await self._tell_changed()
            await self._keep_snapshot(consumer, list(ends))
            await self._verify_again()
            for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    await self._apply(kafka.record(record, self._settings.topic_prefix))
                    self._positions[partition] = record.offset + 1
            backoff.reset()

    async def _apply(self, *records: Record) -> None:
        """Apply the records without an `await` between them.

        Without an `await`, a request sees either all changes or none.
        """
        changes = [self._is_applied(record) for record in records]
        if any(changes):
            await self._tell_changed()

    async def _verify_again(self) -> None:
        """Try the waiting records again.

        When a key has arrived, apply its records, and then the later records of the same credentials.
        """
        if time.monotonic() >= self._verify_at:
            self._verify_at = time.monotonic() + KEY_SECONDS
            for credential in self._unverified:
                await self._apply(*self._unverified.take(credential))

    def _is_applied(self, record: Record) -> bool:
        """Apply the record. Return False if the record changed nothing: it waits for its key, or is invalid."""
        is_behind = self._unverified.holds(record)
        is_kept = is_behind and self._unverified.add(record)
        try:
            change = self._verified(record)
            if is_behind and not is_kept:
                # There is no space for this record in the queue. The record is the newest about its credential, so it
                # replaces the waiting records.
                self._unverified.take(record.key)
            return self._change(change)
        except UnknownKey:
            if not is_behind:
                self._unverified.add(record)
        except (events.UnknownEventType, events.MalformedEvent, SetAside) as error:
            logger.warning("access event not understood", **log.described(error))
        return False

    def _verified(self, record: Record) -> Any:
        """Raises UnknownKey if the signature key is missing."""
        try:
            self._verifier.verify(record)
        except SetAside as error:
            if error.reason == UNKNOWN_KEY:
                raise UnknownKey from error
            raise
        return events.decode(record.topic, record.value, record.headers).data

    def _change(self, change: Any) -> bool:
        self._handlers[type(change)](change)
        self._write_at = min(self._write_at, time.monotonic() + WRITE_SECONDS)
        return True

    def _readmit(self, change: TeamReadmitted) -> None:
        self._readmitted[change.team] = change.until

    def _revoke(self, change: CredentialRevoked) -> None:
        self._revoked[_credential(change)] = change

    def _restore(self, change: CredentialRestored) -> None:
        self._revoked.pop(_credential(change), None)

    async def _tell_changed(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def _keep_snapshot(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        """Write a snapshot when one is due.

        A snapshot's `read_at` is the last time when the broker confirmed that the topic was read to the end.
        """
        now = time.monotonic()
        if self.is_complete and now >= self._confirm_at:
            self._confirm_at = now + CONFIRM_SECONDS
            if await is_at_end(consumer, partitions):
                self._read_at, self._write_at = datetime.now(UTC), now
        if self._read_at is not None and now >= self._write_at:
            self._write_at = now + CONFIRM_SECONDS
            revoked = list(self._revoked.values())
            await asyncio.to_thread(revocation_snapshots.save, self._file, self._read_at, revoked)


async def is_at_end(consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> bool:
    """Ask the broker for the end of the topic.

    The absence of records is no proof, because a frozen broker sends no records.
    """
    try:
        async with asyncio.timeout(CONFIRM_TIMEOUT):
            return await kafka.reached(consumer, await consumer.end_offsets(list(partitions)))
    except TimeoutError:
        return False


def _credential(change: CredentialRevoked) -> Credential:
    return change.kind, change.credential_id


def credentials(principal: Principal) -> list[Credential]:
    known = [(CredentialKind.TOKEN, principal.jti), (CredentialKind.ACCOUNT, principal.account)]
    if principal.device is not None:
        known.append((CredentialKind.DEVICE, principal.device))
    return known
