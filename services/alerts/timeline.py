"""The timeline of an alert has every action with its person and time, including actions that were undone later."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts.acts import ActKind, Actor
from services.alerts.alerts import Alert
from services.alerts.models import Act


async def add(
    session: AsyncSession, alert: Alert, deed: ActKind, person: Actor, text: str | None, now: datetime
) -> None:
    """Adds an action; the caller commits."""
    values = {"deed": deed.value, "account_id": person.account, "name": person.name, "text": text, "acted_at": now}
    values["channel"] = person.channel
    await session.execute(insert(Act).values(alert_id=alert.alert_id, sequence=alert.sequence, **values))


async def of(session: AsyncSession, alert_id: UUID) -> Sequence[Act]:
    """The actions in the order in which they happened."""
    return (await session.scalars(select(Act).where(Act.alert_id == alert_id).order_by(Act.act_id))).all()


def done_steps(acts: Sequence[Act]) -> dict[str, Act]:
    """Maps the id of each step that is done now to the action of the person who did it."""
    done = dict[str, Act]()
    for act in acts:
        if act.text is None:
            continue
        if act.deed == ActKind.STEP_DONE:
            done[act.text] = act
        elif act.deed == ActKind.STEP_UNDONE:
            done.pop(act.text, None)
    return done
