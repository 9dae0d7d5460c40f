"""`GET /<service>/v1/audit`: the security log of one service, newest first, for the role `auditor`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.audit import AUDIT, Action, Result
from shared.postgres.database import Session


class AuditEntryView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    at: datetime
    action: str
    result: str
    account: UUID | None
    token: UUID | None
    address: str | None
    subject: str | None
    objects: tuple[UUID, ...]
    reason: str | None


class Page(BaseModel):
    service: str
    entries: list[AuditEntryView]
    next: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    limit: int = 100
    before: int | None = None
    account: UUID | None = None
    action: Action | None = None
    result: Result | None = None


async def entries(session: AsyncSession, wanted: Wanted) -> list[AuditEntryView]:
    """Returns entries, the newest first. `before` is the id of the last entry on the previous page."""
    query = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(wanted.limit)
    if wanted.before is not None:
        query = query.where(AUDIT.c.id < wanted.before)
    for name in ("account", "action", "result"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(AUDIT.c[name] == value)
    return [AuditEntryView.model_validate(row) for row in await session.execute(query)]


def routes(service: str) -> APIRouter:
    """Returns the route. In the console, which is mounted at `/`, the path begins with `/console`."""
    router = APIRouter()

    @router.get("/console/v1/audit" if service == "console" else "/v1/audit")
    async def audit(
        session: Session,
        limit: Annotated[int, Query(ge=1, le=200)] = 100,
        before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
        account: UUID | None = None,
        action: Action | None = None,
        result: Result | None = None,
    ) -> Page:
        wanted = Wanted(limit=limit, before=before, account=account, action=action, result=result)
        page = await entries(session, wanted)
        return Page(service=service, entries=page, next=page[-1].id if len(page) == limit else None)

    return router
