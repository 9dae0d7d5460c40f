"""`python -m bench.figures` measures the response times of figures, with 83,000 and with a million displacements.

The displacements and movements are copied into the registry's tables, and span three years. The promised time is the
time of the first answer after figures have changed. The benchmark also measures unchanged figures, which come from a
cache.
"""

import argparse
import asyncio
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvloop
from sqlalchemy import event, text

from bench.displacements import Displacements
from bench.processes import cpu, family
from bench.promises import percentile
from deploy.local import paths
from deploy.local.process import wait_until
from services.registry.config import RegistrySettings
from services.registry.figures.sums import sum_some
from shared.auth.tokens import Role
from shared.postgres import bulk_copy, database
from tests.components import components
from tests.installation import Ground, Installation

PROMISED_MS, PROMISED_MS_OF_MILLION, PROMISED_BYTES = 300.0, 200.0, 300_000
UNLIMITED = ("/v1/statistics/movements", "/v1/statistics/duration")
MILLION = 1_000_000
AT_ONCE = 50_000
STATEMENT_SECONDS = 600  # limit of the one statement that sums all displacements
CHANGES_AT_ONCE = 5 * AT_ONCE
MEMORY = "512MB"
Change = Callable[[], Awaitable[None]]


async def copy(settings: RegistrySettings, numbers: range, now: datetime) -> None:
    """Copy displacements and movements into the tables, and sum all changes in one statement.

    A running worker sums few changes in one transaction, because reports wait for the CPU meanwhile.
    """
    began, engine = time.perf_counter(), database.engine(settings, idle_seconds=STATEMENT_SECONDS)
    event.listen(engine.sync_engine, "do_connect", allow_memory)
    firsts = range(numbers.start, numbers.stop, AT_ONCE)
    parts = deque(range(first, min(first + AT_ONCE, numbers.stop)) for first in firsts)
    async with asyncio.TaskGroup() as threads:
        made: asyncio.Task[Displacements] | None
        made = threads.create_task(asyncio.to_thread(Displacements, parts.popleft(), now))
        while made is not None:
            some = await made
            made = threads.create_task(asyncio.to_thread(Displacements, parts.popleft(), now)) if parts else None
            async with database.transaction(engine) as connection:
                await bulk_copy.write(connection, some.copies())
            while await sum_some(database.sessions(engine), at_once=CHANGES_AT_ONCE):
                pass
    print(f"copied in {time.perf_counter() - began:.0f} s", flush=True)
    async with database.connected(engine) as connection:
        await connection.execute("VACUUM ANALYZE")
    await engine.dispose()


def allow_memory(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
    parameters["server_settings"] = {**parameters["server_settings"], "work_mem": MEMORY}


@asynccontextmanager
async def changing(settings: RegistrySettings) -> AsyncIterator[Change]:
    """Invalidates the cached figures without changing a displacement, so that the next request computes its answer."""
    engine = database.engine(settings)
    sessions = database.sessions(engine)

    async def change() -> None:
        async with sessions.begin() as session:
            await session.execute(text("UPDATE episodes SET version = version WHERE false"))

    yield change
    await engine.dispose()


async def unchanged() -> None:
    return


async def measure(
    client: httpx.AsyncClient, name: str, path: str, count: int, pids: list[int], change: Change
) -> tuple[float, int]:
    taken, spent = [], cpu(family(pids))
    for _ in range(count):
        await change()
        began = time.perf_counter()
        size = await read(client, path)
        taken.append(1000 * (time.perf_counter() - began))
    p50, p99 = percentile(taken, 0.5), percentile(taken, 0.99)
    milliseconds = 1000 * (cpu(family(pids)) - spent) / count
    times = f"p50 {p50:7.1f} ms   p99 {p99:7.1f} ms   {size / 1000:7.1f} kB   CPU {milliseconds:6.1f} ms"
    print(f"  {name:<43} {times}", flush=True)
    return p99, size


async def read(client: httpx.AsyncClient, path: str) -> int:
    answer = (await client.get(path)).raise_for_status()
    following = answer.json()["next"] if "&limit=" in path else None
    cursor = path.partition("&cursor=")[0] + f"&cursor={following}"
    return len(answer.content) + (await read(client, cursor) if following else 0)


def is_kept(path: str, displacements: int, p99: float, size: int) -> bool:
    """Returns whether the answer's size and time are within the promised limits.

    With a million displacements, the figures page has no time limit. Movements and durations have no limit, because the
    registry computes all routes before the first page.
    """
    if path.startswith(UNLIMITED):
        return True
    if path.startswith("/figures"):
        return size <= PROMISED_BYTES and (p99 <= PROMISED_MS or displacements >= MILLION)
    return p99 <= (PROMISED_MS_OF_MILLION if displacements >= MILLION else PROMISED_MS)


async def run(
    installation: Installation, base_url: str, pids: list[int], displacements: Sequence[int], count: int
) -> bool:
    now = datetime.now(UTC)
    since = f"{now - timedelta(days=334):%Y-%m}"
    paths = {
        "stock, today": "/v1/statistics/stock",
        # the start of last year takes longest, because the registry subtracts every later month and day
        "stock, start of last year": f"/v1/statistics/stock?date={now.year - 1}-01-01",
        "flows of a year, first 1,000": f"/v1/statistics/flows?since={since}",
        "movements of a year, first 1,000": f"/v1/statistics/movements?since={since}",
        "movements of a year, all pages": f"/v1/statistics/movements?since={since}&limit=2000",
        "duration, today": "/v1/statistics/duration",
        "figures page": "/figures?lang=ru",
        "its chart of the stock": "/figures/history?lang=ru",
    }
    settings = installation.settings(RegistrySettings)
    headers = {"authorization": f"Bearer {installation.token(roles=[Role.ANALYST])}"}
    copied, broken = 0, []
    async with (
        changing(settings) as change,
        httpx.AsyncClient(base_url=base_url, headers=headers, trust_env=False, timeout=60) as client,
    ):
        for number in displacements:
            await copy(settings, range(copied, number), now)
            copied = number
            print(f"{number} displacements")
            for name, path in paths.items():
                await client.get(path)
                await measure(client, f"{name}, unchanged", path, count, pids, unchanged)
                p99, size = await measure(client, name, path, count, pids, change)
                broken += [] if is_kept(path, number, p99, size) else [f"{name} with {number}"]
    print(
        f"promised: p99 {PROMISED_MS:.0f} ms, with a million {PROMISED_MS_OF_MILLION:.0f} ms for stock and flows, "
        f"a page of {PROMISED_BYTES // 1000} kB: {'NOT KEPT: ' + ', '.join(broken) if broken else 'kept'}"
    )
    return not broken


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--displacements", type=int, nargs="+", default=[83_000, MILLION])
    options.add_argument("--requests", type=int, default=100)
    arguments = options.parse_args()
    with components(own=True) as servers, tempfile.TemporaryDirectory() as folder:
        ground = Ground(servers)
        installation = Installation(ground, Path(folder) / "installation")
        port = paths.free_port()
        process = installation.run("services.registry", "web", env={"PORT": str(port)})
        assert wait_until(lambda: not paths.is_free(port), timeout=60), process.log_tail()
        pids = [process.pid, *(server.process.pid for server in installation.components.started)]
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            are_kept = runner.run(
                run(installation, f"http://127.0.0.1:{port}", pids, arguments.displacements, arguments.requests)
            )
        installation.remove()
        ground.remove()
    return 0 if are_kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
