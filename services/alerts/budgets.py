"""Each external system has an hourly budget of alerts. Alerts above the budget are withheld."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import transitions
from services.alerts.alerts import Alert
from services.alerts.changes import AlertChanges
from services.alerts.models import AlertRow, BudgetLift
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import locks
from services.alerts.queries.sources import SOURCE
from services.alerts.rules.findings import OVER_BUDGET, RANK, Finding, Nothing, RuleKind, Situation
from services.alerts.rules.hazard import OWN_SOURCE
from services.alerts.ruleset import Budget
from shared.country import COUNTRY
from shared.events import HazardReported
from shared.events.vocabulary import Severity, Status, SubmissionChannel
from shared.postgres import database
from shared.postgres.models import table
from shared.postgres.upsert import upsert

HOUR = timedelta(hours=1)
MOST_RELEASED = 1000
Spender = tuple[str, Status]

# People's reports have no budget, so only alerts from reports over the API are counted.
# raw SQL: these queries run for batches of a system's hazards and must be fast. The conditions must equal those of the
# index `ix_alerts_budgets`.
ALERTED = f"""
SELECT figures::json ->> 'source' AS source, alerts.status, count(*) FROM alerts JOIN hazards USING (hazard_id)
WHERE kind = 'hazard' AND NOT is_suppressed AND raised_at > $1 AND severity NOT IN ('Severe', 'Extreme')
    AND figures::json ->> 'source' = ANY($2) AND report::json ->> 'channel' = '{SubmissionChannel.API}'
GROUP BY 1, 2
"""  # noqa: S608 - constants
LIFTED = "SELECT source FROM budget_lifts WHERE lifted_until > $1 AND source = ANY($2)"


class Budgets:
    """`alert_ids` are the alerts about sources that exceeded their budgets."""

    def __init__(
        self,
        rule: Budget,
        now: datetime,
        *,
        raised: Mapping[Spender, int] | None = None,
        lifted: Collection[str] = (),
        alert_ids: Collection[UUID] = (),
    ) -> None:
        self._rule, self._now, self._lifted, self.alert_ids = rule, now, lifted, alert_ids
        self._raised = Counter[Spender](raised)

    def spend(
        self, hazard: HazardReported, finding: Finding | Nothing, alert_changes: AlertChanges
    ) -> Finding | Nothing:
        """If no budget is left, suppresses the finding and raises an alert about the source."""
        if isinstance(finding, Nothing) or not self._is_counted(hazard, finding):
            return finding
        if alert_changes.is_alerted(finding.situation):
            return finding
        spender = (hazard.source, hazard.status)
        if self._raised[spender] < self._rule.alerts_per_hour:
            self._raised[spender] += 1
            return finding
        alert_changes.apply(unusual(hazard, self._rule, self._now))
        return replace(finding, is_suppressed=True, suppression=OVER_BUDGET)

    def _is_counted(self, hazard: HazardReported, finding: Finding) -> bool:
        is_mild = RANK[finding.severity] <= RANK[Severity.MODERATE] and not finding.is_suppressed
        return is_mild and is_of_system(hazard) and hazard.source not in self._lifted


async def locked(session: AsyncSession, hazards: Iterable[HazardReported], rule: Budget, now: datetime) -> Budgets:
    """Lock the budgets before alerts are locked and read.

    Without this lock, two workers could both use the last alert of a budget. Without this lock, two workers could also
    raise two alerts about the source.
    """
    of_systems = [hazard for hazard in hazards if is_of_system(hazard)]
    if not of_systems:
        return Budgets(rule, now)
    sources = {hazard.source for hazard in of_systems}
    await lock(session, sources)
    connection = await database.driver(session)
    rows = await connection.fetch(ALERTED, now - HOUR, list(sources))
    raised = {(source, Status(status)): count for source, status, count in rows}
    at_most = Counter(raised) + Counter((hazard.source, hazard.status) for hazard in of_systems)
    over = [hazard for hazard in of_systems if at_most[hazard.source, hazard.status] > rule.alerts_per_hour]
    if not over:
        return Budgets(rule, now, raised=raised)
    lifted = {source for (source,) in await connection.fetch(LIFTED, now, list(sources))}
    alert_ids = {transitions.identity(unusual(hazard, rule, now).situation) for hazard in over}
    return Budgets(rule, now, raised=raised, lifted=lifted, alert_ids=alert_ids)


def is_of_system(hazard: HazardReported) -> bool:
    """Reports of people and of Dayar's own feeds have no budget."""
    return hazard.channel is SubmissionChannel.API and hazard.source != OWN_SOURCE


def unusual(hazard: HazardReported, rule: Budget, now: datetime) -> Finding:
    begun = now.replace(minute=0, second=0, microsecond=0)
    return Finding(
        situation=Situation(RuleKind.SOURCE, hazard.status, COUNTRY, f"{hazard.source}/{begun.isoformat()}"),
        rule="budget",
        reason=rule.reason,
        severity=Severity.MODERATE,
        onset=begun,
        is_suppressed=False,
        figures={"source": hazard.source, "budget": rule.alerts_per_hour},
    )


async def lock(session: AsyncSession, sources: Iterable[str]) -> None:
    await locks.lock(session, {("budget", source) for source in sources})


def withheld_with(hazard: HazardReported, finding: Finding, alert_changes: AlertChanges) -> Finding:
    """Suppresses an exposure finding if the alert of its hazard was withheld.

    The finding is not suppressed if its severity is above Moderate, or if its situation already has an alert.
    """
    is_mild = RANK[finding.severity] <= RANK[Severity.MODERATE] and not finding.is_suppressed
    if (
        is_mild
        and alert_changes.is_withheld(hazard.hazard_id, hazard.status)
        and not alert_changes.is_alerted(finding.situation)
    ):
        return replace(finding, is_suppressed=True, suppression=OVER_BUDGET)
    return finding


async def lift(session: AsyncSession, source: str, account: UUID, now: datetime) -> datetime:
    """Returns the end of the lifted hour.

    The budget stays locked until the caller commits. Until that commit, no other transaction can withhold an alert of
    the source.
    """
    await lock(session, [source])
    until = now + HOUR
    await session.execute(delete(BudgetLift).where(BudgetLift.lifted_until < now))
    await upsert(session, BudgetLift, [{"source": source, "lifted_until": until, "account_id": account}])
    return until


async def withheld(session: AsyncSession, source: str) -> list[Alert]:
    is_withheld = and_(AlertRow.kind == RuleKind.HAZARD, AlertRow.is_suppressed, AlertRow.reason == OVER_BUDGET)
    alerts = select(*table(AlertRow).columns).where(is_withheld, source == SOURCE)
    latest = alerts.order_by(AlertRow.changed_at.desc(), AlertRow.alert_id).limit(MOST_RELEASED)
    return alert_queries.readable((await session.execute(latest)).mappings())
