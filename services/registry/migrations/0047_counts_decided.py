"""Stores which of two differing counts people decided to be right, and to whom differing counts are assigned."""

from alembic import op

revision = "registry_0047"
down_revision = "registry_0046"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE count_decisions (
            decision_id uuid NOT NULL,
            account uuid NOT NULL,
            reason text NOT NULL,
            decided_at timestamptz NOT NULL,
            carried_out_at timestamptz,
            result text,
            report_id uuid NOT NULL,
            version integer NOT NULL,
            other_id uuid NOT NULL,
            other_version integer NOT NULL,
            is_reversed boolean NOT NULL,
            CONSTRAINT pk_count_decisions PRIMARY KEY (decision_id)
        )
    """)
    op.execute("CREATE INDEX ix_count_decisions_other_id ON count_decisions (other_id)")
    op.execute("""
        CREATE TABLE count_assignments (
            stock_id uuid NOT NULL,
            account uuid NOT NULL,
            assigned_by uuid NOT NULL,
            assigned_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_count_assignments PRIMARY KEY (stock_id)
        )
    """)
