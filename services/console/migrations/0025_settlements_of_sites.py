"""Adds to the board's sites the code of the settlement where each site is."""

from alembic import op

revision = "console_0025"
down_revision = "console_0024"


def upgrade() -> None:
    op.execute("ALTER TABLE board_sites ADD COLUMN locality text, ADD COLUMN locality_pcode text")
