"""Stores the scope of the hazard with each alert. The previous release of Dayar leaves the new column empty."""

from alembic import op

revision = "alerts_0024"
down_revision = "alerts_0023"


def upgrade() -> None:
    op.execute("ALTER TABLE alerts ADD COLUMN hazard_scope text")
    op.execute("""
        UPDATE alerts SET hazard_scope = coalesce(report::json ->> 'scope', 'Public')
        FROM hazards WHERE hazards.hazard_id = alerts.hazard_id
    """)
