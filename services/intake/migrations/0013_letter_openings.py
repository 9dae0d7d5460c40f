"""Adds a table of requests to read a dead letter.

The worker answers a request by storing the content of the dead letter in the row, for some minutes.
"""

from alembic import op

from shared.messaging.tables import create_letter_openings

revision = "intake_0013"
down_revision = "intake_0012"


def upgrade() -> None:
    create_letter_openings(op)
