"""Renames the column `road` to `channel`. The column says how a person signed in, or how a hazard arrived."""

from alembic import op

revision = "console_0011"
down_revision = "console_0010"


def upgrade() -> None:
    op.alter_column("sign_ins", "road", new_column_name="channel")
    op.alter_column("board_hazards", "road", new_column_name="channel")
