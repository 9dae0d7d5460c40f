"""The checks of the installation itself, and their results: backups, clock, and printable copy of the board."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CheckName(StrEnum):
    BACKUP = "backup"
    CLOCK = "clock"
    PAPER = "paper"


class CheckState(StrEnum):
    WELL = "well"
    BAD = "bad"
    OVERDUE = "overdue"  # the next result is late, so the check has stopped running
    NOT_KNOWN = "not_known"
    NEVER = "never"  # the check never ran, for example because nobody configured it


@dataclass(frozen=True, slots=True)
class InstallationCheck:
    """The latest result of a check.

    `is_well` is None if the check got no answer. `due_at` is the deadline for the next result.
    """

    name: CheckName
    checked_at: datetime | None = None
    is_well: bool | None = None
    figure: float | None = None
    due_at: datetime | None = None

    def state(self, now: datetime) -> CheckState:
        if self.checked_at is None:
            return CheckState.NEVER
        if self.due_at is not None and self.due_at < now:
            return CheckState.OVERDUE
        return CheckState.NOT_KNOWN if self.is_well is None else CheckState.WELL if self.is_well else CheckState.BAD


@dataclass(frozen=True, slots=True)
class Seen:
    check: InstallationCheck
    state: CheckState


def seen(known: Iterable[InstallationCheck], now: datetime) -> list[Seen]:
    by_name = {check.name: check for check in known}
    checks = [by_name.get(name) or InstallationCheck(name) for name in CheckName]
    return [Seen(check, check.state(now)) for check in checks]


def alarms(known: Iterable[InstallationCheck], now: datetime) -> list[Seen]:
    """Returns the failed and the overdue checks, which the board shows as alarms."""
    return [check for check in seen(known, now) if check.state in (CheckState.BAD, CheckState.OVERDUE)]
