"""Starts the stack, keeps it running, and stops it in order."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from deploy.local import accounts, given
from deploy.local.component import Component, check_port
from deploy.local.forked import ForkedProcess, ForkServer
from deploy.local.given import ServerAway
from deploy.local.messages import CannotStart, ComponentFailed
from deploy.local.options import GIVEN
from deploy.local.process import Process
from deploy.local.stack import Stack
from deploy.local.terminal import Terminal
from deploy.local.welcome import welcome
from shared.events.topics import SERVICES
from shared.failures import backoff_seconds
from shared.lifecycle import beside
from shared.liveness import SILENT_SECONDS, Answers, silent
from shared.postgres.schemas import migrate

LIVED_SECONDS = 10.0  # A process that ran this long is restarted without a pause.
LONGEST_PAUSE = 30.0
PATHS = ("/ready", "/intake/ready", "/registry/ready", "/alerts/ready")
SECONDS_OF_PATIENCE = 60.0

Starter = Callable[[], Awaitable[None]]
Look = Callable[[], Answers]


class Supervisor:
    def __init__(self, stack: Stack, screen: Terminal) -> None:
        self._stack = stack
        self._screen = screen
        self._end_ordered = asyncio.Event()
        self._is_ready = asyncio.Event()

    async def run(self) -> None:
        """Ctrl-C and SIGTERM end the run."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._end_ordered.set)
        living = asyncio.create_task(self._live())
        ordered = asyncio.create_task(self._end_ordered.wait())
        try:
            await asyncio.wait((living, ordered), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ordered.cancel()
            living.cancel()
            await asyncio.gather(living, ordered, return_exceptions=True)
            await self._stop()
        if not living.cancelled() and (error := living.exception()) is not None:
            raise error

    async def _live(self) -> None:
        await self._prepare()
        async with beside(self._watch()):
            await self._run()

    async def _run(self) -> None:
        await self._start()
        async with asyncio.TaskGroup() as group:
            for component in self._stack.components:
                group.create_task(self._keep(component.process, component.name, self._component_starter(component)))
            for process in self._stack.processes:
                look = partial(self._stack.liveness, process)
                group.create_task(self._keep(process, process.name, process_starter(process), look))
            await self._ready()
            self._is_ready.set()
            await welcome(self._stack, self._screen)

    async def _watch(self) -> None:
        """Keep the monitoring running.

        The imports of the monitoring would slow down the start, so the monitoring starts last. After a minute the
        monitoring starts in any case, and tells the administrators what does not start.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS_OF_PATIENCE):
                await self._is_ready.wait()
        watch = self._stack.watch
        await (start := process_starter(watch))()
        await self._keep(watch, watch.name, start, partial(self._stack.liveness, watch))

    async def _prepare(self) -> None:
        check_port("PORT", self._stack.options.port)
        await self._refuse_absent()
        # If root starts the stack, the first use of `processes` copies the libraries for the services' users.
        with self._screen.timed("copies of the libraries", least=1.0):
            await asyncio.to_thread(lambda: self._stack.processes)

    async def _start(self) -> None:
        for server in self._stack.fork_servers:
            server.start()  # The fork server imports the programs while the servers start.
        async with asyncio.TaskGroup() as group:
            kafka = group.create_task(self._start_kafka())
            valkey = group.create_task(self._start_component(self._stack.valkey, "Valkey"))
            await self._start_postgres()
            await valkey
            if not self._stack.has_topics:
                await kafka  # A consumer that starts before its topic exists would detect the topic late.
            # On a busy machine, Kafka takes three times as long to start as the other servers. Intake accepts reports
            # while Kafka starts.
            await self._start_processes()

    async def _start_processes(self) -> None:
        self._stack.write_environment()
        self._stack.write_integrator()
        *workers, web = self._stack.processes
        for process in (web, *workers):  # The web process starts first, because it accepts reports.
            await process_starter(process)()

    async def _refuse_absent(self) -> None:
        """An external PostgreSQL must answer.

        An external Kafka or Valkey must answer at the first start of the installation. At later starts of the
        installation, Dayar waits for Kafka and Valkey.
        """
        for absent in await given.away(self._stack.options):
            if not self._stack.has_run or absent.startswith(GIVEN["postgres"]):
                raise ServerAway(absent)
            self._screen.warn(f"the server does not answer yet, and is waited for ({absent})")

    async def _start_kafka(self) -> None:
        await self._start_component(self._stack.kafka, "Kafka")
        with self._screen.timed("topics and rights"):
            await asyncio.to_thread(self._stack.make_topics)

    async def _start_postgres(self) -> None:
        await self._start_component(self._stack.postgres, "PostgreSQL")
        with self._screen.timed("database and its migrations"):
            await self._stack.make_database()
            for service in SERVICES:
                await migrate(service, self._stack.settings)
            await accounts.make(self._stack)

    async def _start_component(self, component: Component, title: str) -> None:
        if component in self._stack.components:
            with self._screen.timed(title):
                await asyncio.to_thread(component.prepare)
                component.spawn()
                await self._wait_ready(component)

    async def _wait_ready(self, component: Component) -> None:
        end = time.monotonic() + component.seconds_to_start
        while not component.is_ready():
            if not component.process.is_running or time.monotonic() > end:
                raise ComponentFailed(f"{component.name}:\n{component.process.log_tail()}")
            await asyncio.sleep(0.02)

    async def _ready(self) -> None:
        with self._screen.timed("services"):
            patience_ends = time.monotonic() + SECONDS_OF_PATIENCE
            for path in PATHS:
                while not await asyncio.to_thread(self._stack.over_http(path)):
                    if time.monotonic() > patience_ends:
                        self._screen.warn(f"{path} is still not ready; see {self._stack.folders.logs}")
                        patience_ends += SECONDS_OF_PATIENCE
                    await asyncio.sleep(0.1)

    async def _keep(self, process: Process, title: str, start_again: Starter, look: Look | None = None) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            async with beside(*([self._end_silent(process, title, look())] if look else [])):
                await process.ended()
            failures = 0 if time.monotonic() - began > LIVED_SECONDS else failures + 1
            pause = backoff_seconds(failures, first=0.5, longest=LONGEST_PAUSE) if failures else 0.0
            self._screen.warn(
                f"{title} ended ({how(process)}); started again" + (f" in {pause:.0f} s" if pause >= 1 else "")
            )
            await asyncio.sleep(pause)
            try:
                await start_again()
            except (CannotStart, OSError) as error:  # A full disk, for example, prevents writing.
                self._screen.warn(str(error))

    async def _end_silent(self, process: Process, title: str, answers: Answers) -> None:
        await silent(answers)
        self._screen.warn(f"{title} has not answered for {SILENT_SECONDS:.0f} s")
        process.kill()

    def _component_starter(self, component: Component) -> Starter:
        async def start() -> None:
            component.spawn()
            await self._wait_ready(component)
            self._screen.say(f"  [green]✓[/] {component.name} is back")

        return start

    async def _stop(self) -> None:
        """Stops the monitoring and the web process, then the workers, then the servers."""
        self._screen.say("Stopping ...")
        *workers, web = self._stack.processes
        servers: list[Component | ForkServer] = [*self._stack.components, *self._stack.fork_servers]
        for several in ([self._stack.watch, web], workers, servers):
            async with asyncio.TaskGroup() as group:
                for process in several:
                    group.create_task(asyncio.to_thread(process.stop))
        self._screen.say("Stopped.")


def process_starter(process: ForkedProcess) -> Starter:
    async def start() -> None:
        process.server.ensure()
        await asyncio.to_thread(process.start)

    return start


def how(process: Process) -> str:
    code = process.exit_code or 0
    return f"signal {-code}" if code < 0 else f"code {code}, see {process.log}"
