"""Stores why a person refused a dead letter."""

from alembic import op

from shared.messaging.tables import add_refusal

revision = "console_0026"
down_revision = "console_0025"


def upgrade() -> None:
    add_refusal(op)
