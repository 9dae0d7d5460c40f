"""Adds silences. The previous release of Dayar ignores silences, and notifies people of silenced alerts."""

from alembic import op

revision = "alerts_0042"
down_revision = "alerts_0041"

SILENCES = """
CREATE TABLE silences (
    silence_id uuid NOT NULL,
    areas text[] NOT NULL,
    hazards text[] NOT NULL,
    is_severe_too boolean NOT NULL,
    account_id uuid NOT NULL,
    name text NOT NULL,
    reason text NOT NULL,
    created_at timestamptz NOT NULL,
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    CONSTRAINT pk_silences PRIMARY KEY (silence_id)
)
"""


def upgrade() -> None:
    op.execute(SILENCES)
    op.execute("CREATE INDEX ix_silences_ends_at ON silences (ends_at)")
    op.execute("ALTER TABLE alerts ADD COLUMN silenced_until timestamptz")
