"""Encrypts the note that says on whose behalf somebody acknowledged an alert.

Only operators and duty heads can read the note.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, func, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from services.alerts import reads, timeline
from services.alerts.acts.behalf_notes import BehalfNote
from services.alerts.alerts import Alert
from services.alerts.delivery import listings
from services.alerts.models import Act, AlertRow
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import hazards as hazard_queries
from services.alerts.receivers.secrets import WebhookSecrets
from shared.auth import tokens
from shared.auth.role_groups import CMC

PREFIX = "sealed:"
# The compared beginning of a key id has this number of bytes, a multiple of 3, because base64 encodes 3 bytes at once.
BEGINNING = 15

NOTE = AlertRow.acknowledged_note
COLUMNS: Sequence[Any] = (NOTE, Act.behalf_note)


def sealed(note: BehalfNote, alert_id: UUID, box: WebhookSecrets) -> str:
    """The encryption binds the note to this alert, so the text cannot be copied to another alert."""
    return PREFIX + base64.b64encode(box.seal(note.stored, _label(alert_id))).decode()


async def sealed_once(
    session: AsyncSession, note: BehalfNote, alert_id: UUID, account: UUID, box: WebhookSecrets
) -> str:
    """If the account has already acknowledged with an equal note, returns the stored note.

    Locks the alert. The lock orders two concurrent acknowledgements, so that the second sees the note of the first. A
    stored note that cannot be decrypted counts as a different note.
    """
    known = await timeline.last_note(session, await alert_queries.locked_alert(session, alert_id), account)
    is_same = known is not None and opened(known, alert_id, box) == note
    return known if known is not None and is_same else sealed(note, alert_id, box)


@dataclass(frozen=True, slots=True)
class BehalfNames:
    """`of_alert` has the note of the acknowledgement that is in effect.

    `by_act` has the note of each acknowledgement in the timeline. `are_all_readable` is False if a note could not be
    decrypted.
    """

    of_alert: BehalfNote | None
    by_act: Mapping[int, BehalfNote]
    are_all_readable: bool = True


async def shown(request: Request, session: AsyncSession, alert: Alert, timeline: Sequence[Act] = ()) -> BehalfNames:
    """If `may_read` returns False, the caller gets only notes that the caller wrote.

    Each reading of notes is recorded in the security log.
    """
    caller, note, box = tokens.current(request), alert.acknowledged_note, request.app.state.box
    notes = {act: act.behalf_note for act in timeline if act.behalf_note is not None}
    if caller.roles.isdisjoint(CMC) or (note is None and not notes):
        return BehalfNames(None, {})
    if not await may_read(request, session, alert):
        note = note if alert.acknowledged_by == caller.account else None
        notes = {act: sealed for act, sealed in notes.items() if act.account_id == caller.account}
    if note is not None or notes:
        await reads.log(request, session, alert.alert_id, "on-behalf")
    of_alert = opened(note, alert.alert_id, box) if note else None
    by_act = {act.act_id: opened(sealed, alert.alert_id, box) for act, sealed in notes.items()}
    readable = {act: name for act, name in by_act.items() if name is not None}
    return BehalfNames(of_alert, readable, len(readable) == len(by_act) and (of_alert is None) == (note is None))


async def may_read(request: Request, session: AsyncSession, alert: Alert) -> bool:
    """The area of the first report decides who may read the notes.

    An update may move the alert to an area whose readers must not read the notes.
    """
    caller = tokens.current(request)
    if alert.hazard_id is None:
        return True
    areas = listings.visible(caller, request.app.state.places)
    first = await hazard_queries.first_pcodes(session, alert.hazard_id) or alert.pcodes
    return areas is None or not first or not areas.isdisjoint(first)


def opened(note: str, alert_id: UUID, box: WebhookSecrets) -> BehalfNote | None:
    if not note.startswith(PREFIX):  # An earlier release of Dayar stored this note unencrypted.
        return BehalfNote.read(note)
    stored = box.readable(base64.b64decode(note.removeprefix(PREFIX)), _label(alert_id))
    return None if stored is None else BehalfNote.read(stored)


async def seal_all(session: AsyncSession, box: WebhookSecrets) -> None:
    """Encrypts the notes that earlier releases of Dayar stored unencrypted. The caller commits."""
    in_clear = _notes(NOTE).where(NOTE.not_like(f"{PREFIX}%")).with_for_update()
    for alert_id, note in (await session.execute(in_clear)).all():
        await _replace(session, NOTE, alert_id, note, sealed(BehalfNote.read(note), alert_id, box))


async def reseal(session: AsyncSession, box: WebhookSecrets) -> int:
    """Returns the number of re-encrypted notes. The caller commits."""
    count = 0
    for column in COLUMNS:
        others = _notes(column).where(column.like(f"{PREFIX}%"), column.not_like(_beginning(box.newest_id)))
        for alert_id, was in (await session.execute(others)).all():
            if new := box.resealed(base64.b64decode(was.removeprefix(PREFIX)), _label(alert_id)):
                await _replace(session, column, alert_id, was, PREFIX + base64.b64encode(new).decode())
                count += 1
    return count


async def sealed_by(session: AsyncSession, key_id: str) -> int:
    beginning, count = _beginning(key_id.encode()), 0
    for column in COLUMNS:
        count += await session.scalar(select(func.count()).where(column.like(beginning))) or 0
    return count


def _notes(column: Any) -> Select[UUID, str]:
    return select(column.class_.alert_id, type_coerce(column, Text)).where(column.is_not(None))


async def _replace(session: AsyncSession, column: Any, alert_id: UUID, was: str, note: str) -> None:
    as_read = update(column.class_).where(column.class_.alert_id == alert_id, column == was)
    await session.execute(as_read.values({column: note}))


def _beginning(key_id: bytes) -> str:
    return PREFIX + base64.b64encode(key_id[:BEGINNING]).decode() + "%"


def _label(alert_id: UUID) -> str:
    return f"on behalf of/{alert_id}"
