"""Digests of report contents.

Digests show whether a report with a known id is a repeat or has other content.

Digests are HMACs: from a hash without a key, somebody could guess a phone number. A digest is computed with the oldest
key, and then with each newer key from the previous result. A new key can be applied to the stored digests, without
decrypting any report. An attacker with the database needs all keys of the folder to guess contents.
"""

import hmac
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, func, insert, literal, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.config import RegistrySettings
from services.registry.models import DigestKey, DuplicatePair, DuplicateReview, HeldStock, HouseholdSearchKeys, Report
from shared.crypto.keyring import Keyring
from shared.events import CORRECTION, GroupReported, HouseholdMovementReported, HouseholdReported, event_id
from shared.events.vocabulary import ReportKind
from shared.messaging.models import InboxEvent
from shared.messaging.offsets import Fenced
from shared.postgres import database

ROWS_AT_ONCE = 5_000
REKEY_SECONDS = 600

KNOWN = select(DigestKey.key_id)
# Each batch locks rows of `consumer_offsets`, so this table lock stops all batches while a new key is applied.
# raw SQL: SQLAlchemy has no LOCK TABLE
ALONE = text("LOCK TABLE consumer_offsets IN EXCLUSIVE MODE")
# raw SQL: these statements read all rows by a cursor, and update thousands of rows by array parameters
INBOX = "SELECT event_id, digest FROM inbox"
REPORTS = "SELECT report_id, version, author, kind, digest FROM reports"
INBOX_LAID = """
UPDATE inbox SET digest = laid.digest FROM unnest($1::uuid[], $2::bytea[]) AS laid (event_id, digest)
WHERE inbox.event_id = laid.event_id
"""
REPORTS_LAID = """
UPDATE reports SET digest = laid.digest
FROM unnest($1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::bytea[])
    AS laid (report_id, version, author, kind, digest)
WHERE (reports.report_id, reports.version, reports.author, reports.kind)
    = (laid.report_id, laid.version, laid.author, laid.kind)
"""


class Digests:
    """Call `lay_newest` before the worker reads its first record."""

    def __init__(self, folder: Path) -> None:
        self._ring = Keyring(folder)
        self._laid: list[bytes] = list(self._ring.keys.values())
        self._key_id = self._ring.newest[0]

    def __call__(self, digest: bytes) -> bytes:
        for key in self._laid:
            digest = hmac.digest(key, digest, "sha256")
        return digest

    async def renew(self, settings: RegistrySettings) -> int:
        """If the folder has a newer key than at the last call, apply the new key to all stored digests."""
        return 0 if self._ring.newest[0] == self._key_id else await self.lay_newest(settings)

    async def lay_newest(self, settings: RegistrySettings) -> int:
        """Other workers wait until the stored digests are changed.

        Raises UnknownKey if the key that was applied last is missing.
        """
        async with (
            database.opened(settings, idle_seconds=REKEY_SECONDS) as engine,
            database.sessions(engine).begin() as session,
        ):
            await session.execute(ALONE)
            return await self._lay(session)

    async def _lay(self, session: AsyncSession) -> int:
        laid = await session.scalar(KNOWN)
        if laid is not None:
            # raises UnknownKey if the folder lacks the applied key; an older key must not be used
            self._ring.find(laid)
        newest = self._ring.newest[0]
        self._use(newest)
        if laid == newest:
            return 0
        new = [key for key_id, key in self._ring.keys.items() if laid is None or key_id > laid]
        count = await lay(session, INBOX, INBOX_LAID, new) + await lay(session, REPORTS, REPORTS_LAID, new)
        await session.execute(delete(DigestKey))
        await session.execute(insert(DigestKey).values(key_id=newest))
        return count

    async def hold(self, session: AsyncSession) -> None:
        """Raise Fenced if another worker has applied a newer key.

        After Fenced, the worker must read the batch again with the newer key.
        """
        laid = await session.scalar(KNOWN)
        if laid is None or laid == self._key_id:
            return
        self._ring.find(laid)  # raises UnknownKey while the folder lacks the key
        self._use(laid)
        raise Fenced

    def _use(self, key_id: str) -> None:
        self._key_id = key_id
        self._laid = [key for known, key in self._ring.keys.items() if known <= key_id]


async def lay(session: AsyncSession, select: str, update: str, keys: Sequence[bytes]) -> int:
    """Apply the keys one after the other to each stored digest.

    The HMAC with one key is the input of the HMAC with the next key, and the last HMAC is stored.

    `select` reads the rows, and `update` writes them in batches, in the caller's transaction. An empty digest belongs
    to an erased household or group, and stays empty.
    """
    connection, count = await database.driver(session), 0
    cursor = await connection.cursor(select)
    while rows := await cursor.fetch(ROWS_AT_ONCE):
        values = [(*tuple(row)[:-1], over(row["digest"], keys)) for row in rows]
        await connection.execute(update, *zip(*values, strict=True))
        count += len(rows)
    return count


def over(digest: bytes, keys: Sequence[bytes]) -> bytes:
    if not digest:
        return digest
    for key in keys:
        digest = hmac.digest(key, digest, "sha256")
    return digest


async def stored(session: AsyncSession) -> int:
    """Return the number of stored digests. Each stored digest was computed with all keys."""
    counts = [
        select(func.count()).select_from(model).where(model.digest != b"").scalar_subquery()
        for model in (Report, InboxEvent)
    ]
    return await session.scalar(select(sum(counts, start=literal(0)))) or 0


async def remove(session: AsyncSession, subject_id: UUID) -> int:
    """The search keys, the duplicates, and the stock of the held count are removed too.

    The inbox keeps the event ids, so that a repeated report has no effect. An event with an empty digest is always
    treated as a repeat. Intake deletes its own copies of the ids (`erase` in intake's `sheets.queries`). The caller
    commits.
    """
    is_about = Report.subject_id == subject_id
    await session.execute(delete(HeldStock).where(HeldStock.group_id == subject_id))
    names = select(Report.report_id, Report.version, Report.author, Report.kind).where(is_about)
    reports = (await session.execute(names)).all()
    event_ids = [event_id(type_of(kind, version), author, id, version) for id, version, author, kind in reports]
    await session.execute(update(Report).where(is_about).values(digest=b""))
    await session.execute(delete(HouseholdSearchKeys).where(HouseholdSearchKeys.household_id == subject_id))
    for pairs in (DuplicatePair, DuplicateReview):
        is_in_pair = or_(pairs.household_id == subject_id, pairs.other_id == subject_id)
        await session.execute(delete(pairs).where(is_in_pair))
    await session.execute(update(InboxEvent).where(InboxEvent.event_id.in_(event_ids)).values(digest=b""))
    return len(reports)


def type_of(kind: str, version: int) -> str:
    if kind in (ReportKind.HOUSEHOLD_MOVEMENT, ReportKind.GROUP_MOVEMENT, ReportKind.SITE_MOVEMENT):
        return HouseholdMovementReported.event_type
    if version > 1:
        return CORRECTION
    return HouseholdReported.event_type if kind == "household" else GroupReported.event_type


__all__ = ["Digests", "lay", "remove", "stored"]
