"""Reads the entries that commands add to the security log of the alerts service."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cli.transactions import within
from shared.audit import AUDIT
from tests.installation import in_thread


def noted(command: str) -> list[tuple[str, str | None, int]]:
    async def read(session: AsyncSession) -> list[tuple[str, str | None, int]]:
        columns = (AUDIT.c.action, AUDIT.c.reason, AUDIT.c.objects)
        rows = await session.execute(select(*columns).where(AUDIT.c.subject == command).order_by(AUDIT.c.id))
        return [(action, reason, len(objects)) for action, reason, objects in rows]

    return in_thread(within("alerts", read))
