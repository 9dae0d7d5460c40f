"""`python -m bench.hostile_bodies`: what requests take while somebody else sends the most costly bodies, and while nobody does."""

import argparse
import asyncio
import contextlib
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import cycle

import httpx
import uvloop

from bench import load
from bench.intake import BATCH, DISPLACEMENTS, Bench, bench, reports
from shared.auth import Role
from shared.events.vocabulary import Road
from tests.intake.hostile import BATCHES, HAZARDS, SINGLES

ALLOWED_MS = 50
ROUNDS = 2
SENDERS = 8  # of hostile bodies, each on a connection of its own
PAUSE_SECONDS = 0.02

Delays = dict[str, list[float]]  # of each kind of request, in ms


async def measure(made: Bench, seconds: float) -> int:
    _, port = made.ours()
    hostile = cycle(requests(made, port))
    await answered(made, port, seconds=2)
    quiet, busy = Delays(), Delays()
    for _ in range(ROUNDS):
        shown("A quiet", await answered(made, port, seconds=seconds), quiet)
        senders = [asyncio.create_task(send(port, hostile)) for _ in range(SENDERS)]
        shown("B hostile", await answered(made, port, seconds=seconds), busy)
        for sender in senders:
            sender.cancel()
        sent = sum(each for each in await asyncio.gather(*senders))
        print(f"{'':12}{sent} hostile bodies answered")
    more = {kind: p99(busy[kind]) - p99(quiet[kind]) for kind in quiet}
    print("p99, ms more:", ", ".join(f"{kind} {ms:.1f}" for kind, ms in more.items()), f"(allowed {ALLOWED_MS})")
    return 0 if max(more.values()) <= ALLOWED_MS else 1


def requests(made: Bench, port: int) -> list[bytes]:
    """Of a phone that was lost long ago, and of one account at a desk."""
    phone = made.installation.token(roles=[Role.FIELD], road=Road.FIELD, expires_in=-400 * 86_400)
    desk = made.installation.token(roles=[Role.OPERATOR], road=Road.CONSOLE)
    kinds = ((DISPLACEMENTS, SINGLES, phone), ("/v1/hazards", HAZARDS, desk), (BATCH, BATCHES, phone))
    return [load.post(path, body(), port=port, token=whose) for path, named, whose in kinds for body in named.values()]


async def send(port: int, hostile: Iterator[bytes]) -> int:
    """Until cancelled: the next when the last was answered. Returns how many were."""
    sent = 0
    with contextlib.suppress(asyncio.CancelledError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.closing(writer):
            while True:
                writer.write(next(hostile))
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
                await reader.readexactly(int(length.partition(b":")[2]))
                sent += 1
    return sent


async def answered(made: Bench, port: int, *, seconds: float) -> Delays:
    """How long each answer took to requests that come one after the other."""
    delays: Delays = defaultdict(list)
    headers = {"authorization": f"Bearer {made.tokens[0]}", "content-type": "application/json"}
    end = time.perf_counter() + seconds
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
        while time.perf_counter() < end:
            report = reports(1)[0]
            wrong = json.dumps({**json.loads(report), "persons": 6}).encode()
            for kind, method, path, body, status in (
                ("report", "POST", DISPLACEMENTS, report, 202),
                ("wrong report", "POST", DISPLACEMENTS, wrong, 422),
                ("live", "GET", "/live", None, 200),
            ):
                began = time.perf_counter()
                answer = await client.request(method, path, content=body)
                delays[kind].append(1000 * (time.perf_counter() - began))
                if answer.status_code != status:
                    raise RuntimeError(f"{kind}: {answer.status_code}")
            await asyncio.sleep(PAUSE_SECONDS)
    return delays


def shown(name: str, delays: Delays, all_of_them: Delays) -> None:
    for kind, taken in delays.items():
        all_of_them.setdefault(kind, []).extend(taken)
        print(f"{name:12}{kind:14}p50 {statistics.median(taken):7.1f} ms  p99 {p99(taken):7.1f} ms"
              f"  longest {max(taken):7.1f} ms  of {len(taken)}", flush=True)  # fmt: skip


def p99(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=100)[-1]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=20)
    given = options.parse_args()
    with bench() as made, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(measure(made, given.seconds))


if __name__ == "__main__":
    raise SystemExit(main())
