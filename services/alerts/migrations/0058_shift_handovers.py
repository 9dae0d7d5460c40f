"""Stores the handovers between shifts. The previous release of Dayar ignores the new table."""

from alembic import op

revision = "alerts_0058"
down_revision = "alerts_0057"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE shift_handovers (
            handover_id uuid NOT NULL CONSTRAINT pk_shift_handovers PRIMARY KEY,
            handed_over_at timestamptz NOT NULL,
            from_account uuid NOT NULL,
            from_name text NOT NULL,
            to_account uuid NOT NULL,
            to_name text NOT NULL,
            areas text[] NOT NULL,
            sealed bytea NOT NULL
        )
    """)
    op.execute("CREATE INDEX ix_shift_handovers_areas_handed_over_at ON shift_handovers (areas, handed_over_at)")
