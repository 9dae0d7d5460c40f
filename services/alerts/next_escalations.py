"""Tells wall screens when each unacknowledged alert escalates next."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import presences
from services.alerts.delivery import listings
from services.alerts.models import AlertRow
from services.alerts.ruleset import Ruleset
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.postgres.database import Session
from shared.postgres.models import table

router = APIRouter()
MOST = 1_000
ALERTS = table(AlertRow).c


class NextEscalations(BaseModel):
    """Maps an alert to the time of its next escalation.

    An alert is missing if it does not escalate, for example because it is snoozed or silenced.
    """

    escalations: dict[UUID, datetime]


@router.get("/v1/escalations")
async def escalations(
    request: Request, session: Session, caller: Annotated[Principal, Depends(tokens.current)]
) -> NextEscalations:
    """Returns when unacknowledged alerts escalate next, for the 1,000 alerts that escalate first."""
    rules: Ruleset = request.app.state.rules
    is_unattended = await presences.is_unattended(session, datetime.now(UTC), rules.escalation.unattended)
    areas = listings.visible(caller, request.app.state.places)
    return NextEscalations(escalations=await earliest(session, areas, is_unattended=is_unattended))


async def earliest(session: AsyncSession, areas: frozenset[str] | None, *, is_unattended: bool) -> dict[UUID, datetime]:
    """While all boards are unattended, each alert waits half as long (`escalation.py`)."""
    wanted = select(ALERTS.alert_id, ALERTS.waits_since, ALERTS.escalates_at).where(
        ALERTS.escalates_at.is_not(None),
        ALERTS.acknowledged_at.is_(None),
        ALERTS.resolved_at.is_(None),
        ALERTS.escalates_at.is_distinct_from(ALERTS.silenced_until),
        ALERTS.escalates_at.is_distinct_from(ALERTS.snoozed_until),
    )
    if areas is not None:
        wanted = wanted.where(listings.concerns(areas))
    rows = await session.execute(wanted.order_by(ALERTS.escalates_at).limit(MOST))
    return {alert_id: at - (at - (since or at)) / 2 if is_unattended else at for alert_id, since, at in rows}
