"""The table of checks. A new check is one file and one row."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from deploy.watch.checks import (
    backup,
    certificate,
    channels,
    clock,
    dead_letters,
    disk,
    feeds,
    held,
    lag,
    ledger,
    services,
    tokens,
    unsent_alerts,
    workers,
)
from deploy.watch.surroundings import Surroundings
from shared.monitoring.findings import MonitoringFinding

Look = Callable[[Surroundings], Awaitable[Sequence[MonitoringFinding]]]


@dataclass(frozen=True, slots=True)
class Check:
    """The check `look` runs every `every` seconds, for at most `timeout` seconds.

    A restart must cause no message, so a finding is reported only after `lasting` seconds.
    """

    name: str
    every: float
    timeout: float
    lasting: float
    look: Look


CHECKS = (
    Check("services", 10, 20, 60, services.look),
    Check("workers", 10, 5, 60, workers.look),
    Check("disk", 60, 5, 0, disk.look),
    Check("clock", 300, 10, 600, clock.look),
    Check("certificate", 3600, 20, 0, certificate.look),
    Check("lag", 30, 20, 60, lag.look),
    Check("ledger", 30, 20, 120, ledger.look),
    Check("dead letters", 30, 20, 60, dead_letters.look),
    Check("held reports", 300, 20, 0, held.look),
    Check("feeds", 30, 20, 60, feeds.look),
    Check("channels", 30, 20, 60, channels.look),
    Check("unsent alerts", 30, 20, 60, unsent_alerts.look),
    Check("backup", 60, 20, 0, backup.look),
    Check("tokens", 3600, 20, 0, tokens.look),
)
