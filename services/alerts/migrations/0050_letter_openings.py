"""Stores which dead letters people asked to open.

After such a request, the worker stores the content of the dead letter for a few minutes.
"""

from alembic import op

from shared.messaging.tables import create_letter_openings

revision = "alerts_0050"
down_revision = "alerts_0049"


def upgrade() -> None:
    create_letter_openings(op)
