"""Adds to the board's counts two codes: the settlement where the people are now, and the settlement they left."""

from alembic import op

revision = "console_0022"
down_revision = "console_0021"


def upgrade() -> None:
    for column in ("origin_locality_pcode", "destination_locality_pcode"):
        op.execute(f"ALTER TABLE board_groups ADD COLUMN {column} text")
