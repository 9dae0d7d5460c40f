"""Adds the openings of dead letters: the content that the worker stores for a person for some minutes."""

from alembic import op

from shared.messaging.tables import create_letter_openings

revision = "console_0027"
down_revision = "console_0026"


def upgrade() -> None:
    create_letter_openings(op)
