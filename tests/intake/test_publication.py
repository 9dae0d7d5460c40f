"""Reports that arrive in one iteration of the event loop are published in one batch. Each caller gets an answer."""

import asyncio
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.intake.publication import Answer, Publication
from services.intake.spool import Spool
from shared.crypto.seal import Sealer
from shared.events import Message
from shared.events.vocabulary import SubmissionChannel
from shared.failures import DependencyUnavailable
from tests.intake.conftest import RunningIntake


@dataclass
class HandMadeDraft:
    """A draft that publishes its content as it is, without sealing."""

    name: bytes
    channel: SubmissionChannel = SubmissionChannel.API
    report_id: str = ""
    event_id: str = ""
    content: bytes = b"{}"
    unchecked: bytes | None = None

    def finish(self, sealer: Sealer) -> Message:
        return Message("displacements", self.name, self.content)


class UnsealableDraft(HandMadeDraft):
    """A draft whose sealing fails, so that its whole batch fails."""

    def finish(self, sealer: Sealer) -> Message:
        raise ArithmeticError


def publication_of(intake: RunningIntake) -> Publication:
    transport = intake.http._transport
    assert isinstance(transport, httpx.ASGITransport)
    app: Any = transport.app
    publication: Publication = app.state.admission.publication
    return publication


async def test_every_caller_of_a_failed_batch_gets_an_answer_if_one_has_left(intake: RunningIntake) -> None:
    publication = publication_of(intake)
    first, left, last = (asyncio.create_task(publication.publish(UnsealableDraft(uuid4().bytes))) for _ in range(3))
    await asyncio.sleep(0)  # after one iteration of the event loop, all three tasks wait
    left.cancel()
    async with asyncio.timeout(60):
        errors = await asyncio.gather(first, left, last, return_exceptions=True)
    assert [type(error) for error in errors] == [ArithmeticError, asyncio.CancelledError, ArithmeticError]


async def test_the_callers_of_a_batch_get_their_answers_if_its_first_caller_is_cancelled(intake: RunningIntake) -> None:
    publication = publication_of(intake)
    first, *others = (asyncio.create_task(publication.publish(HandMadeDraft(uuid4().bytes))) for _ in range(3))
    await asyncio.sleep(0)  # after one iteration of the event loop, all three tasks wait
    first.cancel()
    async with asyncio.timeout(60):
        assert await asyncio.gather(*others) == [Answer.ACCEPTED, Answer.ACCEPTED]
    assert first.cancelled()


async def test_every_caller_gets_an_answer_if_the_spool_fails(intake: RunningIntake, tmp_path: Path) -> None:
    (tmp_path / "orphan").mkdir()
    (tmp_path / "orphan" / "1.spool").write_bytes(b"torn")
    with closing(Spool.open(tmp_path, limit=1_000)) as spool:
        publication = with_spool(publication_of(intake), spool)
        (spool.folder / "1.spool").unlink()
        (spool.folder / "1.spool").symlink_to("missing")  # the broken link makes a read of the spool fail at once
        callers = [asyncio.create_task(publication.publish(HandMadeDraft(uuid4().bytes))) for _ in range(2)]
        await asyncio.sleep(0)  # after one iteration of the event loop, both tasks wait
        async with asyncio.timeout(60):
            with pytest.raises(ExceptionGroup):
                await publication.run()
            errors = await asyncio.gather(*callers, return_exceptions=True)
            assert [type(error) for error in errors] == [DependencyUnavailable] * 2
            with pytest.raises(DependencyUnavailable):
                await publication.publish(HandMadeDraft(uuid4().bytes))


def with_spool(publication: Publication, spool: Spool) -> Publication:
    return Publication(
        deduplication=publication.deduplication,
        sealer=publication.sealer,
        publisher=publication.publisher,
        spool=spool,
        counts=publication.counts,
        revocations=publication.revocations,
    )
