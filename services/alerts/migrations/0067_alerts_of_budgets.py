"""Indexes the alerts that use up the budgets of sources, because a query would read thousands of other alerts.

While the index is built, all writes to alerts wait, and no alert is raised. The index cannot be built concurrently,
because `migrate` runs all migrations in one transaction.
"""

from alembic import op

revision = "alerts_0067"
down_revision = "alerts_0066"


def upgrade() -> None:
    op.execute("""
        CREATE INDEX ix_alerts_budgets ON alerts (raised_at)
        WHERE kind = 'hazard' AND NOT is_suppressed AND severity NOT IN ('Severe', 'Extreme')
    """)
