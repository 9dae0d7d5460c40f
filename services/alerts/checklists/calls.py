"""The log of calls about alerts: who called which post, whether the post answered, and what was agreed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import CallRow
from services.alerts.receivers.secrets import WebhookSecrets


class CallResult(StrEnum):
    REACHED = "reached"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"


@dataclass(frozen=True, slots=True)
class Call:
    """`agreed` is the agreement in the words of the person who called.

    `number_id` is None if the called post is not in the list of duty numbers. `post` is None if the call's words cannot
    be decrypted.
    """

    post: str | None
    result: str  # The value is a CallResult, or a result that only a later release of Dayar knows.
    agreed: str | None = None
    number_id: UUID | None = None


async def add(session: AsyncSession, alert_id: UUID, sequence: int, call: Call, box: WebhookSecrets) -> None:
    """`sequence` is the alert's sequence after the call, and identifies the call in the timeline.

    The caller commits.
    """
    words = json.dumps({"post": call.post, "agreed": call.agreed}, ensure_ascii=False)
    row = CallRow(
        alert_id=alert_id,
        sequence=sequence,
        number_id=call.number_id,
        result=str(call.result),
        sealed=box.seal(words, label(alert_id, sequence)),
    )
    session.add(row)


async def of(session: AsyncSession, alert_id: UUID, box: WebhookSecrets) -> Mapping[int, Call]:
    rows = await session.scalars(select(CallRow).where(CallRow.alert_id == alert_id))
    return {row.sequence: _call(row, box) for row in rows}


def label(alert_id: UUID, sequence: int) -> str:
    """The AAD binds the encrypted words to this call, so that they cannot be moved to another call."""
    return f"call/{alert_id}/{sequence}"


def _call(row: CallRow, box: WebhookSecrets) -> Call:
    text = box.readable(row.sealed, label(row.alert_id, row.sequence))
    words = {"post": None, "agreed": None} if text is None else json.loads(text)
    return Call(words["post"], row.result, words["agreed"], row.number_id)
