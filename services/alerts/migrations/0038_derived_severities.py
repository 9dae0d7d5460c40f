"""Stores with each alert whether Dayar computed its severity.

The previous release of Dayar leaves the new column false. The column is also false for a lapsed exposure alert, whose
severity may come from an earlier revision of the hazard.
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
