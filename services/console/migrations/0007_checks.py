"""Adds a table for the results of the checks of backups, of the clock, and of the printable copy."""

from alembic import op

revision = "console_0007"
down_revision = "console_0006"

CHECKS = """
CREATE TABLE checks (
    name text NOT NULL,
    checked_at timestamptz NOT NULL,
    is_well boolean,
    figure double precision,
    due_at timestamptz,
    CONSTRAINT pk_checks PRIMARY KEY (name)
)
"""


def upgrade() -> None:
    op.execute(CHECKS)
