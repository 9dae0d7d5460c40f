"""The ways to tell a receiver: each takes a claimed delivery and returns when it is told, or raises Undelivered."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.alerts.receivers import Receiver

OUTBOX_PAGE = "outbox_page"  # an exercise's own: what would have been sent stands there for everybody to read


class Undelivered(Exception):
    """Not told this time; `is_final` when trying again is of no use."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.is_final = reason, is_final


@dataclass(frozen=True, slots=True)
class Job:
    """A delivery as it was claimed: `lease` is the claim, `attempt` counts from 1; `companions` go in the same message."""

    delivery_id: UUID
    alert_id: UUID
    step: int
    cause: str
    content: str
    lease: UUID
    attempt: int
    age_seconds: float
    recipient: str
    receiver: Receiver | None
    secrets: tuple[bytes, ...]
    is_foldable: bool = False
    companions: tuple["Job", ...] = ()


class ChannelOut(Protocol):
    async def send(self, job: Job, receiver: Receiver) -> str:
        """Returns what the other side said, as a code. Raises Undelivered."""
        ...
