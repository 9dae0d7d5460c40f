"""Adds to the outcomes of reports their ids, so that an outcome replaces the one that it names."""

from alembic import op

revision = "intake_0006"
down_revision = "intake_0005"


def upgrade() -> None:
    op.execute("ALTER TABLE receipts ADD COLUMN outcome_id uuid, ADD COLUMN replaces uuid")
