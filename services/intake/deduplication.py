"""Finds duplicate reports by their fingerprints, which are stored in Valkey.

Intake can miss a duplicate; the service that consumes the report then finds the duplicate.
"""

import asyncio
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from services.intake.drafts import Draft, name_of
from shared.circuits import BUDGET_SECONDS, Circuit, CircuitOpen
from shared.config import Settings, secret
from shared.crypto.keyring import Keyring

DAY_SECONDS = 86_400
AT_ONCE = 2_000
VERSIONS = range(1, 4)
NAME_SECONDS = 0.0002  # each name in a call to Valkey adds this time to the call's timeout

SCRIPT = """
local kept = tonumber(ARGV[1])
for i = 1, kept do redis.call('SET', KEYS[i], ARGV[i + 2], 'EX', ARGV[2]) end
local found = {}
for i = kept + 1, #KEYS do found[#found + 1] = redis.call('GET', KEYS[i]) end
return found
"""


class Fingerprint(NamedTuple):
    """`mark` is an HMAC of the content. A reader of Valkey without the key cannot guess the content."""

    name: bytes
    mark: bytes


@dataclass(slots=True)
class Question:
    names: Sequence[bytes]
    fingerprints: Sequence[Fingerprint]
    answer: asyncio.Future[list[bytes | None]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Deduplication:
    """Questions that arrive during a call to Valkey share the next call.

    While Valkey does not answer in time, each report counts as new, and no fingerprint is stored.
    """

    def __init__(self, settings: Settings, keys: Path) -> None:
        self._topic_prefix, self._ring, self._key_id = settings.topic_prefix, Keyring(keys), ""
        # Valkey keeps fingerprints as long as Kafka keeps a report.
        self._remembered_seconds = math.ceil(settings.displacements_days * DAY_SECONDS)
        self._valkey = Redis.from_url(
            settings.redis_url,
            password=secret(settings.redis_password_file),
            single_connection_client=True,
            retry=Retry(NoBackoff(), 1),
        )
        self._circuit = Circuit("valkey", self._valkey.ping, failures=(RedisError,))
        self._script = self._valkey.register_script(SCRIPT)
        self._questions: list[Question] = []
        self._has_questions = asyncio.Event()

    def fingerprint(self, draft: Draft) -> Fingerprint:
        key_id, key = self._ring.newest
        if key_id != self._key_id:
            self._use(key_id, key)
        mac = self._mac.copy()  # copying an HMAC object takes half the time of making a new one
        mac.update(draft.content)
        return Fingerprint(self._prefix + draft.name, mac.finalize()[:16])

    def _use(self, key_id: str, key: bytes) -> None:
        """Use a separate prefix for each key.

        Two keys give different HMACs of the same content. Without the prefix, a report would look changed after a new
        key.
        """
        self._key_id, self._mac = key_id, HMAC(key, SHA256())
        self._prefix = self._prefix_of(key_id)

    def _prefix_of(self, key_id: str) -> bytes:
        return f"{self._topic_prefix}memory:{key_id}:".encode()

    async def marks(self, fingerprints: Sequence[Fingerprint]) -> list[bytes | None]:
        return await self._ask(Question([fingerprint.name for fingerprint in fingerprints], ()))

    async def keep(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Store fingerprints. The reports must be safe: acknowledged by Kafka, or synced to disk."""
        await self._ask(Question((), fingerprints))

    async def accepted(self, author: UUID, report_ids: Collection[UUID]) -> list[UUID] | None:
        """Return the reports that intake has accepted from this author, or None if Valkey did not answer.

        The lookup covers versions 1 to 3 of each report. Higher versions need no lookup: authors send them only after
        an outcome, and a report with an outcome is known. The lookup uses all keys, because a key may have been added
        since the report came.
        """
        ids, _ = list(report_ids), self._ring.newest  # reading `newest` also loads new keys
        if not ids:
            return []
        prefixes = [self._prefix_of(key_id) for key_id in self._ring.keys]
        names = [
            prefix + name_of(author, id.bytes, version) for prefix in prefixes for version in VERSIONS for id in ids
        ]
        try:
            marks = await self._circuit.call(
                lambda: self._valkey.mget(names), budget=BUDGET_SECONDS + NAME_SECONDS * len(names)
            )
        except CircuitOpen:
            return None
        return [id for number, id in enumerate(ids) if any(marks[number :: len(ids)])]

    async def forget(self, names: Sequence[bytes]) -> bool:
        """Delete fingerprints. Return False if Valkey did not answer."""
        key_id, _ = self._ring.newest
        keys = [self._prefix_of(key_id) + name for name in names]
        try:
            await self._circuit.call(
                lambda: self._valkey.delete(*keys), budget=BUDGET_SECONDS + NAME_SECONDS * len(keys)
            )
        except CircuitOpen:
            return False
        return True

    async def is_there(self) -> bool:
        return await self._reply([]) is not None

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._circuit.run())
                await self._answer_all()
        finally:
            await self._valkey.aclose()

    async def _answer_all(self) -> None:
        while True:
            await self._has_questions.wait()
            questions, self._questions = (self._questions[:AT_ONCE], self._questions[AT_ONCE:])
            if not self._questions:
                self._has_questions.clear()
            answer(questions, await self._reply(questions))

    async def _ask(self, question: Question) -> list[bytes | None]:
        if self._circuit.is_open:
            return [None] * len(question.names)
        self._questions.append(question)
        self._has_questions.set()
        return await question.answer

    async def _reply(self, questions: Sequence[Question]) -> list[bytes | None] | None:
        fingerprints = [fingerprint for question in questions for fingerprint in question.fingerprints]
        names = [name for question in questions for name in question.names]
        keys = [*(fingerprint.name for fingerprint in fingerprints), *names]
        marks = [fingerprint.mark for fingerprint in fingerprints]
        args: list[int | bytes] = [len(fingerprints), self._remembered_seconds, *marks]
        try:
            reply: list[bytes | None] = await self._circuit.call(
                lambda: self._script(keys=keys, args=args), budget=BUDGET_SECONDS + NAME_SECONDS * len(keys)
            )
        except CircuitOpen:
            return None
        return reply


def answer(questions: Iterable[Question], marks: Sequence[bytes | None] | None) -> None:
    """Distribute Valkey's reply to the questions. Without a reply, the mark of each name is None."""
    start = 0
    for question in questions:
        end = start + len(question.names)
        if not question.answer.done():
            question.answer.set_result([None] * len(question.names) if marks is None else list(marks[start:end]))
        start = end
