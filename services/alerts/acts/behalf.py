"""Encrypts the note that says for whom an alert was acknowledged; only operators and duty heads can see the note."""

import base64
from uuid import UUID

from sqlalchemy import Text, func, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from services.alerts.alerts import Alert
from services.alerts.delivery import listings
from services.alerts.models import AlertRow
from services.alerts.queries import hazards as hazard_queries
from services.alerts.receivers.secrets import WebhookSecrets
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.auth.access import CMC
from shared.auth.tokens import Principal

PREFIX = "sealed:"
BEGINNING = 15  # key ids are compared by this many bytes; the number is a multiple of 3, as base64 encodes groups of 3

NOTE = AlertRow.acknowledged_note
NOTES = select(AlertRow.alert_id, type_coerce(NOTE, Text)).where(NOTE.is_not(None))


def sealed(note: str, alert_id: UUID, box: WebhookSecrets) -> str:
    """The encrypted note, bound to the alert, and encoded as text for the column of notes."""
    return PREFIX + base64.b64encode(box.seal(note, _label(alert_id))).decode()


async def shown(request: Request, session: AsyncSession, alert: Alert) -> str | None:
    """The decrypted note, or None if the caller may not read it. Every read is written to the security log."""
    if alert.acknowledged_note is None or not await may_read(request, session, alert):
        return None
    name = opened(alert, tokens.current(request), request.app.state.box)
    if name is not None:
        await audit.add(session, audit.entry_of(request, Action.READ, objects=[alert.alert_id], reason="on-behalf"))
    return name


async def may_read(request: Request, session: AsyncSession, alert: Alert) -> bool:
    """Whether the caller wrote the note, or may see alerts in the area where the hazard was first reported.

    The alert's current area is not used for this, because an update may move the alert to an area with other readers.
    """
    caller = tokens.current(request)
    if alert.hazard_id is None or alert.acknowledged_by == caller.account:
        return True
    areas = listings.visible(caller, request.app.state.places)
    first = await hazard_queries.first_pcodes(session, alert.hazard_id) or alert.pcodes
    return areas is None or not first or not areas.isdisjoint(first)


def opened(alert: Alert, caller: Principal, box: WebhookSecrets) -> str | None:
    note = alert.acknowledged_note
    if note is None or caller.roles.isdisjoint(CMC):
        return None
    if not note.startswith(PREFIX):  # an earlier release stored the note unencrypted; the worker will encrypt the note
        return note
    return box.open(base64.b64decode(note.removeprefix(PREFIX)), _label(alert.alert_id))


async def seal_all(session: AsyncSession, box: WebhookSecrets) -> None:
    """Encrypts the notes that an earlier release stored unencrypted; the caller commits."""
    in_clear = NOTES.where(NOTE.not_like(f"{PREFIX}%")).with_for_update()
    for alert_id, note in (await session.execute(in_clear)).all():
        await _replace(session, alert_id, note, sealed(note, alert_id, box))


async def reseal(session: AsyncSession, box: WebhookSecrets) -> int:
    """Encrypts every note with the newest key; returns the number of re-encrypted notes. The caller commits."""
    others = NOTES.where(NOTE.like(f"{PREFIX}%"), NOTE.not_like(_beginning(box.newest_id)))
    rows = (await session.execute(others)).all()
    count = 0
    for alert_id, was in rows:
        if new := box.resealed(base64.b64decode(was.removeprefix(PREFIX)), _label(alert_id)):
            note = PREFIX + base64.b64encode(new).decode()
            await _replace(session, alert_id, was, note)
            count += 1
    return count


async def sealed_by(session: AsyncSession, key_id: str) -> int:
    """How many notes are still encrypted with this key."""
    is_sealed_by = NOTE.like(_beginning(key_id.encode()))
    return await session.scalar(select(func.count()).select_from(AlertRow).where(is_sealed_by)) or 0


async def _replace(session: AsyncSession, alert_id: UUID, was: str, note: str) -> None:
    as_read = update(AlertRow).filter_by(alert_id=alert_id, acknowledged_note=was)
    await session.execute(as_read.values(acknowledged_note=note))


def _beginning(key_id: bytes) -> str:
    """The LIKE pattern that matches the notes encrypted with this key."""
    return PREFIX + base64.b64encode(key_id[:BEGINNING]).decode() + "%"


def _label(alert_id: UUID) -> str:
    return f"on behalf of/{alert_id}"
