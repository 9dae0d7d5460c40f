"""Stores people's decisions whether two typed names mean the same place."""

from alembic import op

revision = "registry_0042"
down_revision = "registry_0041"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE place_decisions (
            decision_id uuid NOT NULL,
            account uuid NOT NULL,
            reason text NOT NULL,
            decided_at timestamptz NOT NULL,
            carried_out_at timestamptz,
            result text,
            unit text NOT NULL,
            name text NOT NULL,
            other_unit text NOT NULL,
            other_name text NOT NULL,
            district text NOT NULL,
            label text NOT NULL,
            other_label text NOT NULL,
            answer text NOT NULL,
            CONSTRAINT pk_place_decisions PRIMARY KEY (decision_id)
        )
    """)
