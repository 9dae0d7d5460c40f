"""SQL for escalation policies. The caller commits."""

from dataclasses import asdict

from pydantic import TypeAdapter
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import PolicyRow
from services.alerts.policies.policies import EscalationPolicy
from services.alerts.queries import rows
from shared.postgres.models import table
from shared.postgres.upsert import upsert

_policy = TypeAdapter(EscalationPolicy)


async def policies(session: AsyncSession) -> list[EscalationPolicy]:
    wanted = select(*table(PolicyRow).columns).order_by(PolicyRow.position, PolicyRow.name)
    return rows.valid((await session.execute(wanted)).mappings(), _policy, PolicyRow.__tablename__)


async def save(session: AsyncSession, policy: EscalationPolicy) -> None:
    await upsert(session, PolicyRow, [asdict(policy)])


async def remove(session: AsyncSession, name: str) -> None:
    await session.execute(delete(PolicyRow).where(PolicyRow.name == name))
