"""Adds the table of recent hazards, which intake proposes as the reason why people left."""

from alembic import op

revision = "intake_0011"
down_revision = "intake_0010"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE recent_hazards (
            hazard_id uuid NOT NULL,
            revision bigint NOT NULL,
            status text NOT NULL,
            scope text NOT NULL,
            type text NOT NULL,
            severity text NOT NULL,
            areas text[] NOT NULL,
            onset timestamptz NOT NULL,
            is_cancelled boolean NOT NULL,
            noted_at timestamptz NOT NULL,
            CONSTRAINT pk_recent_hazards PRIMARY KEY (hazard_id)
        )
    """)
    op.execute("CREATE INDEX ix_recent_hazards_areas ON recent_hazards USING gin (areas)")
