"""Renames the column `road` to `channel`: how a person signed in, and how a hazard came."""

from alembic import op

revision = "console_0011"
down_revision = "console_0010"


def upgrade() -> None:
    op.alter_column("sign_ins", "road", new_column_name="channel")
    op.alter_column("board_hazards", "road", new_column_name="channel")
