"""Encrypts each new draft, and publishes or spools the record. Copies of a known report are not published."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from aiokafka.errors import MessageSizeTooLargeError

from services.intake import unchecked
from services.intake.counts import Counts
from services.intake.deduplication import Deduplication, Fingerprint
from services.intake.drafts import Draft, HazardDraft, marked, name_in, unmarked
from services.intake.spool import Spool, SpoolFull
from shared import log
from shared.auth.revocations import Revocations
from shared.crypto.seal import Sealer
from shared.events import Message
from shared.failures import DependencyUnavailable
from shared.messaging.publisher import BrokerAway, Publisher

logger = log.get()

ACK_SECONDS = 2.0
DRAIN_SECONDS = 60.0
PAUSE_SECONDS = 0.5
ENDED = "publication has ended"
SEALED_AT_ONCE = 200  # sealing 200 records takes about 2 ms


class Answer(StrEnum):
    ACCEPTED = "accepted"
    SPOOLED = "spooled"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    FULL = "full"


@dataclass(slots=True)
class WaitingDraft:
    draft: Draft
    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Publication:
    """For each report: looks up its fingerprint, seals, publishes or spools, stores the fingerprint, and answers."""

    def __init__(
        self,
        *,
        deduplication: Deduplication,
        sealer: Sealer,
        publisher: Publisher,
        spool: Spool,
        counts: Counts,
        revocations: Revocations,
    ) -> None:
        self.deduplication, self.sealer, self.publisher, self.spool = (deduplication, sealer, publisher, spool)
        self.counts, self.revocations = counts, revocations
        self._waiting: list[WaitingDraft] = []
        self._has_waiting = asyncio.Event()
        self._has_ended = False

    async def publish(self, draft: Draft) -> Answer:
        """Publish the draft, and return the answer.

        All drafts of one iteration of the event loop share a batch. The task `run` publishes the batch, so that a
        cancelled caller cannot stop the answers to other callers. Raises DependencyUnavailable if `run` ends before the
        answer.
        """
        if self._has_ended:
            raise DependencyUnavailable(ENDED)
        waiting = WaitingDraft(draft)
        self._waiting.append(waiting)
        self._has_waiting.set()
        return await waiting.answer

    async def publish_batch(self, drafts: Sequence[Draft]) -> list[Answer]:
        """Publish a batch, and return an answer for each draft.

        If concurrent batches contain copies of a report, several copies may be published.
        """
        fingerprints = [self.deduplication.fingerprint(draft) for draft in drafts]
        answers = compared(fingerprints, await self.deduplication.marks(fingerprints))
        new = [index for index, answer in enumerate(answers) if answer is Answer.ACCEPTED]
        if new:
            result = await self._publish_or_spool([drafts[index] for index in new])
            if result is not Answer.FULL:
                final = [index for index in new if not may_be_withheld(drafts[index])]
                await self.deduplication.keep([fingerprints[index] for index in final])
            answers = answered(fingerprints, answers, new=new, result=result)
        for draft, answer in zip(drafts, answers, strict=True):
            self.counts.add(draft.channel, answer)
        return answers

    async def run(self) -> None:
        """Publish waiting drafts and spooled records, until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.spool.drain(self._publish_checked))
                while True:
                    await self._has_waiting.wait()
                    self._has_waiting.clear()
                    batch, self._waiting = self._waiting, []
                    # A callback always runs. A `finally` block would not run if the task is cancelled before its
                    # first step.
                    tasks.create_task(self._publish(batch)).add_done_callback(partial(fail_unanswered, batch))
        finally:
            self._has_ended = True
            fail_unanswered(self._waiting)

    async def _publish(self, batch: Sequence[WaitingDraft]) -> None:
        try:
            answers = await self.publish_batch([waiting.draft for waiting in batch])
        except Exception as error:  # noqa: BLE001 - the callers raise it
            for waiting in batch:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
        else:
            for waiting, answer in zip(batch, answers, strict=True):
                if not waiting.answer.done():
                    waiting.answer.set_result(answer)

    def _finished(self, draft: Draft) -> Message:
        return unchecked.marked(draft.finish(self.sealer), draft.unchecked)

    async def _finish_all(self, drafts: Sequence[Draft]) -> list[Message]:
        """Sealing a thousand reports at once would delay all other requests."""
        messages: list[Message] = []
        for start in range(0, len(drafts), SEALED_AT_ONCE):
            if start:
                await asyncio.sleep(0)
            messages += map(self._finished, drafts[start : start + SEALED_AT_ONCE])
        return messages

    async def _publish_or_spool(self, drafts: Sequence[Draft]) -> Answer:
        """Spool all drafts while the spool contains records, so that the records keep their order."""
        messages = await self._finish_all(drafts)
        if self.spool.is_empty and not any(draft.unchecked for draft in drafts):
            try:
                await self.publisher.publish_all(messages, timeout=ACK_SECONDS)
            except BrokerAway:
                pass
            else:
                return Answer.ACCEPTED
        try:
            await self.spool.add(list(map(marked, messages, drafts)))
        except SpoolFull:
            return Answer.FULL
        return Answer.SPOOLED

    async def _publish_checked(self, messages: Sequence[Message]) -> list[Message]:
        """Publish spooled records. Return the records that were not published, which a person must examine."""
        published, withheld = await unchecked.checked(messages, self.revocations)
        if published:  # the publisher expects at least one message
            withheld += await self._publish_surely(published)
        if withheld:
            await self._forget(withheld)
        return list(map(unmarked, withheld))

    async def _forget(self, messages: Sequence[Message]) -> None:
        """Delete the fingerprints of unpublished records.

        After the deletion, the authors can send these reports again, even with changes.
        """
        names = [name for message in messages if (name := name_in(message)) is not None]
        if names and not await self.deduplication.forget(names):
            logger.warning("reports set aside are still remembered", reports=len(names))

    async def _publish_surely(self, messages: Sequence[Message]) -> list[Message]:
        """Repeat the publication until the broker acks.

        Return the records that exceed the size limit. Repeated halving of the batch finds these records.
        """
        public = list(map(unmarked, messages))
        while True:
            try:
                await self.publisher.publish_all(public, timeout=DRAIN_SECONDS)
            except BrokerAway:
                # The producer still sends the records from its buffer. Wait until the buffer is empty, because a retry
                # would send copies.
                await self.publisher.flush()
                await asyncio.sleep(PAUSE_SECONDS)
            except MessageSizeTooLargeError:
                half = len(messages) // 2
                if not half:
                    return list(messages)
                return [
                    *await self._publish_surely(messages[:half]),
                    *await self._publish_surely(messages[half:]),
                ]
            else:
                return []


