"""Stores why a person refused a dead letter."""

from alembic import op

from shared.messaging.tables import add_refusal

revision = "registry_0046"
down_revision = "registry_0045"


def upgrade() -> None:
    add_refusal(op)
