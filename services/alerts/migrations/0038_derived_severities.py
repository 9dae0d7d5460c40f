"""Stores for each alert whether Dayar computed the severity.

The previous release of Dayar always stores false. For a lapsed exposure alert the new column stays false, because the
alert's severity may come from an earlier revision of the hazard.
"""

from alembic import op

revision = "alerts_0038"
down_revision = "alerts_0037"


def upgrade() -> None:
    op.execute("ALTER TABLE alerts ADD COLUMN severity_is_derived boolean DEFAULT false NOT NULL")
    op.execute("""
        UPDATE alerts SET severity_is_derived = true
        FROM hazards
        WHERE hazards.hazard_id = alerts.hazard_id
            AND (rule IN ('quake', 'unjudged') OR rule = 'exposure' AND NOT is_lapsed)
            AND severity <> coalesce(report::json ->> 'severity', 'Unknown')
    """)
