"""`python -m bench.alert_burst` measures how soon people are notified in a burst of Extreme hazards.

A system sends 1,000 Extreme hazards in 20 areas in one request. One recipient gets webhooks, and another recipient
gets mails. An area counts as notified when both recipients have got their first message about the area. The benchmark
prints two times: until the last area is notified, and until both recipients know all hazards. In the first burst, the
areas come in random order. In the second burst, all hazards of one area come before the hazards of the next area. The
second burst has no promised time.
"""

import argparse
import asyncio
import email
import email.policy
import gc
import json
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import httpx
import uvloop
from aiosmtpd.smtp import SMTP, Envelope, Session

from bench.alert_latency import Latency, balances
from bench.intake import BATCH, Bench, bench
from services.alerts.config import AlertsSettings
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver
from shared.events.vocabulary import DeliveryChannel
from shared.places import Places
from shared.postgres import database
from tests.hooks import listening
from tests.waiting import wait_for

PROMISED_SECONDS, PROMISED_THREADS = 1.0, 20
WARM_UP, WARM_UP_PLACE = 200, "KG06207000000"
ALERT_ID = re.compile(r"/alerts/([0-9a-f-]{36})")
ALL_SECONDS = 120.0


class Mailbox:
    """Stores each mail with its time of arrival, and parses the mails only after the measurement."""

    def __init__(self) -> None:
        self.mails: list[tuple[float, bytes]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.mails.append((asyncio.get_running_loop().time(), envelope.content))
        return "250 OK"

    def taken(self) -> list["Mail"]:
        mails, self.mails = self.mails, []
        return [Mail.of(moment, content) for moment, content in mails]


@dataclass(frozen=True, slots=True)
class Mail:
    arrived_at: float
    alert_id: str
    thread: str

    @classmethod
    def of(cls, arrived_at: float, content: bytes) -> "Mail":
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        found = ALERT_ID.search(message.get_content())
        assert found is not None
        return cls(arrived_at, found[1], str(message["References"]).split()[0])


@dataclass(frozen=True, slots=True)
class Burst:
    name: str
    areas: Mapping[str, float]
    all: Mapping[str, float]

    def __str__(self) -> str:
        channels = (f"{name} {self.areas[name]:.2f} s (all hazards {self.all[name]:.2f} s)" for name in self.areas)
        return f"{self.name:<14}last area notified by {', '.join(channels)}"


class BurstBench(Latency):
    mailbox: Mailbox
    threads = 0

    async def start_with_mail(self, mailbox: Mailbox, port: int) -> None:
        self.mailbox = mailbox
        installation = self.made.installation
        engine = database.engine(installation.settings(AlertsSettings))
        async with database.sessions(engine).begin() as session:
            mail = Receiver("bench-mail", DeliveryChannel.EMAIL, "duty@centre.example", language="ru")
            await receiver_queries.save_receiver(session, mail)
        await engine.dispose()
        await self.start(
            ALERTS_SMTP_HOST="127.0.0.1",
            ALERTS_SMTP_PORT=str(port),
            ALERTS_MAIL_FROM="alerts@centre.example",
            OUTBOUND_ALLOW=json.dumps([f"127.0.0.1:{self.hook.port}", f"127.0.0.1:{port}"]),
        )

    async def burst(self, name: str, pcodes: Sequence[str]) -> Burst:
        loop = asyncio.get_running_loop()
        reports = {str(uuid4()): pcode for pcode in pcodes}
        body = json.dumps([hazard(id, pcode) for id, pcode in reports.items()]).encode()
        headers = {"authorization": f"Bearer {next(self.tokens)}", "content-type": "application/json"}
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            began = loop.time()
            answer = await client.post(f"http://127.0.0.1:{self.port}{BATCH}", content=body, headers=headers)
        self.sent.answered_batch(["hazards"] * len(reports), answer)
        await wait_for(lambda: reports.keys() <= self.came().keys(), timeout=ALL_SECONDS, every=0.2)
        await wait_for(lambda: len(self.mailbox.mails) >= len(reports), timeout=ALL_SECONDS, every=0.2)
        places = {
            content["data"]["alert_id"]: reports[content["data"]["report_id"]]
            for content in self.hook.bodies
            if content["data"].get("report_id") in reports
        }
        mails, by_webhook = self.mailbox.taken(), self.came()
        arrivals = {
            "webhook": [(pcode, by_webhook[id] - began) for id, pcode in reports.items()],
            "mail": [(places[mail.alert_id], mail.arrived_at - began) for mail in mails],
        }
        threads = {mail.thread for mail in mails}
        result = Burst(
            name,
            {channel: last_area(moments) for channel, moments in arrivals.items()},
            {channel: max(moment for _, moment in moments) for channel, moments in arrivals.items()},
        )
        print(f"{result}; threads per recipient: {len(threads)}", flush=True)
        self.threads = max(self.threads, len(threads))
        return result


def last_area(arrivals: Iterable[tuple[str, float]]) -> float:
    first = dict[str, float]()
    for pcode, moment in arrivals:
        first[pcode] = min(moment, first.get(pcode, moment))
    return max(first.values())


def hazard(id: str, pcode: str) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {
        "kind": "hazard",
        "report_id": id,
        "source": "cmc",
        "source_id": id,
        "type": "mudflow",
        "severity": "Extreme",
        "area": {"pcodes": [pcode]},
        "onset": now,
        "reported_at": now,
    }


async def measure(made: Bench, count: int, areas: int) -> int:
    mailbox = Mailbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(mailbox), "127.0.0.1", 0)
    async with listening() as hook:
        run = BurstBench(made, hook, rate=0)
        await run.start_with_mail(mailbox, server.sockets[0].getsockname()[1])
        gc.collect()
        gc.freeze()  # keeps a garbage collection from stopping this process for 100 ms
        await run.burst("warm-up", [WARM_UP_PLACE] * WARM_UP)
        run.threads = 0
        places = [district.pcode for district in Places.load().units(2) if district.pcode != WARM_UP_PLACE][:areas]
        by_area = [places[number * areas // count] for number in range(count)]
        shuffled = random.Random(1).sample(by_area, count)
        bursts = [await run.burst(name, order) for name, order in (("random order", shuffled), ("by area", by_area))]
        balanced = await balances(run)
    server.close()
    last = max(bursts[0].areas.values())
    print(
        f"last area after {last:.2f} s (promised {PROMISED_SECONDS:.0f}); "
        f"at most {run.threads} threads per recipient (promised {PROMISED_THREADS})"
    )
    return 0 if balanced and last <= PROMISED_SECONDS and run.threads <= PROMISED_THREADS else 1


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--hazards", type=int, default=1_000)
    options.add_argument("--areas", type=int, default=20)
    arguments = options.parse_args()
    with bench() as made, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(measure(made, arguments.hazards, arguments.areas))


if __name__ == "__main__":
    raise SystemExit(main())
