"""`python -m bench.hostile_bodies` measures normal requests while attackers send the most costly bodies.

A separate process sends one kind of body after the other. Requests during each attack are compared with the requests
just before the attack.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import uvloop

from bench import load
from bench.intake import BATCH, DISPLACEMENTS, Bench, bench, reports
from bench.promises import percentile
from bench.watched import Step, steps
from shared.auth.tokens import Role
from shared.events.vocabulary import SubmissionChannel
from tests.intake.hostile import BATCHES, HAZARDS, SINGLES

ALLOWED_MS = 50
QUIET_SECONDS = 1.5
LONGEST_SECONDS = 60
SENDERS = 8
PAUSE_SECONDS = 0.01


@dataclass
class Kind:
    name: str
    request: bytes
    quiet: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    sent: int = 0

    @property
    def added(self) -> float:
        return p99(self.busy) - p99(self.quiet)

    @property
    def is_kept(self) -> bool:
        return self.added <= ALLOWED_MS and self.longest_step <= ALLOWED_MS

    @property
    def longest_step(self) -> float:
        return 1000 * max((step.loop for step in self.steps), default=0)

    def __str__(self) -> str:
        of_all = 1000 * max((step.process for step in self.steps), default=0)
        return (
            f"{self.name:32}p99 {p99(self.quiet):6.1f} → {p99(self.busy):6.1f} ms ({self.added:+7.1f})"
            f"  longest {max(self.quiet):6.1f} → {max(self.busy):6.1f} ms"
            f"  longest step, CPU: loop {self.longest_step:5.1f}, with its threads {of_all:6.1f} ms"
            f"  {self.sent} answered"
        )


async def measure(made: Bench, seconds: float, names: str) -> int:
    file = made.installation.folder / "steps"
    _, port = made.ours("bench.watched", "web", str(file))
    kinds = [kind for kind in hostile(made, port) if names in kind.name]
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as attacker:
        # The new process imports this module for its first attack. This attack ends at once, so that the import is
        # over before the measurement.
        attacker.submit(attack, port, b"", end=0).result()
        await probe(made, port, seconds=2)
        for kind in kinds:
            kind.quiet += await probe(made, port, seconds=QUIET_SECONDS)
            await under_attack(made, port, kind, seconds=seconds, file=file, attacker=attacker)
            print(kind, flush=True)
    return verdict(kinds)


async def under_attack(made: Bench, port: int, kind: Kind, *, seconds: float, file: Path, attacker: Executor) -> None:
    """Measure normal requests during an attack.

    The function waits for the answer to the attack's last body, because a late body would disturb the next measurement.
    """
    began = time.monotonic()
    attacking = attacker.submit(attack, port, kind.request, end=began + seconds)
    async with asyncio.timeout(seconds + LONGEST_SECONDS):
        kind.busy += await probe(made, port, seconds=seconds)
        kind.sent += await asyncio.wrap_future(attacking)
    kind.steps += steps(file, began, time.monotonic())


def hostile(made: Bench, port: int) -> list[Kind]:
    phone = made.installation.token(roles=[Role.FIELD], channel=SubmissionChannel.FIELD, expires_in=-400 * 86_400)
    desk = made.installation.token(roles=[Role.OPERATOR], channel=SubmissionChannel.CONSOLE)
    kinds = ((DISPLACEMENTS, SINGLES, phone), ("/v1/hazards", HAZARDS, desk), (BATCH, BATCHES, phone))
    return [
        Kind(name, load.post(path, body(), port=port, token=token))
        for path, bodies, token in kinds
        for name, body in bodies.items()
    ]


def attack(port: int, request: bytes, *, end: float) -> int:
    """Return how many bodies were answered.

    The attack runs in its own process, because the probe must not measure the attacker's work.
    """

    async def attacking() -> int:
        return sum(await asyncio.gather(*(send(port, request, end=end) for _ in range(SENDERS))))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(attacking())


async def send(port: int, request: bytes, *, end: float) -> int:
    answers = 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.closing(writer):
        while time.monotonic() < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
            answers += 1
    return answers


async def probe(made: Bench, port: int, *, seconds: float) -> list[float]:
    delays: list[float] = []
    headers = {"authorization": f"Bearer {made.tokens[0]}", "content-type": "application/json"}
    end = time.perf_counter() + seconds
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
        while time.perf_counter() < end:
            report = reports(1)[0]
            wrong = json.dumps({**json.loads(report), "persons": 6}).encode()
            for request, status in (
                (partial(client.post, DISPLACEMENTS, content=report), 202),
                (partial(client.post, DISPLACEMENTS, content=wrong), 422),
                (partial(client.get, "/live"), 200),
            ):
                began = time.perf_counter()
                answer = await request()
                delays.append(1000 * (time.perf_counter() - began))
                if answer.status_code != status:
                    raise RuntimeError(f"{answer.request.url.path}: {answer.status_code}, not {status}")
            await asyncio.sleep(PAUSE_SECONDS)
    return delays


def verdict(kinds: list[Kind]) -> int:
    late = [kind.name for kind in kinds if not kind.is_kept]
    worst, longest = max(kinds, key=lambda kind: kind.added), max(kinds, key=lambda kind: kind.longest_step)
    print(
        f"at p99 at most {worst.added:.1f} ms more ({worst.name}); "
        f"the loop's longest step {longest.longest_step:.1f} ms of CPU ({longest.name}); allowed {ALLOWED_MS} each"
    )
    print(f"FAIL: {len(late)} of {len(kinds)}: {', '.join(late)}" if late else f"PASS: all {len(kinds)} kinds")
    return 1 if late else 0


def p99(taken: list[float]) -> float:
    return percentile(taken, 0.99)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=4, help="of the attack with each kind")
    options.add_argument("--kind", default="", help="only the kinds whose name holds this")
    arguments = options.parse_args()
    with bench() as made, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(measure(made, arguments.seconds, arguments.kind))


if __name__ == "__main__":
    raise SystemExit(main())
