"""Adds the log of telephone calls. The previous release of Dayar shows a call as an action without text."""

from alembic import op

revision = "alerts_0048"
down_revision = "alerts_0047"

CALLS = """
CREATE TABLE calls (
    alert_id uuid NOT NULL,
    sequence integer NOT NULL,
    number_id uuid,
    result text NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT pk_calls PRIMARY KEY (alert_id, sequence)
)
"""


def upgrade() -> None:
    op.execute(CALLS)
