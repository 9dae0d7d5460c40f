"""Stores which dead letters people asked to open.

For a few minutes, the worker stores the content of a dead letter that people asked to open.
"""

from alembic import op

from shared.messaging.tables import create_letter_openings

revision = "alerts_0050"
down_revision = "alerts_0049"


def upgrade() -> None:
    create_letter_openings(op)
