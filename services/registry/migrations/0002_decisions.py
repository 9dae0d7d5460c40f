"""Adds decisions about held reports and dead letters."""

from alembic import op

from shared.messaging.tables import create_redrives

revision = "registry_0002"
down_revision = "registry_0001"

HELD_DECISIONS = """
CREATE TABLE held_decisions (
    decision_id uuid NOT NULL,
    account uuid NOT NULL,
    reason text NOT NULL,
    decided_at timestamptz NOT NULL,
    carried_out_at timestamptz,
    result text,
    outcome_id uuid NOT NULL,
    is_accepted boolean NOT NULL,
    CONSTRAINT pk_held_decisions PRIMARY KEY (decision_id)
)
"""


def upgrade() -> None:
    create_redrives(op)
    op.execute(HELD_DECISIONS)
    op.execute("CREATE INDEX ix_reports_held ON reports (received_at) WHERE outcome = 'held'")
    op.execute("ALTER TABLE reads ALTER token DROP NOT NULL")
