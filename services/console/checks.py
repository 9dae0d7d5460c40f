"""What watches over the installation itself: whether its backups, its clock and its copy on paper are as they should be."""

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
    OVERDUE = "overdue"  # whoever looks is dead itself
    NOT_KNOWN = "not_known"
    NEVER = "never"  # nobody has looked yet, as nobody was told to


@dataclass(frozen=True, slots=True)
class InstallationCheck:
    """`is_well` None: asked, and no answer. `due_at`: until when the next one has to come; None = when somebody likes."""

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
    """Each that there is, in this order."""
    by_name = {check.name: check for check in known}
    checks = [by_name.get(name) or InstallationCheck(name) for name in CheckName]
    return [Seen(check, check.state(now)) for check in checks]


def alarms(known: Iterable[InstallationCheck], now: datetime) -> list[Seen]:
    """What a shift has to be told."""
    return [each for each in seen(known, now) if each.state in (CheckState.BAD, CheckState.OVERDUE)]
