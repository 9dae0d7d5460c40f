"""Adds to the board's hazards the type of the magnitude, and the intensities that the source reports."""

from alembic import op

revision = "console_0013"
down_revision = "console_0012"


def upgrade() -> None:
    op.execute("ALTER TABLE board_hazards ADD COLUMN magnitude_type text, ADD COLUMN shaking jsonb")
