"""Stores the sequence at which an alert became graver, and the state of the alert that the bot's question showed.

Adds an index that finds a person's open alerts: those assigned to the person, and those in progress. The previous
release of Dayar ignores the new columns.
"""

from alembic import op

revision = "alerts_0056"
down_revision = "alerts_0055"


def upgrade() -> None:
    op.execute("ALTER TABLE alerts ADD COLUMN demanded_sequence integer DEFAULT 0 NOT NULL")
    op.execute("ALTER TABLE telegram_questions ADD COLUMN sequence integer")
    op.execute(
        "CREATE INDEX ix_alerts_with_people ON alerts (alert_id)"
        " WHERE resolved_at IS NULL AND (assigned_to IS NOT NULL OR progressed_by IS NOT NULL)"
    )
