"""Large bodies are processed in turns, so that the event loop serves other requests meanwhile.

The memory of refused reports is freed at once.
"""

import asyncio
import gc
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from starlette.types import Message

from services.intake.admission import AdmissionRules
from services.intake.channels import json_batches
from services.intake.drafting import Drafting, ReportSender
from services.intake.refusals import ReportRefused
from services.intake.routes import body
from shared.auth.tokens import Principal, Role
from shared.places import Places
from tests.intake.factories import hazard, household
from tests.waiting import wait_for

PHONE = Principal(account=uuid4(), jti=uuid4(), issued_at=0, expires_at=2**40, roles=frozenset({Role.FIELD}))


@pytest.mark.anyio
async def test_the_event_loop_serves_others_between_batches_that_came_together() -> None:
    raw = json.dumps([household() for _ in range(20)]).encode()
    served: list[str] = []

    async def batch(drafting: Drafting) -> None:
        assert len(await drafting.batch(raw, json_batches.REPORTS, ReportSender(PHONE))) == 20
        served.append("batch")

    async def others() -> None:
        while served.count("batch") < 3:
            served.append("other")
            await asyncio.sleep(0)

    with ThreadPoolExecutor(1) as threads:
        drafting = Drafting(AdmissionRules(Places.load(), is_exercise=False).draft, threads)
        async with asyncio.TaskGroup() as tasks:
            for work in (batch(drafting), batch(drafting), batch(drafting), others()):
                tasks.create_task(work)
    batches = [at for at, name in enumerate(served) if name == "batch"]
    assert all("other" in served[first:second] for first, second in itertools.pairwise(batches))


@pytest.mark.anyio
async def test_the_event_loop_serves_others_between_the_chunks_of_large_bodies() -> None:
    chunk, chunks = b" " * 128 * 1024, 10
    others = 0

    async def large(drafting: Drafting) -> None:
        left = itertools.count(chunks - 1, -1)

        async def receive() -> Message:
            return {"type": "http.request", "body": chunk, "more_body": next(left) > 0}

        assert len(await body(receive, chunks * len(chunk), drafting)) == chunks * len(chunk)

    async def serve_others() -> None:
        nonlocal others
        while True:
            others += 1
            await asyncio.sleep(0)

    with ThreadPoolExecutor(1) as threads:
        drafting = Drafting(AdmissionRules(Places.load(), is_exercise=False).draft, threads)
        serving = asyncio.ensure_future(serve_others())
        await asyncio.gather(*(large(drafting) for _ in range(8)))
        serving.cancel()
    assert others >= 8 * (chunks - 1)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "refused",
    [
        pytest.param({"kind": "hazard", "area": {"polygons": [[[74, 42]] * 1_500]}}, id="invalid"),
        pytest.param({"kind": "hazard", **hazard(area={"polygons": [[[74, 42]] * 1_500]})}, id="foreign source"),
    ],
)
async def test_a_refused_report_of_a_batch_is_not_kept_in_a_reference_cycle(refused: dict[str, Any]) -> None:
    """Refused reports used to be in reference cycles.

    Garbage collection then took 0.2 s for the points of twenty hazards.
    """
    raw = json.dumps([refused]).encode()
    with ThreadPoolExecutor(1) as threads:
        drafting = Drafting(AdmissionRules(Places.load(), is_exercise=False).draft, threads)
        gc.collect()
        gc.disable()
        try:
            await wait_for(lambda: leaves_no_cycles(drafting, raw), timeout=10)
        finally:
            gc.enable()


async def leaves_no_cycles(drafting: Drafting, raw: bytes) -> bool:
    """Returns whether fewer than 500 objects are in reference cycles. A few may come from the tests' other threads."""
    for _ in range(2):  # two runs: the thread keeps the result of its last task
        [result] = await drafting.batch(raw, json_batches.REPORTS, ReportSender(PHONE))
        assert isinstance(result, ReportRefused)
    del result
    return gc.collect() < 500
