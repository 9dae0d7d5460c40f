"""Runs the checks repeatedly, reports findings to the administrators, and writes the status file."""

import asyncio
import errno
import fcntl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path as FilePath

from deploy.watch import facts, messages, tracked_findings
from deploy.watch.checks import CHECKS, Check
from deploy.watch.paths import NotDelivered, Path
from deploy.watch.surroundings import NotMeasured, Surroundings
from deploy.watch.tracked_findings import Patience
from shared import log
from shared.errors import DocumentedError
from shared.monitoring import status as files
from shared.monitoring.findings import FindingKind, Level, MonitoringFinding
from shared.monitoring.status import MessagePath, SystemStatus

ROUND_SECONDS = 5.0
SEND_SECONDS = 30.0
AGAIN_SECONDS = 30.0  # The pause before the next message, if no path delivered the last message.
# After a check could not run, the next try comes after this pause, even if the check usually runs once an hour.
BLIND_SECONDS = 30.0
BLIND = "checks"  # This is the check code of findings about checks that could not run.
BLIND_LASTING = timedelta(minutes=2)  # A restart of the services must cause no finding, and is shorter than this.
# This is the check code of findings about a status file that could not be written.
STATUS = "status"
STATUS_LASTING = timedelta(minutes=1)


class AlreadyWatched(DocumentedError):
    """Another `dayar watch` runs for this installation, so this one would send every message twice."""


class Watch:
    def __init__(
        self, around: Surroundings, paths: Sequence[Path], folder: FilePath, *, checks: Sequence[Check] = CHECKS
    ) -> None:
        self._around, self._paths, self._folder, self._checks = around, paths, folder, checks
        settings = around.settings
        lasting = {check.name: timedelta(seconds=check.lasting) for check in checks}
        lasting |= {BLIND: BLIND_LASTING, STATUS: STATUS_LASTING}
        self.patience = Patience(timedelta(seconds=settings.watch_repeat_seconds), lasting)
        known = files.read(folder)
        self.status = known or SystemStatus(looked_at=around.now, is_exercise=settings.exercise)
        names = {path.name for path in paths}
        self._told = {path.name: path for path in self.status.paths if path.name in names}
        # Unreported findings of the last run are dropped, because somebody may have stopped the installation then. If a
        # problem still exists, the next check finds it.
        self._tracked_findings = [
            tracked for tracked in self.status.tracked_findings if tracked.reported_at is not None
        ]
        self._looked_at: dict[str, float] = {}
        self._blind: dict[str, str] = {}
        self._unwritten: str | None = None  # The code of the error that prevented writing the status file, or None.
        self._send_after = 0.0

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            began = time.monotonic()
            await self.once()
            await asyncio.sleep(max(0.0, began + ROUND_SECONDS - time.monotonic()))

    async def once(self) -> None:
        """Runs the checks whose time has come, sends the findings that must be reported, and writes the status file."""
        await asyncio.gather(*(self._look(check) for check in self._checks if self._is_due(check)))
        for name, findings in ((BLIND, self._blind_findings()), (STATUS, self._status_findings())):
            self._tracked_findings = tracked_findings.looked(self._tracked_findings, name, findings, self._around.now)
        self._tracked_findings = tracked_findings.without_settled(
            self._tracked_findings, self.patience, self._around.now
        )
        await self._report()
        await self._write()

    def _is_due(self, check: Check) -> bool:
        every = min(check.every, BLIND_SECONDS) if check.name in self._blind else check.every
        return time.monotonic() - self._looked_at.get(check.name, -every) >= every

    async def _look(self, check: Check) -> None:
        """A check that cannot run becomes a finding of its own. The check's earlier findings stay."""
        self._looked_at[check.name] = time.monotonic()
        try:
            async with asyncio.timeout(check.timeout):
                findings = await check.look(self._around)
        except NotMeasured as error:
            self._blind[check.name] = error.service
        except Exception as error:  # noqa: BLE001 - an error in one check must not end the others
            self._blind[check.name] = type(error).__name__
            log.get().error("check failed", check=check.name, **log.described(error))
        else:
            self._blind.pop(check.name, None)
            self._tracked_findings = tracked_findings.looked(
                self._tracked_findings, check.name, findings, self._around.now
            )

    def _blind_findings(self) -> list[MonitoringFinding]:
        by_reason: dict[str, list[str]] = {}
        for check, reason in sorted(self._blind.items()):
            by_reason.setdefault(reason, []).append(check)
        return [
            MonitoringFinding(
                kind=FindingKind.CHECK_BLIND,
                level=Level.WARNING,
                subject=reason,
                values={"checks": ", ".join(checks), "reason": reason},
            )
            for reason, checks in by_reason.items()
        ]

    def _status_findings(self) -> list[MonitoringFinding]:
        if self._unwritten is None:
            return []
        values = {"folder": str(self._folder), "reason": self._unwritten}
        return [MonitoringFinding(kind=FindingKind.DISK_UNWRITABLE, level=Level.FAILED, values=values)]

    async def _report(self) -> None:
        reports = tracked_findings.due(self._tracked_findings, self.patience, self._around.now)
        if not reports or time.monotonic() < self._send_after:
            return
        for report in reports:
            finding = report.tracked.finding
            log.get().warning("finding", occasion=report.occasion, kind=finding.kind, subject=finding.subject)
        settings = self._around.settings
        message = messages.message(reports, settings.watch_language, settings.public_url)
        if await self.send(message):
            self._tracked_findings = tracked_findings.reported(self._tracked_findings, reports, self._around.now)
        else:
            self._send_after = time.monotonic() + AGAIN_SECONDS

    async def send(self, message: messages.Message) -> bool:
        """Return True if a path delivered the message, or if no path is configured."""
        delivered = await asyncio.gather(*(self._send(path, message) for path in self._paths))
        return any(delivered) or not delivered

    async def _send(self, path: Path, message: messages.Message) -> bool:
        known = self._told.get(path.name) or MessagePath(name=path.name)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await path.send(message)
        except (NotDelivered, TimeoutError) as error:
            reason = getattr(error, "reason", "timed_out")
            log.get().error("administrators not reached", path=path.name, reason=reason)
            self._told[path.name] = known.model_copy(update={"failure": reason})
            return False
        self._told[path.name] = MessagePath(name=path.name, delivered_at=self._around.now)
        return True

    async def _write(self) -> None:
        self.status = SystemStatus(
            looked_at=self._around.now,
            is_exercise=self._around.settings.exercise,
            components=tuple(await facts.components(self._around, self.status)),
            parts=await facts.parts(self._around, self.status.parts),
            tracked_findings=tuple(self._tracked_findings),
            paths=tuple(self._told.get(path.name) or MessagePath(name=path.name) for path in self._paths),
        )
        try:
            await asyncio.to_thread(files.write, self._folder, self.status)
        # A full or read-only disk can cause this error, and the next round tells the administrators.
        except OSError as error:
            self._unwritten = errno.errorcode.get(error.errno or 0, type(error).__name__)
            log.get().error("status not written", **log.described(error))
        else:
            self._unwritten = None


@contextmanager
def alone(folder: FilePath) -> Iterator[None]:
    """A missing folder is created. Raises AlreadyWatched."""
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyWatched(folder) from None
        yield
