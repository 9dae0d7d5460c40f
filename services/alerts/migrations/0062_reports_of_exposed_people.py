"""Stores the report of each household. Stores the reports whose authors learn of an exposure alert.

The previous release of Dayar ignores the new column and table. If the previous release of Dayar stored a household, the
household has no report until its next event.
"""

from alembic import op

revision = "alerts_0062"
down_revision = "alerts_0061"

STATEMENTS = (
    "ALTER TABLE households ADD COLUMN report_id uuid",
    """
CREATE TABLE alerted_reports (
    status text NOT NULL,
    report_id uuid NOT NULL,
    noted_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT pk_alerted_reports PRIMARY KEY (status, report_id)
)
""",
    "CREATE INDEX ix_alerted_reports_noted_at ON alerted_reports (noted_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
