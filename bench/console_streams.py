"""Compares the console's event stream with a plain Starlette app that has one queue for each listener."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import uvloop

from bench import listeners
from bench.listeners import ACCOUNTS, Counted
from bench.processes import cpu, family
from bench.promises import Promises
from deploy.local import paths
from deploy.local.process import Process, wait_until
from shared.auth.tokens import Role
from shared.config import Settings
from shared.messaging.publisher import Publisher
from tests.console.factories import hazard, message
from tests.installation import Installation

PROMISED = 1.3
LISTENERS, ROUNDS = 1_000, 2
SINGLE, BURST = 100, 200


@dataclass(frozen=True, slots=True)
class Pass:
    name: str
    delivered: int
    seconds: float
    cpu: float

    @property
    def per_cpu_second(self) -> float:
        return self.delivered / self.cpu

    def __str__(self) -> str:
        rates = f"{self.delivered / self.seconds:8.0f} events/s, {self.per_cpu_second:8.0f} for each CPU second"
        return f"{self.name:<34}{rates} of the server"


class Streams:
    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.tokens = [installation.token(roles=[Role.OPERATOR]) for _ in range(ACCOUNTS)]
        self.ours = self._started("services.console", "web")
        self.plain = self._started("bench.plain_stream")
        ready = f"http://127.0.0.1:{self.ours[1]}/ready"
        assert wait_until(lambda: httpx.get(ready).is_success, timeout=60, every=0.2), self.ours[0].log_tail()

    def _started(self, *command: str) -> tuple[Process, int]:
        port = paths.free_port()
        process = self.installation.run(*command, env={"PORT": str(port)})
        is_up = wait_until(lambda: not paths.is_free(port) or not process.is_running, timeout=60)
        if not is_up or not process.is_running:
            raise RuntimeError(process.log_tail())
        return process, port

    async def compare(self, promises: Promises) -> None:
        passes: dict[str, list[Pass]] = {}
        async with Publisher(self.installation.settings(Settings, "intake")) as publisher:
            for _ in range(ROUNDS):
                for letter, server in (("A console", self.ours), ("B queue per client", self.plain)):
                    for kind, result in (await self._listened(letter, server, publisher)).items():
                        passes.setdefault(kind, []).append(result)
                        print(result, flush=True)
        for kind in ("one by one", "at once"):
            ours, plain = passes[f"A console {kind}"], passes[f"B queue per client {kind}"]
            promises.at_least(
                f"stream, events {kind}: A/B", rate(ours) / rate(plain), PROMISED, "times", "per CPU second"
            )

    async def _listened(self, name: str, server: tuple[Process, int], publisher: Publisher) -> dict[str, Pass]:
        process, port = server
        counted = Counted()
        opened = await listeners.listen(port, self.tokens, LISTENERS, counted)
        kinds = {f"{name} one by one": [1] * SINGLE, f"{name} at once": [BURST]}
        results = {}
        await sent(publisher, 1, counted)
        for kind, bursts in kinds.items():
            before, spent, began = counted.events, cpu(family([process.pid])), time.perf_counter()
            for burst in bursts:
                await sent(publisher, burst, counted)
            seconds = time.perf_counter() - began
            results[kind] = Pass(kind, counted.events - before, seconds, cpu(family([process.pid])) - spent)
        listeners.close(opened)
        return results


async def sent(publisher: Publisher, events: int, counted: Counted) -> None:
    wanted = counted.events + events * LISTENERS
    await publisher.publish_all([message(hazard()) for _ in range(events)], timeout=60)
    async with asyncio.timeout(120):
        await counted.reach(wanted)


def rate(passes: Sequence[Pass]) -> float:
    return sum(each.delivered for each in passes) / sum(each.cpu for each in passes)


def measure(installation: Installation, promises: Promises) -> None:
    streams = Streams(installation)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(streams.compare(promises))
    for process, _ in (streams.ours, streams.plain):
        process.stop()
