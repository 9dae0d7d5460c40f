"""Adds to each count on the board the codes of the settlements from which the people came and where they are now."""

from alembic import op

revision = "console_0022"
down_revision = "console_0021"


def upgrade() -> None:
    for column in ("origin_locality_pcode", "destination_locality_pcode"):
        op.execute(f"ALTER TABLE board_groups ADD COLUMN {column} text")
