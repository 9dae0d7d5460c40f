"""Stores to whom each question about an event is assigned."""

from alembic import op

revision = "registry_0053"
down_revision = "registry_0052"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE event_assignments (
            report_id uuid NOT NULL,
            account uuid NOT NULL,
            assigned_by uuid NOT NULL,
            assigned_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_event_assignments PRIMARY KEY (report_id)
        )
    """)
