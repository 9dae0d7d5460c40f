"""Stores which Extreme alert inhibits an alert. Stores which alert or silence mutes a notification.

The previous release of Dayar ignores inhibitions, and notifies receivers of inhibited alerts at once.
"""

from alembic import op

revision = "alerts_0046"
down_revision = "alerts_0045"


def upgrade() -> None:
    op.execute("ALTER TABLE alerts ADD COLUMN inhibited_by uuid")
    op.execute("ALTER TABLE notification_omissions ADD COLUMN muted_by uuid")
    op.execute("""
        CREATE INDEX ix_alerts_inhibitors ON alerts (raised_at)
        WHERE severity = 'Extreme' AND NOT is_lapsed AND NOT is_suppressed AND resolved_at IS NULL
    """)
