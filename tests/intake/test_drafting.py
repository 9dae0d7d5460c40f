"""Large bodies take turns on the event loop, so that the loop serves other requests between two bodies."""

import asyncio
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from services.intake.admission import AdmissionRules
from services.intake.channels import json_batches
from services.intake.drafting import Drafting, ReportSender
from shared.auth.tokens import Principal, Role
from shared.places import Places
from tests.intake.factories import household

PHONE = Principal(account=uuid4(), jti=uuid4(), issued_at=0, expires_at=2**40, roles=frozenset({Role.FIELD}))


@pytest.mark.anyio
async def test_the_event_loop_serves_others_between_batches_that_came_together() -> None:
    raw = json.dumps([household() for _ in range(20)]).encode()
    served: list[str] = []

    async def batch(drafting: Drafting) -> None:
        assert len(await drafting.batch(raw, json_batches.REPORTS, ReportSender(PHONE, None))) == 20
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
