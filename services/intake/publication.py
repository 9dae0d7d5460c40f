"""Seals each draft, then publishes or spools it. A report that came before is not published again."""

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
    """The caller that sent the draft waits for `answer`."""

    draft: Draft
    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Publication:
    """Each report is looked up, sealed, published or spooled, stored with its fingerprint, and answered."""

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
        """Publish the draft in one batch with all drafts of the same iteration of the event loop.

        The task `run` publishes the batch, so a cancelled caller does not stop the answers to other callers. Raises
        DependencyUnavailable if `run` ends before the answer.
        """
        if self._has_ended:
            raise DependencyUnavailable(ENDED)
        waiting = WaitingDraft(draft)
        self._waiting.append(waiting)
        self._has_waiting.set()
        return await waiting.answer

    async def publish_batch(self, drafts: Sequence[Draft]) -> list[Answer]:
        """Copies of a report in concurrent batches may all be published."""
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
                    # Unlike a `finally` block, a callback runs even if the task is cancelled before its first step.
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
        """While the spool is not empty, all drafts are spooled, so that their order does not change."""
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
        """Returns the unpublished records, which a person must examine."""
        published, withheld = await unchecked.checked(messages, self.revocations)
        if published:  # the publisher expects at least one message
            withheld += await self._publish_surely(published)
        if withheld:
            await self._forget(withheld)
        return list(map(unmarked, withheld))

    async def _forget(self, messages: Sequence[Message]) -> None:
        """Delete the fingerprints of records set aside, so that their authors can send changed reports."""
        names = [name for message in messages if (name := name_in(message)) is not None]
        if names and not await self.deduplication.forget(names):
            logger.warning("reports set aside are still remembered", reports=len(names))

    async def _publish_surely(self, messages: Sequence[Message]) -> list[Message]:
        """Repeat the publication until the broker acks.

        Halve the batch to find and return the records that exceed the size limit.
        """
        public = list(map(unmarked, messages))
        while True:
            try:
                await self.publisher.publish_all(public, timeout=DRAIN_SECONDS)
            except BrokerAway:
                # The producer's buffer still has the records, so a retry would add copies.
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
    """After this error, the sender sends the report again."""
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(DependencyUnavailable(ENDED))


def may_be_withheld(draft: Draft) -> bool:
    """An unchecked hazard is set aside if the sender's credential was revoked."""
    return isinstance(draft, HazardDraft) and draft.unchecked is not None


def compared(fingerprints: Sequence[Fingerprint], marks: Sequence[bytes | None]) -> list[Answer]:
    """A report gets ACCEPTED if it is new.

    A report that is in Valkey, or earlier in the batch, gets DUPLICATE. A known report with other content gets
    CONFLICT.
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
    """If `result` is FULL, every copy of a refused report in the batch gets FULL."""
    names = {fingerprints[index].name for index in new} if result is Answer.FULL else set()
    return [
        result if answer is Answer.ACCEPTED or fingerprint.name in names else answer
        for fingerprint, answer in zip(fingerprints, answers, strict=True)
    ]
