"""Runs the alerts service in a process that kills itself at a named point: `python -m tests.alerts.crashing worker`.

`CRASH_AT=before_send:3` kills the process when the code reaches the point `before_send` for the third time.
"""

import os
import signal
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from services.alerts import worker
from services.alerts.app import create_app
from services.alerts.channels.webhook import WebhookChannel
from services.alerts.config import AlertsSettings
from services.alerts.delivery.deliveries import Deliveries
from services.alerts.delivery.handover import HANDOVER
from shared import lifecycle
from shared.messaging.consumer import Consumer

Passed = Callable[[], None]


def before(owner: type, method: str, passed: Passed) -> None:
    original = getattr(owner, method)

    async def wrapped(*arguments: Any, **options: Any) -> Any:
        passed()
        return await original(*arguments, **options)

    setattr(owner, method, wrapped)


def after(owner: type, method: str, passed: Passed) -> None:
    original = getattr(owner, method)

    async def wrapped(*arguments: Any, **options: Any) -> Any:
        answer = await original(*arguments, **options)
        passed()
        return answer

    setattr(owner, method, wrapped)


def after_transaction(passed: Passed) -> None:
    """Calls `passed` after the commit of a transaction with new deliveries, before any of these deliveries starts."""

    def committed(session: Session) -> None:
        if HANDOVER in session.info:
            passed()

    event.listen(Session, "after_commit", committed, insert=True)


POINTS: Mapping[str, Callable[[Passed], None]] = {
    "before_transaction": lambda passed: before(Consumer, "_commit", passed),
    "after_transaction": after_transaction,
    "before_send": lambda passed: before(WebhookChannel, "send", passed),
    "after_send": lambda passed: after(WebhookChannel, "send", passed),
    "before_record": lambda passed: before(Deliveries, "_write", passed),
}


def crash_at(point: str, passage: int) -> None:
    passages = count(1)

    def passed() -> None:
        if next(passages) == passage:
            os.kill(os.getpid(), signal.SIGKILL)

    POINTS[point](passed)


if __name__ == "__main__":
    name, _, number = os.environ["CRASH_AT"].partition(":")
    crash_at(name, int(number))
    lifecycle.run_service("alerts", AlertsSettings, create_app=create_app, worker=worker.run)
