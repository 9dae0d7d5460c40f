"""Stores requests of people who want to open a dead letter.

After a request, the worker stores the letter's content for a few minutes.
"""

from alembic import op

from shared.messaging.tables import create_letter_openings

revision = "console_0027"
down_revision = "console_0026"


def upgrade() -> None:
    create_letter_openings(op)
