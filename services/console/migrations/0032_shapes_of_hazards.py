"""Stores the rings and circles of hazards for the map.

A hazard from before this migration has no shapes until its next revision. The previous release of Dayar ignores the
column.
"""

from alembic import op

revision = "console_0032"
down_revision = "console_0031"


def upgrade() -> None:
    op.execute("ALTER TABLE board_hazards ADD COLUMN shapes jsonb")
