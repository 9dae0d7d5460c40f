"""After a rotation of the key, encrypts the column `sealed` of several tables anew. The caller commits."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.checklists import calls
from services.alerts.duty_numbers import duty_numbers
from services.alerts.models import CallRow, DutyNumberRow, ShiftHandoverRow
from services.alerts.receivers.secrets import WebhookSecrets
from services.alerts.shift_handovers import shift_handovers
from shared.crypto.keyring import ID_BYTES

# Maps a table to the function that computes a row's AAD.
LABELS: Mapping[Any, Any] = {
    DutyNumberRow: lambda row: duty_numbers.label(row.number_id),
    CallRow: lambda row: calls.label(row.alert_id, row.sequence),
    ShiftHandoverRow: lambda row: shift_handovers.label(row.handover_id),
}


async def reseal(session: AsyncSession, box: WebhookSecrets) -> int:
    """Returns the number of re-encrypted rows."""
    count = 0
    for model, label in LABELS.items():
        is_old = func.substr(model.sealed, 1, ID_BYTES) != box.newest_id
        for row in await session.scalars(select(model).where(is_old).with_for_update()):
            if (new := box.resealed(row.sealed, label(row))) is not None:
                row.sealed = new
                count += 1
    return count


async def sealed_by(session: AsyncSession, key_id: str) -> int:
    count = 0
    for model in LABELS:
        is_sealed_by = func.substr(model.sealed, 1, ID_BYTES) == key_id.encode()
        count += await session.scalar(select(func.count()).select_from(model).where(is_sealed_by)) or 0
    return count
