"""Adds the tables that each consumer needs, and a table of outcomes."""

from alembic import op

from shared.messaging.tables import create_reader_tables

revision = "intake_0005"
down_revision = "intake_0004"

RECEIPTS = """
CREATE TABLE receipts (
    report_id uuid NOT NULL,
    author uuid NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL,
    outcome text NOT NULL,
    reason text,
    settled_at timestamptz NOT NULL,
    CONSTRAINT pk_receipts PRIMARY KEY (report_id, author, version)
)
"""


def upgrade() -> None:
    create_reader_tables(op)
    op.execute(RECEIPTS)
