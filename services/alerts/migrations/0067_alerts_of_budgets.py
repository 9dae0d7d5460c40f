"""Indexes the alerts that count for the budgets of sources, because a query would otherwise read thousands of alerts.

While the index is built, writes to alerts wait, and no alert can be raised. `migrate` runs all migrations in one
transaction, so the index cannot be built concurrently.
"""

from alembic import op

revision = "alerts_0067"
down_revision = "alerts_0066"


def upgrade() -> None:
    op.execute("""
        CREATE INDEX ix_alerts_budgets ON alerts (raised_at)
        WHERE kind = 'hazard' AND NOT is_suppressed AND severity NOT IN ('Severe', 'Extreme')
    """)
