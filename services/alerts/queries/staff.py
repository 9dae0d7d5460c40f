"""Reads which receivers and rosters an escalation policy's steps can name."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.policies.staff import Staff
from services.alerts.queries import disabled_accounts as disabled_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.queries import rosters as roster_queries


async def staff(session: AsyncSession) -> Staff:
    people = {roster.name: roster.people for roster in await roster_queries.rosters(session)}
    # A roster that this release cannot read has a name but no people.
    rosters = {name: people.get(name, frozenset()) for name in await roster_queries.names(session)}
    return Staff(await receiver_queries.receivers(session), rosters, await disabled_queries.disabled(session))
