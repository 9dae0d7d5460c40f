"""Demands a purpose from readers of personal data, and logs each read in the security log."""

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
    """Raises Problem if the caller has stated no purpose. The refused request is logged in the security log.

    Callers state a purpose once per emergency and shift.
    """
    if caller.purpose or not caller.roles.isdisjoint(NEED_NO_PURPOSE):
        return
    await refused(request, "purpose-needed", *objects)
    title = "State first what household records are opened for: once for each emergency and shift."
    raise Problem(403, "purpose-needed", title)


async def note_read(
    request: Request, session: AsyncSession, objects: Sequence[UUID], *, among: str = "", about: str = ""
) -> None:
    """Logs a read of personal data in the transaction of the read, so that no answer is sent without the entry.

    The entry's subject is the route. `among` is written before the route, and `about` after it.
    """
    entry = audit.entry_of(request, Action.READ, objects=objects, reason=tokens.current(request).purpose)
    await audit.add(session, replace(entry, subject=f"{among}{entry.subject}{about}"))


async def refused(request: Request, reason: str, *objects: UUID) -> None:
    """Logs a refused read in its own transaction, because the request's transaction is rolled back."""
    entry = audit.entry_of(request, Action.READ, result=Result.REFUSED, objects=objects, reason=reason)
    await audit.write(request.app.state.sessions, entry)
