"""Adds the openings of dead letters: the content that the worker stores for a person for some minutes."""

from alembic import op

from shared.messaging.tables import create_letter_openings

revision = "intake_0013"
down_revision = "intake_0012"


def upgrade() -> None:
    create_letter_openings(op)
