"""Keeps each process's templates up to date, and marks templates that could not be used."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts.delivery.messages import Messages
from services.alerts.message_templates.templates import Templates
from services.alerts.queries import message_templates as template_queries
from shared import log
from shared.failures import retry_while_unavailable
from shared.postgres.database import Session

EVERY_SECONDS = 10.0


async def keep_current(sessions: async_sessionmaker[AsyncSession], templates: Templates) -> None:
    """Runs until cancelled."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        await retry_while_unavailable(lambda: refresh(sessions, templates))


async def refresh(sessions: async_sessionmaker[AsyncSession], templates: Templates) -> None:
    """An unusable template is marked once and logged once. A change of the template clears the mark."""
    now = datetime.now(UTC)
    async with sessions.begin() as session:
        templates.replace(await template_queries.templates(session))
        skipped = templates.newly_skipped()
        marked = await template_queries.mark_skipped(session, skipped, now) if skipped else []
    for template in marked:
        log.get().warning(
            "message template not used",
            hazard=template.hazard,
            severity=template.severity,
            channel=template.channel,
            language=template.language,
        )


async def current_messages(request: Request, session: Session) -> Messages:
    """Pages must show each text as the worker sends it, so pages read the newest templates."""
    messages: Messages = request.app.state.messages
    messages.texts.templates.replace(await template_queries.templates(session))
    return messages


CurrentMessages = Annotated[Messages, Depends(current_messages)]
