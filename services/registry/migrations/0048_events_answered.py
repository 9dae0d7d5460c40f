"""Stores people's answers to the question whether households left because of a certain event."""

from alembic import op

revision = "registry_0048"
down_revision = "registry_0047"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE event_answers (
            decision_id uuid NOT NULL,
            account uuid NOT NULL,
            reason text NOT NULL,
            decided_at timestamptz NOT NULL,
            carried_out_at timestamptz,
            result text,
            household_id uuid NOT NULL,
            report_id uuid NOT NULL,
            origin_pcode text NOT NULL,
            occurred_at timestamptz NOT NULL,
            answer text NOT NULL,
            hazard_id uuid,
            hazard_type text,
            CONSTRAINT pk_event_answers PRIMARY KEY (decision_id)
        )
    """)
    op.execute("CREATE INDEX ix_event_answers_household_id ON event_answers (household_id)")
