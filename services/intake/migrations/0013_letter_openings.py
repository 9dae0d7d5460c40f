"""Stores people's requests to open a dead letter.

After a request, the worker stores the content of the dead letter for a few minutes.
"""

from alembic import op

from shared.messaging.tables import create_letter_openings

revision = "intake_0013"
down_revision = "intake_0012"


def upgrade() -> None:
    create_letter_openings(op)
