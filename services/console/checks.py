"""What watches over the installation itself: whether its backups, its clock and its copy on paper are as they should be."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CheckName(StrEnum):
    BACKUP = "backup"
    CLOCK = "clock"
    PAPER = "paper"


class State(StrEnum):
    WELL = "well"
    BAD = "bad"
    OVERDUE = "overdue"  # whoever looks is dead itself
    NOT_KNOWN = "not_known"
    NEVER = "never"  # nobody has looked yet, as nobody was told to


@dataclass(frozen=True, slots=True)
class Check:
    """`is_well` None: asked, and no answer. `due_at`: until when the next one has to come; None = when somebody likes."""

    name: CheckName
    checked_at: datetime | None = None
    is_well: bool | None = None
    figure: float | None = None
    due_at: datetime | None = None

    def state(self, now: datetime) -> State:
        if self.checked_at is None:
            return State.NEVER
        if self.due_at is not None and self.due_at < now:
            return State.OVERDUE
        return State.NOT_KNOWN if self.is_well is None else State.WELL if self.is_well else State.BAD


@dataclass(frozen=True, slots=True)
class Seen:
    check: Check
    state: State


def seen(known: Iterable[Check], now: datetime) -> list[Seen]:
    """Each that there is, in this order."""
    by_name = {check.name: check for check in known}
    checks = [by_name.get(name) or Check(name) for name in CheckName]
    return [Seen(check, check.state(now)) for check in checks]


def alarms(known: Iterable[Check], now: datetime) -> list[Seen]:
    """What a shift has to be told."""
    return [each for each in seen(known, now) if each.state in (State.BAD, State.OVERDUE)]
