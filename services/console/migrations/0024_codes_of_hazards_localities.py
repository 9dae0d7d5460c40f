"""Adds to hazards and releases the code of the settlement where the hazard is."""

from alembic import op

revision = "console_0024"
down_revision = "console_0023"


def upgrade() -> None:
    for table in ("board_hazards", "board_releases"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN locality_pcode text")
