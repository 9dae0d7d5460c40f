"""Stores the reason why a person refused a dead letter."""

from alembic import op

from shared.messaging.tables import add_refusal

revision = "alerts_0039"
down_revision = "alerts_0038"


def upgrade() -> None:
    add_refusal(op)
