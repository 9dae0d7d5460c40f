"""Adds a table of the reports about displaced people that were followed by an alert."""

from alembic import op

revision = "intake_0014"
down_revision = "intake_0013"

STATEMENTS = (
    """
CREATE TABLE alerted_reports (
    report_id uuid NOT NULL,
    alerted_at timestamptz NOT NULL,
    CONSTRAINT pk_alerted_reports PRIMARY KEY (report_id)
)
""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
