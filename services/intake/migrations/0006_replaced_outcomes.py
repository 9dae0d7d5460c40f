"""Stores the id of each outcome. A later outcome can then name the outcome that it replaces."""

from alembic import op

revision = "intake_0006"
down_revision = "intake_0005"


def upgrade() -> None:
    op.execute("ALTER TABLE receipts ADD COLUMN outcome_id uuid, ADD COLUMN replaces uuid")
