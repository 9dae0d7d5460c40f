"""Stores which held reports were accepted as reports about a known household, and which acceptances were reversed."""

from alembic import op

revision = "registry_0054"
down_revision = "registry_0053"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE adoptions (
            decision_id uuid NOT NULL,
            household_id uuid NOT NULL,
            report_id uuid NOT NULL,
            version integer NOT NULL,
            author uuid NOT NULL,
            former_reason text NOT NULL,
            replaced_id uuid,
            replaced_version integer,
            CONSTRAINT pk_adoptions PRIMARY KEY (decision_id)
        )
    """)
    op.execute("CREATE INDEX ix_adoptions_report_id ON adoptions (report_id)")
    op.execute("""
        CREATE TABLE adoption_reversals (
            decision_id uuid NOT NULL,
            account uuid NOT NULL,
            reason text NOT NULL,
            decided_at timestamptz NOT NULL,
            carried_out_at timestamptz,
            result text,
            adoption_id uuid NOT NULL,
            CONSTRAINT pk_adoption_reversals PRIMARY KEY (decision_id)
        )
    """)
    op.execute("""
        CREATE UNIQUE INDEX uq_adoption_reversals_open ON adoption_reversals (adoption_id)
        WHERE carried_out_at IS NULL
    """)