def fail_unanswered(batch: Sequence[WaitingDraft], _: asyncio.Task[None] | None = None) -> None:
    """Answer the waiting callers with an error, after which senders try again."""
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(DependencyUnavailable(ENDED))


def may_be_withheld(draft: Draft) -> bool:
    """True for a hazard with an unchecked credential.

    If an unchecked credential proves to be revoked, its hazard is not published.
    """
    return isinstance(draft, HazardDraft) and draft.unchecked is not None


def compared(fingerprints: Sequence[Fingerprint], marks: Sequence[bytes | None]) -> list[Answer]:
    """Return an answer for each report.

    ACCEPTED means that the report is new. DUPLICATE means that Valkey or the batch already has the report. CONFLICT
    means that the report is known with different content.
    """
    first: dict[bytes, bytes] = {}
    answers = []
    for fingerprint, mark in zip(fingerprints, marks, strict=True):
        known = mark or first.get(fingerprint.name)
        first.setdefault(fingerprint.name, fingerprint.mark)
        if known is None:
            answers.append(Answer.ACCEPTED)
        else:
            answers.append(Answer.DUPLICATE if known == fingerprint.mark else Answer.CONFLICT)
    return answers


def answered(
    fingerprints: Sequence[Fingerprint], answers: Sequence[Answer], *, new: Sequence[int], result: Answer
) -> list[Answer]:
    """Return the final answers.

    New reports get `result`. If `result` is FULL, copies of new reports in the batch also get FULL.
    """
    names = {fingerprints[index].name for index in new} if result is Answer.FULL else set()
    return [
        result if answer is Answer.ACCEPTED or fingerprint.name in names else answer
        for fingerprint, answer in zip(fingerprints, answers, strict=True)
    ]
