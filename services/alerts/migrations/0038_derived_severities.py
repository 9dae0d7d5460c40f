"""Stores with each alert whether Dayar computed its severity. An earlier build ignores the column, which then is false.

The severity of a lapsed exposure alert may be that of an earlier revision, so it cannot be compared.
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
