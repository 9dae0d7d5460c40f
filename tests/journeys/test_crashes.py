"""The alerts worker is killed at five points, and every alert is delivered nevertheless. Kafka and PostgreSQL are real.

`make faults-alerts SEED=` runs twenty seeds for each point. A seed decides the number of hazards, their groups,
and the moments at which the process is killed.
"""

import json
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from deploy.local.process import Process
from services.alerts.config import AlertsSettings
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Receiver
from services.alerts.receivers.secrets import WebhookSecrets
from shared import events
from shared.config import Settings
from shared.events import HazardReported
from shared.events.vocabulary import DeliveryChannel, Severity
from shared.messaging.publisher import Publisher
from shared.postgres import database
from tests.alerts.crashing import POINTS
from tests.alerts.factories import mudflow
from tests.hooks import Hook
from tests.installation import Installation
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

SEED = int(os.environ.get("CRASH_SEED") or 1)
SEEDS = range(SEED, SEED + int(os.environ.get("CRASH_SEEDS") or 1))
# points at which a message has been sent and its delivery is not recorded
REPEATING = ("after_send", "before_record")
UNSETTLED = text("SELECT count(*) FROM deliveries WHERE settled_at IS NULL")


@dataclass(frozen=True)
class Plan:
    """The groups in which hazards come, and the points at which processes are killed, in order."""

    groups: Sequence[Sequence[HazardReported]]
    crashes: Sequence[str]

    @classmethod
    def drawn(cls, point: str, seed: int) -> "Plan":
        draw = random.Random(f"{point} {seed}")
        sizes = [draw.randint(1, 8) for _ in range(draw.randint(1, 3))]
        source = f"trial-{draw.getrandbits(32):08x}"
        groups = [[hazard(source, draw.choice((Severity.SEVERE, Severity.EXTREME))) for _ in range(n)] for n in sizes]
        # a group of hazards has at least one transaction, and one sending per hazard
        passages = {name: sum(sizes) if name.endswith("send") else len(sizes) for name in POINTS}
        second = draw.choice([[], [draw.choice(list(POINTS))]])
        return cls(groups, [f"{name}:{draw.randint(1, passages[name])}" for name in (point, *second)])

    @property
    def hazard_ids(self) -> set[str]:
        return {str(hazard.hazard_id) for group in self.groups for hazard in group}


def hazard(source: str, severity: Severity) -> HazardReported:
    now = datetime.now(UTC)
    times = {"received_at": now, "reported_at": now, "onset": now}
    return mudflow(source=source, source_id=str(uuid4()), severity=severity, **times)


class Centre:
    def __init__(self, installation: Installation, hook: Hook, sessions: async_sessionmaker[AsyncSession]) -> None:
        self.installation, self.hook, self.sessions = installation, hook, sessions
        self.publisher = Publisher(installation.settings(Settings, "intake"))

    async def add_receiver(self) -> None:
        box = WebhookSecrets(self.installation.settings(AlertsSettings).alerts_key_file)
        async with self.sessions.begin() as session:
            receiver = Receiver("duty", DeliveryChannel.WEBHOOK, self.hook.url)
            self.hook.secret = await subscriptions.put(session, receiver, box)

    def worker(self, crash_at: str | None) -> Process:
        env = {
            "OUTBOUND_ALLOW": json.dumps([f"127.0.0.1:{self.hook.port}"]),
            # after 3 seconds, an unrecorded delivery is sent again; even a busy machine records deliveries earlier
            "ALERTS_LEASE_SECONDS": "3",
            "KAFKA_GROUP_INSTANCE": "crashing",  # a killed worker is replaced at once
        }
        if crash_at is None:
            return self.installation.start("alerts", "worker", env=env)
        return self.installation.run("tests.alerts.crashing", "worker", env={**env, "CRASH_AT": crash_at})

    async def publish(self, hazards: Sequence[HazardReported]) -> None:
        now = datetime.now(UTC)
        messages = [events.message(hazard, id=uuid4(), source="/intake", time=now) for hazard in hazards]
        await self.publisher.publish_all(messages, timeout=30)

    async def have_settled(self, hazard_ids: set[str], process: Process) -> bool:
        """True if the hazards' messages came and are recorded, or if the process has ended."""
        if not process.is_running:
            return True
        if not hazard_ids <= {body["data"]["hazard_id"] for body in self.hook.bodies}:
            return False
        async with self.sessions.begin() as session:
            return not await session.scalar(UNSETTLED)


@pytest.fixture
async def centre(shared_installation: Installation, hook: Hook) -> AsyncIterator[Centre]:
    engine = database.engine(shared_installation.settings(AlertsSettings))
    centre = Centre(shared_installation, hook, database.sessions(engine))
    await centre.add_receiver()
    async with centre.publisher:
        await centre.publisher.flush()  # the publisher waits one second for the broker
        yield centre
    async with engine.begin() as connection:
        # An open alert of an earlier test would escalate after five minutes. The messages of an old alert would be
        # counted, and would make the process die at a wrong point.
        for table in ("receivers", "deliveries", "alerts"):
            await connection.execute(text(f"DELETE FROM {table}"))
    await engine.dispose()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("point", POINTS)
async def test_after_a_crash_each_alert_comes_at_least_once_and_once_more_at_most(
    centre: Centre, point: str, seed: int
) -> None:
    plan = Plan.drawn(point, seed)
    crashes = iter(plan.crashes)
    process, killed, published = centre.worker(next(crashes)), 0, set[str]()
    for group in plan.groups:
        await centre.publish(group)
        published |= {str(hazard.hazard_id) for hazard in group}
        while await wait_for(partial(centre.have_settled, published, process)) and not process.is_running:
            assert process.exit_code == -9, process.log_tail()
            killed += 1
            process = centre.worker(next(crashes, None))
    process.stop()
    assert killed > 0
    receipts = receipts_of(centre.hook, plan.hazard_ids)
    assert receipts.keys() == plan.hazard_ids
    assert all(len(by_id) == 1 for by_id in receipts.values()), "a repeat has the id of the first message"
    most = max(by_id.total() for by_id in receipts.values())
    assert most <= 1 + killed
    assert most > 1 or point not in REPEATING, "the process was killed at another point"


def receipts_of(hook: Hook, hazard_ids: set[str]) -> dict[str, Counter[UUID]]:
    """Returns for each hazard how often each of its messages came. The `webhook-id` identifies a message."""
    receipts: dict[str, Counter[UUID]] = {}
    for id, body in zip(hook.answered_ids, hook.bodies, strict=True):
        if (hazard_id := body["data"]["hazard_id"]) in hazard_ids:
            receipts.setdefault(hazard_id, Counter())[UUID(id)] += 1
    return receipts
