"""Stores the id of each outcome. With this id, a later outcome can name the outcome to replace."""

from alembic import op

revision = "intake_0006"
down_revision = "intake_0005"


def upgrade() -> None:
    op.execute("ALTER TABLE receipts ADD COLUMN outcome_id uuid, ADD COLUMN replaces uuid")
