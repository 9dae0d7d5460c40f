"""Stores why a person refused a dead letter."""

from alembic import op

from shared.messaging.tables import add_refusal

revision = "intake_0012"
down_revision = "intake_0011"


def upgrade() -> None:
    add_refusal(op)
