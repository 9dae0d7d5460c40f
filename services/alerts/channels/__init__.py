"""The delivery channels. A channel sends a claimed delivery, or raises Undelivered."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec, Protocol
from uuid import UUID

from services.alerts.receivers.receivers import Receiver
from shared import tracing
from shared.failures import is_dependency_unavailable
from shared.outbound_errors import OutboundError, OutsideExercise

P = ParamSpec("P")

# An exercise sends nothing, and the outbox page shows the message.
OUTBOX_PAGE = "outbox_page"


Slot = tuple[str, str]  # A slot is the label of a receiver and the name of a channel.


class Undelivered(Exception):
    """`is_final` is true if a retry cannot succeed.

    `retry_after` is the number of seconds after which the server permits a retry, or None. If some deliveries of a
    combined job do not have this error as their result, `results` has their codes and errors.
    """

    def __init__(
        self,
        reason: str,
        *,
        is_final: bool = False,
        retry_after: float | None = None,
        results: "Mapping[UUID, str | Undelivered] | None" = None,
    ) -> None:
        super().__init__(reason)
        self.reason, self.is_final, self.retry_after, self.results = reason, is_final, retry_after, results or {}


@dataclass(frozen=True, slots=True)
class Job:
    """`lease` identifies the claim: each claim of a delivery has a new lease.

    `companions` are further deliveries that go out in the same message.

    `receiver` and `secrets` have the address and the secrets of the contact to which the delivery goes.
    """

    delivery_id: UUID
    alert_id: UUID
    step: int
    cause: str
    content: str
    lease: UUID
    attempt: int
    age_seconds: float
    recipient: str
    channel: str  # The value is a DeliveryChannel, or a channel that only a later release of Dayar knows.
    receiver: Receiver | None
    secrets: tuple[bytes, ...]
    is_foldable: bool = False
    companions: tuple["Job", ...] = ()
    # Sending continues this trace, which began with the record that caused the delivery.
    traceparent: str | None = field(default_factory=tracing.current)

    @property
    def slot(self) -> Slot:
        return self.recipient, self.channel


class ChannelOut(Protocol):
    async def send(self, job: Job, receiver: Receiver) -> str:
        """Returns the receiving server's answer as a code. Raises Undelivered."""
        ...


def sending(send: Callable[P, Coroutine[Any, Any, str]]) -> Callable[P, Coroutine[Any, Any, str]]:
    """Decorates a channel's `send`, so that all channels report failures in the same way.

    A failed outside call, or an unavailable PostgreSQL, becomes Undelivered. In an exercise, nothing is sent, and the
    outbox page shows the message.
    """

    @wraps(send)
    async def sent(*args: P.args, **kwargs: P.kwargs) -> str:
        try:
            return await send(*args, **kwargs)
        except OutsideExercise:
            return OUTBOX_PAGE
        except OutboundError as error:
            raise Undelivered(error.reason) from error
        except Exception as error:
            if not is_dependency_unavailable(error):
                raise
            raise Undelivered("unreachable") from error

    return sent
