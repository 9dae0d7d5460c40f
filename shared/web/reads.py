"""Checks that a reader of personal data has stated a purpose, and writes each read to the security log."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.audit import Action, Result
from shared.auth import tokens
from shared.auth.tokens import Principal, Role
from shared.web.problems import Problem

NEED_NO_PURPOSE = frozenset({Role.REGISTRAR})  # registrars read records all day


async def check_purpose(request: Request, caller: Principal, *objects: UUID) -> None:
    """Raise Problem if the caller has stated no purpose.

    The security log gets the refused request. A purpose is needed once for each emergency and shift.
    """
    if caller.purpose or not caller.roles.isdisjoint(NEED_NO_PURPOSE):
        return
    await refused(request, "purpose-needed", *objects)
    title = "State first what household records are opened for: once for each emergency and shift."
    raise Problem(403, "purpose-needed", title)


async def note_read(
    request: Request, session: AsyncSession, objects: Sequence[UUID], *, among: str = "", about: str = ""
) -> None:
    """Adds the audit entry in the transaction of the read, so that no answer is sent without the entry.

    In the entry's subject, `among` is written before the route, and `about` after the route.
    """
    entry = audit.entry_of(request, Action.READ, objects=objects, reason=tokens.current(request).purpose)
    await audit.add(session, replace(entry, subject=f"{among}{entry.subject}{about}"))


async def refused(request: Request, reason: str, *objects: UUID) -> None:
    """Writes the audit entry in a separate transaction, because the transaction of the request is rolled back."""
    entry = audit.entry_of(request, Action.READ, result=Result.REFUSED, objects=objects, reason=reason)
    await audit.write(request.app.state.sessions, entry)
