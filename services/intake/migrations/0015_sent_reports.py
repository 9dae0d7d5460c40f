"""Stores which reports the accounts of the desk sent, so that their authors can list them."""

from alembic import op

revision = "intake_0015"
down_revision = "intake_0014"

STATEMENTS = (
    """
CREATE TABLE sent_reports (
    author uuid NOT NULL,
    report_id uuid NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL,
    channel text NOT NULL,
    subject_id uuid,
    is_outside boolean NOT NULL,
    line integer,
    sent_at timestamptz NOT NULL,
    CONSTRAINT pk_sent_reports PRIMARY KEY (author, report_id)
)
""",
    "CREATE INDEX ix_receipts_author ON receipts (author)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
