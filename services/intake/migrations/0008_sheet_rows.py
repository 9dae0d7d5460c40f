"""Adds a table of the rows of lists that were sent as reports.

The table prevents two concurrent requests from sending the same row.
"""

from alembic import op

revision = "intake_0008"
down_revision = "intake_0007"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE sheet_rows (
            report_id uuid NOT NULL,
            author uuid NOT NULL,
            sent_at timestamptz NOT NULL,
            CONSTRAINT pk_sheet_rows PRIMARY KEY (report_id)
        )
    """)
    op.execute("""
        CREATE TABLE sheet_heads (
            head_id uuid NOT NULL,
            sender uuid NOT NULL,
            sent_at timestamptz NOT NULL,
            CONSTRAINT pk_sheet_heads PRIMARY KEY (head_id, sender)
        )
    """)
