"""Adds the type of the magnitude, and the source's own intensities, to the hazards of the board."""

from alembic import op

revision = "console_0013"
down_revision = "console_0012"


def upgrade() -> None:
    op.execute("ALTER TABLE board_hazards ADD COLUMN magnitude_type text, ADD COLUMN shaking jsonb")
